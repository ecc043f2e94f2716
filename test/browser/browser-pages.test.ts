import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { locales } from '../../src/texts/texts.js';
import { accessibilityFaults, describeInBrowser, screens } from '../support/browser.js';
import { enterPassword, signedIn } from '../support/pages.js';

/** The narrowest screen on which nothing may scroll sideways: WCAG 2.2, 1.4.10. */
const narrow = { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true };

const doorPages = ['/', '/sign-up', '/reset-password', '/about'];
const accountPages = ['/account', ...['devices', 'activity', 'password', 'support'].map((name) => `/account/${name}`)];

describeInBrowser('in a browser,', {}, (site) => {
  /** Of somebody who is signed in. */
  let account: Page;
  beforeAll(async () => {
    account = await (await site.browser.device(narrow)).newPage();
    await open(account, '/');
    await enterPassword(account, (await site.servers.signedUp()).owner);
    await signedIn(account);
  });

  const open = async (page: Page, path: string) => {
    await page.goto(`${site.servers.client().url}${path}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
  };

  test.each(locales)('no page before the door is wider than a narrow screen, in %s', async (locale) => {
    const page = await (await site.browser.device({ ...narrow, locale })).newPage();
    for (const path of doorPages) {
      await open(page, path);
      expect(await page.evaluate('[document.documentElement.lang, document.documentElement.scrollWidth]')).toEqual([
        locale,
        narrow.viewport.width,
      ]);
    }
  });

  describe.each(locales)('of somebody who is signed in, in %s,', (locale) => {
    beforeAll(async () => {
      await account.setViewportSize(narrow.viewport);
      await open(account, '/account');
      await account.getByRole('combobox').selectOption(locale);
      await account.locator(`html[lang=${locale}]`).waitFor();
    });

    test('no page is wider than a narrow screen', async () => {
      // The address too is whole.
      expect(
        await account.evaluate(
          '(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector("[class*=email]"))',
        ),
      ).toBe(0);
      for (const path of accountPages) {
        await open(account, path);
        await account.locator('[class*=waiting]').first().waitFor({ state: 'detached' });
        expect([path, await account.evaluate('document.documentElement.scrollWidth')]).toEqual([
          path,
          narrow.viewport.width,
        ]);
      }
    });

    test('every page is in sight on a phone', async () => {
      await account.setViewportSize(screens.phone.viewport);
      await open(account, '/account');
      const links = account.getByRole('navigation').getByRole('link');
      await links.first().waitFor();
      expect(await links.count()).toBe(accountPages.length);
      for (const link of await links.all()) {
        const { x = -1, y = -1, width = 0 } = (await link.boundingBox()) ?? {};
        expect([x >= 0, x + width <= screens.phone.viewport.width, y < 300]).toEqual([true, true, true]);
      }
    });
  });

  test.each(locales)('the page to sign in needs no scrolling on a laptop, in %s', async (locale) => {
    const page = await (await site.browser.device({ viewport: { width: 1280, height: 720 }, locale })).newPage();
    await open(page, '/');
    expect(await page.evaluate('[document.documentElement.lang, document.documentElement.scrollHeight]')).toEqual([
      locale,
      720,
    ]);
  });

  test.each([
    ['light', 'phone'],
    ['light', 'laptop'],
    ['dark', 'phone'],
    ['dark', 'laptop'],
  ] as const)('axe-core finds nothing before the door, in %s on a %s', async (colorScheme, screen) => {
    const page = await (await site.browser.device({ ...screens[screen], colorScheme })).newPage();
    for (const path of doorPages) {
      await open(page, path);
      expect([path, await accessibilityFaults(page)]).toEqual([path, []]);
    }
  });

  test('the language that was chosen stays, and the server answers in it', async () => {
    const page = await (await site.browser.device()).newPage();
    await open(page, '/');
    await page.getByLabel('Language').selectOption('Deutsch');
    await page.getByRole('heading', { name: 'Anmelden' }).waitFor();
    await page.reload();
    await page.getByLabel('E-Mail-Adresse').fill('nobody@example.com');
    await page.getByLabel('Passwort', { exact: true }).fill('not the password');
    await page.getByRole('button', { name: 'Anmelden' }).click();
    await page.getByText('Die E-Mail-Adresse oder das Passwort ist falsch.').waitFor();
  });

  test('a page of which a part cannot be fetched says so, and is whole when it is loaded again', async () => {
    const { owner } = await site.servers.signedUp();
    const page = await (await site.browser.device()).newPage();
    // As after an update of the server, which has other files now.
    await page.route('**/assets/account-*.js', (route) => route.fulfill({ status: 404 }));
    await open(page, '/');
    await enterPassword(page, owner);
    await page.getByText('This page didn’t load').waitFor();
    await page.unroute('**/assets/account-*.js');
    await page.getByRole('button', { name: 'Reload' }).click();
    await page.getByRole('heading', { level: 1 }).waitFor();
    expect(page.url()).toMatch(/\/account$/);
  });

  test('a page that cannot be fetched leaves the others in reach, and comes by itself once there is a network', async () => {
    const { owner } = await site.servers.signedUp();
    const page = await (await site.browser.device()).newPage();
    let isAway = true;
    await page.route('**/assets/activity-*', (route) => (isAway ? route.abort() : route.continue()));
    await open(page, '/');
    await enterPassword(page, owner);
    await signedIn(page);
    await page.context().setOffline(true);
    await page.getByText('You’re offline.').waitFor();
    const go = (name: string) => page.getByRole('navigation').getByRole('link', { name }).click();
    await go('Activity');
    await page.getByText('This page didn’t load').waitFor();
    await go('Password');
    await page.getByRole('heading', { name: 'Password', level: 1 }).waitFor();
    await go('Activity');
    await page.getByText('This page didn’t load').waitFor();
    isAway = false;
    await page.context().setOffline(false);
    await page.getByRole('heading', { name: 'Activity', level: 1 }).waitFor();
    await page.getByText('Signed in on Chrome on Linux').waitFor();
  });
});
