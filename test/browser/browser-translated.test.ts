import { expect, test } from '@jest/globals';
import type { BrowserContext, Page } from 'playwright-core';
import { describeInBrowser, screens } from '../support/browser.js';
import { newOwner, PASSWORD } from '../support/handset.js';
import { enterPassword, promptedCode, signedIn, typeCode } from '../support/pages.js';

/** Does to a page what a browser's translation does: whatever text there is or comes is put into elements of its own. */
const translation = `{
  const wrap = (text) => {
    if (text.parentElement?.closest('font, script, style, title, textarea') || text.data === '' || !text.isConnected) return;
    const outer = document.createElement('font');
    const inner = document.createElement('font');
    text.replaceWith(outer);
    outer.append(inner);
    inner.append(text.data);
  };
  const wrapAll = () => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (texts.nextNode()) found.push(texts.currentNode);
    for (const text of found) wrap(text);
  };
  addEventListener('DOMContentLoaded', () => {
    wrapAll();
    new MutationObserver(wrapAll).observe(document.body, { childList: true, subtree: true, characterData: true });
  });
}`;

describeInBrowser('a page that the browser translates', { count: 2 }, (site) => {
  async function open(screen: keyof typeof screens, nth = 0): Promise<Page> {
    const device: BrowserContext = await site.browser.device(screens[screen]);
    await device.addInitScript(translation);
    const page = await device.newPage();
    await page.goto(site.servers.client(nth).url);
    return page;
  }
  /** That it is translated, and in one piece. */
  const whole = async (page: Page) => {
    expect(await page.locator('h1 font').count()).toBeGreaterThan(0);
    expect(await page.getByText('This page didn’t load').count()).toBe(0);
  };

  /** A translated phone that its account trusts. */
  async function trustedPhone() {
    const handset = await site.servers.trusted();
    const phone = await open('phone');
    await enterPassword(phone, handset.owner);
    await phone.getByLabel(/^Code/).waitFor();
    await typeCode(phone, (await handset.viewer())?.loginRequests[0]?.code ?? '');
    await signedIn(phone);
    return { handset, phone };
  }

  test('lets somebody sign up and turn two-step verification on', async () => {
    const owner = newOwner();
    const phone = await open('phone');
    await phone.getByRole('link', { name: 'Create an account' }).click();
    await phone.getByRole('button', { name: 'Create account' }).click();
    await phone.getByText('Enter your email address.').waitFor();
    await phone.getByLabel('Email address').fill(owner.email);
    await phone.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await phone.getByRole('button', { name: 'Create account' }).click();
    await phone.getByLabel(/^Code/).waitFor();
    await typeCode(phone, '00000000');
    await phone.getByText('You have 4 attempts left.').waitFor();
    await whole(phone);
    await typeCode(phone, await site.servers.mailbox.code(owner.email));
    await signedIn(phone);
    await phone.getByRole('button', { name: 'Turn on two-step verification' }).click();
    await phone.getByRole('button', { name: 'Send code' }).click();
    await phone
      .getByRole('dialog')
      .getByText(/^Email sent at/)
      .waitFor();
    await typeCode(phone, await site.servers.mailbox.code(owner.email));
    await phone.getByRole('button', { name: 'Done' }).click();
    await phone.getByText('It appears on your trusted devices').waitFor();
  });

  test('says what becomes of a code while it waits, and the phone how it ended', async () => {
    const { handset, phone } = await trustedPhone();
    const laptop = await open('laptop', 1);
    await enterPassword(laptop, handset.owner);
    await laptop.getByText('Shown on 1 device').waitFor();
    await laptop.getByText('Didn’t get a code?').click();
    await laptop.getByRole('button', { name: 'Create report' }).click();
    await laptop.getByRole('button', { name: 'Copy report' }).waitFor();
    await laptop.getByRole('button', { name: 'Email me a code instead' }).click();
    await laptop.getByText(/^Email sent at/).waitFor();
    await typeCode(laptop, '000000');
    await laptop.getByText('You have 4 attempts left.').waitFor();
    await whole(laptop);
    const code = await promptedCode(phone);
    await phone.getByRole('button', { name: 'Hide for now' }).click();
    await phone.getByRole('button', { name: '1 sign-in is waiting for a code' }).click();
    expect(await promptedCode(phone)).toBe(code);
    await typeCode(laptop, code);
    await signedIn(laptop);
    await phone.getByText('“Chrome on Linux” is signed in.').waitFor();
  });

  test('shows each page of an account, in another language, and without a network for a while', async () => {
    const { owner } = await site.servers.signedUp();
    const page = await open('laptop');
    await enterPassword(page, owner);
    await signedIn(page);
    for (const [name, part] of [
      ['Devices', 'This device'],
      ['Password', 'Change your password'],
      ['Help', 'Create report'],
      ['Overview', 'Manage your account'],
      ['Activity', 'Signed in on Chrome on Linux'],
    ] as const) {
      await page.getByRole('navigation').getByRole('link', { name }).click();
      await page.getByText(part).first().waitFor();
      await whole(page);
    }
    for (const filter of ['Changes', 'Blocked', 'Sign-ins', 'All']) {
      await page.getByRole('radio', { name: filter }).click();
    }
    await page.getByText('Signed in on Chrome on Linux').first().waitFor();
    await page.getByLabel('Language').selectOption('de');
    await page.locator('html[lang=de]').waitFor();
    await page.getByLabel('Sprache').selectOption('en');
    await page.context().setOffline(true);
    await page.getByText('You’re offline.', { exact: true }).waitFor();
    await page.context().setOffline(false);
    await page.getByText('You’re offline.', { exact: true }).waitFor({ state: 'detached' });
    await whole(page);
  });

  test('shows a refusal on both sides, and takes a new password', async () => {
    const { handset, phone } = await trustedPhone();
    const laptop = await open('laptop', 1);
    await enterPassword(laptop, handset.owner);
    await phone.getByRole('button', { name: 'This was not me' }).click();
    await phone.getByRole('alertdialog', { name: 'Sign-in blocked' }).waitFor();
    await laptop.getByText('Blocked on a trusted device').waitFor();
    await laptop.getByRole('button', { name: 'Start again' }).click();
    await laptop.getByRole('link', { name: 'Forgot your password?' }).click();
    await laptop.getByLabel('Email address').fill(handset.owner.email);
    await laptop.getByRole('button', { name: 'Send code' }).click();
    await laptop.getByLabel(/^Code/).fill('00000000');
    await laptop.getByLabel('New password').fill('velvet-harbour-57-kettle');
    await laptop.getByText('Very strong', { exact: true }).waitFor();
    await laptop.getByRole('button', { name: 'Set new password' }).click();
    await laptop.getByText('You have 4 attempts left.').waitFor();
    await whole(laptop);
  });

  test('keeps its times and counts going', async () => {
    const { owner } = await site.servers.trusted();
    const page = await open('laptop');
    await enterPassword(page, owner);
    const left = page.getByText('Expires in').locator('xpath=ancestor::p');
    const before = await left.textContent();
    await page.locator('p', { hasText: /Expires in (?!10:00)/ }).waitFor();
    expect(before).toMatch(/Expires in \d+:\d\d/);
    expect(await left.textContent()).toMatch(/^Expires in \d+:\d\d$/);
  });
});
