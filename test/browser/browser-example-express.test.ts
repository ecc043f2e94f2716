import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { Backend } from '../support/backend.js';
import { describeInBrowser } from '../support/browser.js';
import { newOwner, PASSWORD } from '../support/handset.js';
import { enterPassword, typeCode } from '../support/pages.js';
import { freePort } from '../support/store.js';
import { commandsIn, Terminal } from '../support/terminal.js';
import { until } from '../support/waiting.js';

// examples/express as its README has it, between two hosts; the addresses of the example are those of the test.

const folder = 'examples/express';
const commands = commandsIn(`${folder}/README.md`);
let shopUrl: string;

const withReturn = async () => {
  shopUrl = `http://127.0.0.1:${await freePort()}`;
  return { env: { RETURN_ORIGINS: shopUrl } };
};

describeInBrowser('the shop on another host', withReturn, (site) => {
  let terminal: Terminal;
  beforeAll(async () => {
    await Terminal.run(commands.get('build') ?? 'false', folder).end();
    const shop = await Backend.add(site.servers, { ownAccounts: true, scopes: ['check', 'events'] });
    const env = { DOORSTEP_URL: site.servers.client().url.replace('127.0.0.1', 'localhost'), DOORSTEP_KEY: shop.key };
    terminal = Terminal.run(commands.get('shop') ?? 'false', folder, { ...env, SHOP_URL: shopUrl });
    await terminal.says(`The shop is at ${shopUrl}`);
  });
  afterAll(() => terminal[Symbol.asyncDispose]());

  const who = (page: Page) => page.locator('#who');

  /** Signs up at Doorstep, from the shop and back to it. */
  async function signUp(page: Page): Promise<string> {
    const { email } = newOwner();
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByRole('link', { name: 'Create an account' }).click();
    await page.getByLabel('Email address').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Create account' }).click();
    await typeCode(page, await site.servers.mailbox.code(email));
    await page.waitForURL(`${shopUrl}/`);
    return email;
  }

  test('knows who comes back from Doorstep, and at once when that is over', async () => {
    const page = await site.browser.open(shopUrl);
    await who(page).getByText('Nobody is signed in.').waitFor();
    const email = await signUp(page);
    await who(page).getByText(email).waitFor();
    // Nothing of Doorstep's has come to the shop but what its own cookie stands for.
    const names = (await page.context().cookies(shopUrl)).map(({ name }) => name);
    expect(names).toEqual(['shop-session']);
    expect(await page.evaluate<number>(`fetch('/orders').then(({ status }) => status)`)).toBe(200);

    const doorstep = await page.context().newPage();
    await doorstep.goto(site.servers.client().url);
    await doorstep.getByRole('button', { name: 'Sign out', exact: true }).first().click();
    await doorstep.getByRole('heading', { name: 'Sign in' }).waitFor();
    await who(page).getByText('Nobody is signed in.').waitFor();
    expect(await page.evaluate<number>(`fetch('/orders').then(({ status }) => status)`)).toBe(401);
  });

  test('signs out of itself alone, and lets whoever still is signed in at Doorstep back in at once', async () => {
    const page = await site.browser.open(shopUrl);
    const email = await signUp(page);
    await page.getByRole('button', { name: 'Sign out of the shop' }).click();
    await who(page).getByText('Nobody is signed in.').waitFor();
    await page.getByRole('link', { name: 'Sign in' }).click();
    await who(page).getByText(email).waitFor();
  });

  test('signs nobody in by a link that another browser was sent back with', async () => {
    const attacker = await site.browser.open(shopUrl);
    await signUp(attacker);
    let link = '';
    await attacker.route(`${shopUrl}/returned*`, (route) => {
      link = route.request().url();
      return route.abort();
    });
    await attacker.getByRole('button', { name: 'Sign out of the shop' }).click();
    await attacker.getByRole('link', { name: 'Sign in' }).click();
    await until(() => link, 'the way back');
    const victim = await site.browser.open(link);
    await victim.getByText('That did not work.').waitFor();
    await victim.goto(shopUrl);
    await who(victim).getByText('Nobody is signed in.').waitFor();
    // A sign-in of its own has begun there: it still is not the one that the link is of.
    await victim.getByRole('link', { name: 'Sign in' }).click();
    await victim.getByLabel('Email address').waitFor();
    await victim.goto(link);
    await victim.getByText('That did not work.').waitFor();
  });

  test('asks for a code where somebody has two-step verification, and is back with it', async () => {
    const phone = await site.servers.trusted();
    const page = await site.browser.open(`${shopUrl}/sign-in`);
    await enterPassword(page, phone.owner);
    await page.getByLabel(/^Code/).waitFor();
    const [request] = (await phone.viewer())?.loginRequests ?? [];
    await typeCode(page, request?.code ?? (await site.servers.mailbox.code(phone.owner.email)));
    await who(page).getByText(phone.owner.email).waitFor();
  });
});
