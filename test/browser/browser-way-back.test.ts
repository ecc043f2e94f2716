import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { Backend } from '../support/backend.js';
import { accessibilityFaults, describeInBrowser } from '../support/browser.js';
import { redeemReturn } from '../support/hand-overs.js';
import { enterPassword, signedIn, typeCode, visit } from '../support/pages.js';
import { Product } from '../support/product.js';
import { until } from '../support/waiting.js';

// Somebody whom a product has sent to the pages, and who goes back to it.

let product: Product;
afterAll(() => product?.[Symbol.asyncDispose]());

const setUp = async () => {
  product = await Product.start();
  return { env: { RETURN_ORIGINS: product.origin } };
};

describeInBrowser('somebody whom a product has sent', setUp, (site) => {
  const STATE = 'of this browser';
  const linkTo = (returnTo: string, state: string | null = STATE, path = '/') =>
    `${site.servers.client().url}${path}?${new URLSearchParams({ return_to: returnTo, ...(state ? { state } : {}) })}`;
  const back = () => `${product.origin}/back?basket=7`;
  const atProduct = async (page: Page) => {
    await page.waitForURL(`${product.origin}/back**`);
    return new URL(page.url()).searchParams;
  };
  /** From a page of the product, as by its link. */
  async function sent(page: Page, link: string): Promise<void> {
    await page.goto(product.origin);
    await page.evaluate(`location.assign(${JSON.stringify(link)})`);
    await page.waitForURL((url) => url.origin !== product.origin || url.pathname !== '/');
  }

  test('signs in and goes back with a code, which its backend redeems once', async () => {
    const phone = await site.servers.signedUp();
    const page = await visit(site);
    await sent(page, linkTo(back()));
    await enterPassword(page, phone.owner);
    const query = await atProduct(page);
    expect([...query.keys()]).toEqual(['basket', 'code', 'state']);
    expect([query.get('basket'), query.get('state')]).toEqual(['7', STATE]);
    const shop = await Backend.add(site.servers, { ownAccounts: true });
    const code = query.get('code') ?? '';
    expect(await redeemReturn(shop, code, STATE)).toMatchObject({ email: phone.owner.email });
    expect(await redeemReturn(shop, code, STATE)).toMatchObject({ __typename: 'ReturnVoid' });
  });

  test('goes back at once where a session is found, and by Back to where the link was', async () => {
    const { owner } = await site.servers.signedUp();
    const page = await visit(site);
    await enterPassword(page, owner);
    await signedIn(page);
    await sent(page, linkTo(back()));
    await atProduct(page);
    await page.goBack();
    await page.waitForURL(`${product.origin}/`);
    await page.goForward();
    await atProduct(page);
  });

  test('goes back by way of a code and a reload, and is not led away again by Back', async () => {
    const phone = await site.servers.trusted();
    const page = await visit(site);
    await sent(page, linkTo(back()));
    await enterPassword(page, phone.owner);
    await page.getByLabel(/^Code/).waitFor();
    await page.reload();
    await page.getByLabel(/^Code/).waitFor();
    expect(page.url()).not.toContain('return_to');
    await typeCode(page, (await phone.viewer())?.loginRequests[0]?.code ?? '');
    await atProduct(page);
    await page.goBack();
    await signedIn(page);
    expect(new URL(page.url()).origin).toBe(new URL(site.servers.client().url).origin);
  });

  test('goes back from another page of the door', async () => {
    const page = await visit(site);
    await sent(page, linkTo(back()));
    await page.getByRole('link', { name: 'Create an account' }).click();
    const { owner } = site.servers.stranger();
    await page.getByLabel('Email address').fill(owner.email);
    await page.getByLabel('Password', { exact: true }).fill(owner.password);
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByLabel(/^Code/).waitFor();
    await typeCode(page, await site.servers.mailbox.code(owner.email));
    expect((await atProduct(page)).get('state')).toBe(STATE);
  });

  test('goes back without a code where the product gives no state', async () => {
    const { owner } = await site.servers.signedUp();
    const page = await visit(site);
    await sent(page, linkTo(back(), null));
    await enterPassword(page, owner);
    expect([...(await atProduct(page)).keys()]).toEqual(['basket']);
  });

  test('two browsers have a code each, good under the state of each alone', async () => {
    const shop = await Backend.add(site.servers, { ownAccounts: true });
    const [victim, attacker] = [await site.servers.signedUp(), await site.servers.signedUp()];
    const codes = [];
    for (const [{ owner }, state] of [
      [victim, 'victim'],
      [attacker, 'attacker'],
    ] as const) {
      const page = await visit(site);
      await page.goto(linkTo(back(), state));
      await enterPassword(page, owner);
      codes.push((await atProduct(page)).get('code') ?? '');
    }
    const [victims = '', attackers = ''] = codes;
    // The attacker has the victim open the product's address with the code of the attacker's account.
    expect(await redeemReturn(shop, attackers, 'victim')).toMatchObject({ __typename: 'ReturnVoid' });
    expect(await redeemReturn(shop, victims, 'attacker')).toMatchObject({ __typename: 'ReturnVoid' });
    expect(await redeemReturn(shop, victims, 'victim')).toMatchObject({ email: victim.owner.email });
  });

  test('stays where the address that is opened next names no way back', async () => {
    const { owner } = await site.servers.signedUp();
    const page = await visit(site);
    await page.goto(linkTo(back()));
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.goto(site.servers.client().url);
    await enterPassword(page, owner);
    await signedIn(page);
  });

  describe('and who is signed in', () => {
    let page: Page;

    beforeAll(async () => {
      const { owner } = await site.servers.signedUp();
      page = await visit(site);
      await enterPassword(page, owner);
      await signedIn(page);
    });

    test.each([
      'https://evil.example/',
      '//evil.example',
      'https:evil.example',
      'javascript:alert(1)',
      'JavaScript:alert(1)//127.0.0.1',
      'data:text/html,evil',
      '\\\\evil.example',
      '/\\evil.example',
      'http://127.0.0.1@evil.example',
      'http://127.0.0.1',
      '/account',
      'nonsense',
    ])('is told that the address is not known, and stays, whatever a link says: %s', async (returnTo) => {
      for (const state of [STATE, null]) {
        await page.goto(linkTo(returnTo, state));
        await page.getByRole('heading', { name: 'We can’t take you there' }).waitFor();
        expect(new URL(page.url()).origin).toBe(new URL(site.servers.client().url).origin);
      }
    });

    test('can go on here instead', async () => {
      await page.goto(linkTo('https://evil.example/'));
      await page.getByRole('heading', { name: 'We can’t take you there' }).waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.getByRole('link', { name: 'Stay here instead' }).click();
      await signedIn(page);
    });
  });

  test('is told before a password is typed, and signs in here if that is what they want', async () => {
    const { owner } = await site.servers.signedUp();
    const page = await visit(site);
    await page.goto(linkTo('https://evil.example/'));
    await page.getByRole('heading', { name: 'We can’t take you there' }).waitFor();
    expect(await page.getByLabel('Password', { exact: true }).count()).toBe(0);
    await page.getByRole('link', { name: 'Stay here instead' }).click();
    await enterPassword(page, owner);
    await signedIn(page);
  });

  test('is told what went wrong, and can try again', async () => {
    const { owner } = await site.servers.signedUp();
    const page = await visit(site);
    await page.goto(linkTo(back()));
    await page.getByLabel('Email address').waitFor();
    let isAway = true;
    await page.route('**/graphql', (route) => {
      const isReturn = String(route.request().postData()).includes('returnToProduct');
      return isAway && isReturn ? route.abort() : route.continue();
    });
    await enterPassword(page, owner);
    await page.getByRole('alert').getByText('Can’t connect.').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    isAway = false;
    await until(async () => {
      await page
        .getByRole('button', { name: 'Continue' })
        .click({ timeout: 1_000 })
        .catch(() => undefined);
      return page.url().startsWith(product.origin);
    }, 'the way back');
  });
});
