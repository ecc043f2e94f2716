import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { accessibilityFaults, describeInBrowser } from '../support/browser.js';
import { type HandedOver, OPEN_PAGES } from '../support/hand-overs.js';
import type { Handset } from '../support/handset.js';
import { enterPassword, signedIn, visit } from '../support/pages.js';

// From an app into the pages: nothing is exchanged before somebody has seen whose account it is.

describeInBrowser('somebody whose app opens the pages', {}, (site) => {
  const addressFor = async (phone: Handset) => {
    const { hash } = new URL((await phone.ask<HandedOver>(OPEN_PAGES)).url);
    return `${site.servers.client().url}/hand-over${hash}`;
  };
  const asked = (page: Page) => page.getByRole('heading', { level: 1, name: 'Is this your account?' }).waitFor();

  test('sees whose account it is, agrees, and is signed in; the address is good for nothing more', async () => {
    const phone = await site.servers.trusted();
    const address = await addressFor(phone);
    const page = await site.browser.open(address);
    await asked(page);
    expect(new URL(page.url()).hash).toBe('');
    await page.getByText(phone.owner.email).waitFor();
    await page.getByText('Opened from “Phone”').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await page.context().cookies()).toEqual([]);
    await page.getByRole('button', { name: 'Yes, continue' }).click();
    await signedIn(page);
    await page.getByText(phone.owner.email).first().waitFor();
    await page.goBack();
    await page.goForward();
    await signedIn(page);
    const another = await site.browser.open(address);
    await another.getByRole('heading', { name: 'This link no longer works' }).waitFor();
    expect(await accessibilityFaults(another)).toEqual([]);
  });

  test('takes the code out of the address before anything is fetched, and into no storage', async () => {
    const page = await (await site.browser.device()).newPage();
    const address = await addressFor(await site.servers.signedUp());
    const code = new URL(address).hash.slice(1);
    const fetched: string[] = [];
    await page.exposeFunction('noteHash', (url: string, hash: string) => fetched.push(`${url} ${hash}`));
    await page.addInitScript(`{
      const original = globalThis.fetch;
      globalThis.fetch = (input, init) => { noteHash(String(input.url ?? input), location.hash); return original(input, init); };
    }`);
    const referrers: (string | undefined)[] = [];
    page.on('request', (request) => referrers.push(request.headers().referer));
    await page.goto(address);
    await asked(page);
    expect(fetched.length).toBeGreaterThan(0);
    expect(fetched.join('\n')).not.toContain('hof_');
    expect(referrers.filter((referrer) => referrer?.includes('hof_'))).toEqual([]);
    expect(
      await page.evaluate('JSON.stringify([{ ...sessionStorage }, { ...localStorage }, history.state])'),
    ).not.toContain(code);
    await page.reload();
    await page.getByRole('heading', { name: 'This link no longer works' }).waitFor();
  });

  test('is not signed in where they say that it is not them', async () => {
    const page = await site.browser.open(await addressFor(await site.servers.signedUp()));
    await asked(page);
    await page.getByRole('button', { name: 'No, this isn’t me' }).click();
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    expect(await page.context().cookies()).toEqual([]);
  });

  test('stays who they are where somebody is signed in already, and reads who that is', async () => {
    const [attacker, victim] = [await site.servers.signedUp(), await site.servers.signedUp()];
    const page = await visit(site);
    await enterPassword(page, victim.owner);
    await signedIn(page);
    await page.goto(await addressFor(attacker));
    await page.getByRole('heading', { name: 'You’re already signed in' }).waitFor();
    await page.getByText(`signed in here as ${victim.owner.email}`).waitFor();
    expect(await page.getByRole('button', { name: 'Yes, continue' }).count()).toBe(0);
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('link', { name: 'Go to your account' }).click();
    await signedIn(page);
    await page.getByText(victim.owner.email).first().waitFor();
  });

  test('stays who they are where they have signed in in another tab meanwhile', async () => {
    const [attacker, victim] = [await site.servers.signedUp(), await site.servers.signedUp()];
    const page = await site.browser.open(await addressFor(attacker));
    await asked(page);
    await page.evaluate('BroadcastChannel.prototype.postMessage = () => {}');
    const tab = await page.context().newPage();
    await tab.addInitScript('delete globalThis.BroadcastChannel');
    await tab.goto(site.servers.client().url);
    await enterPassword(tab, victim.owner);
    await signedIn(tab);
    await page.getByRole('button', { name: 'Yes, continue' }).click();
    await page.getByText(`signed in here as ${victim.owner.email}`).waitFor();
  });

  test('may open the pages once more in the tab that is open', async () => {
    const phone = await site.servers.signedUp();
    const page = await site.browser.open(`${site.servers.client().url}/hand-over`);
    await page.getByRole('heading', { name: 'This link no longer works' }).waitFor();
    await page.goto(await addressFor(phone));
    await asked(page);
    expect(new URL(page.url()).hash).toBe('');
  });

  test('is signed out on the pages when the app is', async () => {
    const phone = await site.servers.signedUp();
    const page = await site.browser.open(await addressFor(phone));
    await page.getByRole('button', { name: 'Yes, continue' }).click();
    await signedIn(page);
    await phone.signOut();
    await page.getByText('You’ve been signed out').waitFor();
  });
});
