import { describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { describeInBrowser } from '../support/browser.js';
import { enterPassword, promptedCode, signedIn, typeCode, visit } from '../support/pages.js';

// On a host that it shares, below a path of its own: whether or not the proxy in front takes the path off.

describeInBrowser('a server below a path', { env: { BASE_PATH: '/auth/pages' } }, (site) => {
  const pathOf = (page: Page) => new URL(page.url()).pathname;
  /** What a page asked for, but for what it does so below the path. */
  function strays(page: Page): string[] {
    const found: string[] = [];
    const note = (url: string) => {
      const { protocol, pathname } = new URL(url);
      if (protocol !== 'data:' && !/^\/auth\/pages(\/|$)/.test(pathname)) found.push(url);
    };
    page.on('request', (request) => note(request.url()));
    page.on('websocket', (socket) => note(socket.url()));
    return found;
  }

  test('signs somebody in, shows live codes, and asks for nothing elsewhere', async () => {
    const owner = await site.servers.trusted();
    const phone = await visit(site, { screen: 'phone' });
    const found = strays(phone);
    await phone.reload();
    const manifest = await phone.evaluate<string>('document.querySelector("link[rel=manifest]").href');
    expect(new URL(manifest).pathname).toBe('/auth/pages/manifest.webmanifest');
    await enterPassword(phone, owner.owner);
    await phone.getByLabel(/^Code/).waitFor();
    await phone.reload();
    await phone.getByLabel(/^Code/).waitFor();
    expect(pathOf(phone)).toMatch(/^\/auth\/pages\/?$/);
    await typeCode(phone, (await owner.viewer())?.loginRequests[0]?.code ?? '');
    await signedIn(phone);
    expect(pathOf(phone)).toBe('/auth/pages/account');
    await phone
      .getByRole('link', { name: /Devices/ })
      .first()
      .click();
    await phone.getByRole('heading', { level: 1, name: 'Devices' }).waitFor();
    expect(pathOf(phone)).toBe('/auth/pages/account/devices');
    await phone.reload();
    await phone.getByRole('heading', { level: 1, name: 'Devices' }).waitFor();
    await phone.getByLabel('Language').selectOption('de');
    await phone.getByRole('heading', { level: 1, name: 'Geräte' }).waitFor();
    await phone.getByLabel('Sprache').selectOption('en');

    expect(await phone.evaluate('navigator.serviceWorker.ready.then(({ scope }) => scope)')).toBe(
      `${site.servers.client().url}/`,
    );
    // Until its worker is there, nobody answers without a network.
    await phone.evaluate('navigator.serviceWorker.ready.then(() => null)');
    await phone.context().setOffline(true);
    await phone.reload();
    await phone.getByRole('heading', { level: 1, name: 'You’re offline' }).waitFor();
    await phone.context().setOffline(false);
    await phone.getByRole('heading', { level: 1, name: 'Devices' }).waitFor();

    const laptop = await visit(site);
    await enterPassword(laptop, owner.owner);
    await typeCode(laptop, await promptedCode(phone));
    await signedIn(laptop);
    const cookies = await laptop.context().cookies();
    expect(cookies.map(({ path }) => path)).toEqual(cookies.map(() => '/'));
    await laptop.getByRole('button', { name: 'Sign out', exact: true }).click();
    await laptop.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    expect(pathOf(laptop)).toMatch(/^\/auth\/pages\/?$/);
    expect(found).toEqual([]);
  });

  test('lets somebody land on the page that was asked for, and shows that a page is none', async () => {
    const { owner } = await site.servers.signedUp();
    const page = await visit(site);
    await page.goto(`${site.servers.client().url}/account/activity`);
    await enterPassword(page, owner);
    await page.getByRole('heading', { level: 1, name: 'Sign-in activity' }).waitFor();
    await page.goto(`${site.servers.client().url}/nowhere`);
    await page.getByRole('link', { name: 'Go to the home page' }).click();
    await signedIn(page);
  });

  describe('has what developers look at', () => {
    test('the inbox', async () => {
      const page = await visit(site);
      const found = strays(page);
      await page.getByRole('link', { name: 'Inbox' }).click();
      await page.waitForURL('**/auth/pages/inbox');
      const { owner } = await site.servers.signedUp();
      await page.getByText('Live', { exact: true }).waitFor();
      await page.getByRole('link', { name: new RegExp(`sign-up.*${owner.email}`) }).click();
      await page.getByRole('tab', { name: 'Source' }).click();
      await page.getByRole('tabpanel', { name: 'Source' }).getByText('Message-ID:').waitFor();
      await page.getByRole('link', { name: 'Doorstep', exact: true }).click();
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      expect(found).toEqual([]);
    });

    test('the playground', async () => {
      const page = await visit(site);
      const found = strays(page);
      await page.getByRole('link', { name: 'API playground' }).click();
      await page.waitForURL('**/auth/pages/playground');
      await page.locator('.graphiql-container').first().waitFor();
      expect(found).toEqual([]);
    });
  });

  test('answers below its path and without it, as a proxy that takes it off asks', async () => {
    const { url } = site.servers.client();
    const bare = url.replace('/auth/pages', '');
    for (const path of ['/', '/account', '/livez', '/readyz', '/inbox', '/playground']) {
      expect([path, (await fetch(url + path)).status, (await fetch(bare + path)).status]).toEqual([path, 200, 200]);
    }
    const html = await (await fetch(bare)).text();
    expect(html).toContain('<meta name="base-path" content="/auth/pages" />');
    expect(html).not.toMatch(/"\.?\/assets\//);
    const changing = await fetch(`${url}/.well-known/change-password`, { redirect: 'manual' });
    expect(changing.headers.get('location')).toBe('/auth/pages/account/password');
    expect((await fetch(`${bare}/auth/pagesX`)).status).toBe(404);
  });
});
