import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { Handset } from '../../support/handset.js';
import { SIGN_IN, SIGN_OUT, VERIFY_CODE } from '../../support/operations.js';
import { type Challenge, type Outcome } from '../../support/outcomes.js';
import { Servers } from '../../support/servers.js';

const ORIGIN = 'http://localhost:4000';
const VIEWER = '{ result: viewer { email } }';

let servers: Servers;
beforeAll(async () => {
  servers = await Servers.start();
});
afterAll(() => servers[Symbol.asyncDispose]());

/** A browser: it keeps cookies, and sends the header that asks for them. */
class Browser {
  readonly cookies = new Map<string, string>();
  /** The last answer's cookies as they were set. */
  setCookies: string[] = [];

  constructor(private readonly handset: Handset) {}

  get header(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  async ask<T = Outcome>(query: string, variables: Record<string, unknown> = {}, headers = {}): Promise<T> {
    const answer = await this.handset.client.graphql<{ result: T }>(query, variables, {
      headers: { 'session-transport': 'cookie', origin: ORIGIN, cookie: this.header, ...headers },
    });
    this.setCookies = answer.headers.getSetCookie();
    for (const cookie of this.setCookies) this.keep(cookie);
    if (!answer.data) throw new Error(JSON.stringify(answer.errors));
    return answer.data.result;
  }

  private keep(cookie: string): void {
    const [name = '', value = ''] = (cookie.split(';')[0] ?? '').split('=');
    if (value === '') this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

/** A browser in which somebody has just signed up. */
async function signedUpBrowser(): Promise<{ browser: Browser; handset: Handset }> {
  const handset = servers.stranger();
  const { token } = (await handset.signUp()) as unknown as Challenge;
  const browser = new Browser(handset);
  await browser.ask(VERIFY_CODE, { token, code: await servers.mailbox.code(handset.owner.email) });
  return { browser, handset };
}

test('a browser that asks for cookies is given both tokens there, and none in the answer', async () => {
  const handset = servers.stranger();
  const { token } = (await handset.signUp()) as unknown as Challenge;
  const browser = new Browser(handset);
  const outcome = await browser.ask(VERIFY_CODE, { token, code: await servers.mailbox.code(handset.owner.email) });
  expect(outcome).toMatchObject({ __typename: 'SignedIn', sessionToken: null, deviceToken: null });
  expect(browser.setCookies).toHaveLength(2);
  for (const cookie of browser.setCookies) {
    expect(cookie).toMatch(/^doorstep-(session|device-[0-9a-f]{16})=/);
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict/);
  }
  expect(await browser.ask(VIEWER)).toEqual({ email: handset.owner.email });
});

test('cookies do not count without the header that asks for them', async () => {
  const { browser, handset } = await signedUpBrowser();
  const { data } = await handset.client.graphql(VIEWER, {}, { headers: { cookie: browser.header, origin: ORIGIN } });
  expect(data).toEqual({ result: null });
});

test('Authorization wins over cookies', async () => {
  const { browser } = await signedUpBrowser();
  const other = await servers.signedUp();
  const viewer = await browser.ask(VIEWER, {}, { authorization: `Bearer ${other.sessionToken}` });
  expect(viewer).toEqual({ email: other.owner.email });
});

test('Authorization leaves the cookies of another session as they are', async () => {
  const { browser, handset } = await signedUpBrowser();
  const other = await servers.signedUp();
  expect(await browser.ask(SIGN_OUT, {}, { authorization: `Bearer ${other.sessionToken}` })).toEqual({
    sessionsEnded: 1,
  });
  expect(browser.setCookies).toEqual([]);
  expect(await browser.ask(VIEWER)).toEqual({ email: handset.owner.email });
});

test('a session is over once somebody signs in over it, on the same account or on another', async () => {
  const { browser, handset } = await signedUpBrowser();
  const another = await signedUpBrowser();
  const device = { name: 'Browser', platform: 'WEB' };
  for (const { owner } of [handset, another.handset]) {
    const before = new Map(browser.cookies);
    expect(await browser.ask(SIGN_IN, { input: { ...owner, device } })).toMatchObject({ __typename: 'SignedIn' });
    expect(await browser.ask(VIEWER)).toEqual({ email: owner.email });
    const copy = new Browser(handset);
    for (const [name, value] of before) copy.cookies.set(name, value);
    expect(await copy.ask(VIEWER)).toBeNull();
  }
  expect(await another.browser.ask(VIEWER)).toEqual({ email: another.handset.owner.email });
});

test('a foreign origin that asks for cookies is refused', async () => {
  const { browser, handset } = await signedUpBrowser();
  const { status } = await handset.client.graphql(
    VIEWER,
    {},
    {
      headers: { 'session-transport': 'cookie', origin: 'https://evil.example', cookie: browser.header },
    },
  );
  expect(status).toBe(403);
});

test('a stale session cookie makes the request anonymous, not refused', async () => {
  const { browser } = await signedUpBrowser();
  const before = new Map(browser.cookies);
  await browser.ask(SIGN_OUT);
  expect([...browser.cookies.keys()].some((name) => name.endsWith('-session'))).toBe(false);
  for (const [name, value] of before) browser.cookies.set(name, value);
  expect(await browser.ask(VIEWER)).toBeNull();
});

test('the device cookie names the device at the next sign-in, one per account', async () => {
  const { browser, handset } = await signedUpBrowser();
  const stranger = servers.stranger();
  const { token } = (await stranger.signUp()) as unknown as Challenge;
  await browser.ask(VERIFY_CODE, { token, code: await servers.mailbox.code(stranger.owner.email) });
  expect([...browser.cookies.keys()].filter((name) => name.includes('-device-'))).toHaveLength(2);
  await browser.ask(SIGN_OUT);
  const input = { ...handset.owner, device: { name: 'Another name', platform: 'WEB' } };
  expect(await browser.ask(SIGN_IN, { input })).toMatchObject({ __typename: 'SignedIn', device: { name: 'Phone' } });
});

test('removing the current device takes its session cookie along', async () => {
  const { browser } = await signedUpBrowser();
  const { currentDevice } = await browser.ask<{ currentDevice: { id: string } }>(
    '{ result: viewer { currentDevice { id } } }',
  );
  await browser.ask('mutation ($id: ID!) { result: removeDevice(id: $id) { deviceId } }', { id: currentDevice.id });
  expect([...browser.cookies.keys()].some((name) => name.endsWith('-session'))).toBe(false);
});

test.each([
  { origin: ORIGIN as string | undefined, email: true, what: 'counts with a listed Origin' },
  { origin: undefined, email: false, what: 'does not count without an Origin' },
])('at a WebSocket upgrade the session cookie $what', async ({ origin, email }) => {
  const { browser, handset } = await signedUpBrowser();
  const socket = new WebSocket(handset.client.socketUrl, 'graphql-transport-ws', {
    headers: { cookie: browser.header },
    ...(origin ? { origin } : {}),
  });
  const messages: { type: string; payload?: unknown }[] = [];
  const answered = new Promise<void>((resolve) => {
    socket.on('message', (data) => {
      const message = JSON.parse(String(data));
      messages.push(message);
      if (message.type === 'connection_ack') {
        socket.send(
          JSON.stringify({ type: 'subscribe', id: '1', payload: { query: 'subscription { loginRequests { id } }' } }),
        );
      } else resolve();
    });
  });
  socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init' })));
  await answered;
  socket.terminate();
  // Two-step is off, so whoever is signed in is not trusted; whoever is not, is nobody.
  const code = email ? 'FORBIDDEN' : 'UNAUTHENTICATED';
  const next = messages.find(({ type }) => type === 'next');
  expect(next).toMatchObject({ payload: { errors: [{ extensions: { code } }] } });
});
