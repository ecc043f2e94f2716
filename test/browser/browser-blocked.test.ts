import { test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { describeInBrowser, openWithoutCookies } from '../support/browser.js';
import { newOwner, PASSWORD } from '../support/handset.js';
import { enterPassword, signedIn, typeCode } from '../support/pages.js';

/** What of a browser a page may not have, as a script that takes it away. */
const blocked: [string, string][] = [
  [
    'throws at the storage',
    `for (const name of ['localStorage', 'sessionStorage', 'indexedDB']) {
      Object.defineProperty(window, name, { get() { throw new DOMException('blocked', 'SecurityError'); } });
    }`,
  ],
  [
    'has no storage and tells no other tabs',
    `for (const name of ['localStorage', 'sessionStorage', 'indexedDB', 'BroadcastChannel']) {
      Object.defineProperty(window, name, { value: undefined });
    }`,
  ],
  [
    'has a full storage',
    `Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };`,
  ],
  [
    'is older than user activation and clipboards',
    `for (const name of ['userActivation', 'clipboard']) Object.defineProperty(navigator, name, { value: undefined });`,
  ],
];

describeInBrowser('in a browser', {}, (site) => {
  async function openWithout(script: string): Promise<Page> {
    const device = await site.browser.device();
    await device.addInitScript(script);
    const page = await device.newPage();
    await page.goto(site.servers.client().url);
    return page;
  }

  test.each(blocked)('that %s, somebody signs up, chooses a language, and goes Back and on', async (_name, script) => {
    const { email } = newOwner();
    const page = await openWithout(script);
    await page.getByLabel('Language').selectOption('de');
    await page.getByRole('heading', { name: 'Anmelden' }).waitFor();
    await page.getByLabel('Sprache').selectOption('en');
    await page.getByRole('link', { name: 'Create an account' }).click();
    await page.getByLabel('Email address').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByLabel(/^Code/).waitFor();
    await typeCode(page, await site.servers.mailbox.code(email));
    await signedIn(page);
    for (const name of ['Devices', 'Activity', 'Password', 'Help', 'Overview']) {
      await page.getByRole('navigation').getByRole('link', { name }).click();
      await page.getByRole('heading', { level: 1 }).waitFor();
    }
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  test('whose owner has turned cookies off, every page is there, and those that sign in say what they need', async () => {
    const page = await openWithoutCookies(site.servers.client().url);
    try {
      await page.getByText('Turn on cookies to sign in').waitFor();
      await page.getByRole('link', { name: 'Create an account' }).click();
      await page.getByRole('heading', { name: 'Create your account' }).waitFor();
      await page.getByText('Turn on cookies to sign in').waitFor();
      await page.getByRole('link', { name: 'About two-step verification' }).click();
      await page.getByRole('heading', { name: 'About two-step verification' }).waitFor();
      // A password can be reset from anywhere: it signs nobody in.
      const { owner } = await site.servers.signedUp();
      await page.goto(`${site.servers.client().url}/reset-password`);
      await page.getByLabel('Email address').fill(owner.email);
      await page.getByRole('button', { name: 'Send code' }).click();
      await page.getByLabel(/^Code/).fill(await site.servers.mailbox.code(owner.email));
      await page.getByLabel('New password').fill('velvet-harbour-57-kettle');
      await page.getByRole('button', { name: 'Set new password' }).click();
      await page.getByText('Your password has been reset').waitFor();
      await page.goto(`${site.servers.client().url}/account`);
      await page.getByText('Turn on cookies to sign in').waitFor();
    } finally {
      await page.context().close();
    }
  });

  test('that keeps no cookie, whoever signs in is told what is missing', async () => {
    const { owner } = await site.servers.signedUp();
    const page = await openWithout('');
    await page.route('**/graphql', async (route) => {
      const response = await route.fetch();
      const headers = Object.entries(response.headers()).filter(([name]) => name !== 'set-cookie');
      await page.context().clearCookies();
      await route.fulfill({ response, headers: Object.fromEntries(headers) });
    });
    await enterPassword(page, owner);
    await page.getByText('Turn on cookies to sign in').waitFor();
  });
});
