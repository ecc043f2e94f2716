import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { describeInBrowser } from '../support/browser.js';
import type { Owner } from '../support/handset.js';
import { enterPassword, signedIn } from '../support/pages.js';

/** A page in which what the line says may be held, and is told right behind what another tab says next. */
const HOLDING_THE_LINE = `(() => {
  let isHeld = false;
  let isClosed = false;
  const held = [];
  window.told = [];
  window.holdLine = () => { isHeld = true; };
  for (const [kind, words] of [['message', ({ data }) => data], ['close', ({ code }) => code]]) {
    Object.defineProperty(WebSocket.prototype, 'on' + kind, {
      set(listener) {
        this.addEventListener(kind, (event) => {
          const tell = () => { window.told.push(kind + ' ' + words(event)); listener(event); };
          isClosed ||= isHeld && kind === 'close';
          if (isHeld) held.push(tell); else tell();
        });
      },
    });
  }
  Object.defineProperty(BroadcastChannel.prototype, 'onmessage', {
    set(listener) {
      this.addEventListener('message', async (event) => {
        if (!isHeld) return listener(event);
        while (!isClosed) await new Promise((resolve) => setTimeout(resolve, 10));
        listener(event);
        isHeld = false;
        for (const tell of held) tell();
      });
    },
  });
})()`;

describeInBrowser('two tabs of one browser', {}, (site) => {
  /** Two pages that share their cookies, at the door. */
  async function tabs(): Promise<[Page, Page]> {
    const device = await site.browser.device();
    const pages = await Promise.all([device.newPage(), device.newPage()] as const);
    for (const page of pages) {
      await page.goto(site.servers.client().url);
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    }
    return pages;
  }

  /** Signs in as a page would that tells no other tab of it. */
  const signInUnseen = (page: Page, { email, password }: Owner) =>
    page.evaluate<string>(`fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'session-transport': 'cookie' },
      body: JSON.stringify({
        query: 'mutation ($input: SignInInput!) { signIn(input: $input) { __typename } }',
        variables: { input: ${JSON.stringify({ email, password, device: { name: 'Chrome', platform: 'LINUX' } })} },
      }),
    }).then((answer) => answer.json()).then(({ data }) => data.signIn.__typename)`);

  test('are signed in together and signed out together, and the other one is told why', async () => {
    const [here, there] = await tabs();
    await enterPassword(here, (await site.servers.signedUp()).owner);
    await signedIn(here);
    await signedIn(there);
    await there.getByRole('button', { name: 'Sign out', exact: true }).click();
    await here.getByText('You signed out in another tab.').waitFor();
    expect(await there.getByText('You’ve signed out').count()).toBe(0);
  });

  test('tell why they were signed out, even where the line says so in the moment after', async () => {
    const [here, there] = await tabs();
    await here.addInitScript(HOLDING_THE_LINE);
    await here.reload();
    await enterPassword(here, (await site.servers.signedUp()).owner);
    await signedIn(here);
    await signedIn(there);
    await here.evaluate('window.holdLine()');
    await there.getByRole('button', { name: 'Sign out', exact: true }).click();
    await here.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await here.evaluate('window.told')).toContain('close 4401');
    await here.getByText('You signed out in another tab.').waitFor();
  });

  test('show nothing of an account once another one has signed in with the browser', async () => {
    const [here, there] = await tabs();
    const [one, another] = [await site.servers.signedUp(), await site.servers.signedUp()];
    await enterPassword(here, one.owner);
    await signedIn(here);
    await here.getByText(one.owner.email).waitFor();
    expect(await signInUnseen(there, another.owner)).toBe('SignedIn');
    await here.getByText(another.owner.email).waitFor();
    expect(await here.getByText(one.owner.email).count()).toBe(0);
  });

  test('mix up no two accounts, even while the line that would tell of it is away', async () => {
    const [here, there] = await tabs();
    const [one, another] = [await site.servers.signedUp(), await site.servers.signedUp()];
    await here.routeWebSocket('**/graphql', () => {});
    await enterPassword(here, one.owner);
    await signedIn(here);
    await here.getByText(one.owner.email).waitFor();
    expect(await signInUnseen(there, another.owner)).toBe('SignedIn');
    await here.getByRole('navigation').getByRole('link', { name: 'Devices' }).click();
    await here.getByText(another.owner.email).waitFor();
    expect(await here.getByText(one.owner.email).count()).toBe(0);
  });
});
