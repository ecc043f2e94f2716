import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SIGN_OUT, VERIFY_CODE } from '../support/operations.js';
import { asA } from '../support/outcomes.js';
import { Servers } from '../support/servers.js';
import { HandSocket } from '../support/socket.js';

// What a page of another site can make a browser send, with the cookies of somebody who is signed in here.

const ORIGIN = 'https://doorstep.example';

let servers: Servers;
let cookie: string;
let email: string;

beforeAll(async () => {
  servers = await Servers.start({ env: { NODE_ENV: 'production', PUBLIC_URL: ORIGIN } });
  const phone = servers.stranger();
  email = phone.owner.email;
  const { token } = asA('Challenge', await phone.signUp());
  const code = await servers.mailbox.code(email);
  const headers = { 'session-transport': 'cookie', origin: ORIGIN };
  const { headers: set } = await phone.client.graphql(VERIFY_CODE, { token, code }, { headers });
  cookie = set
    .getSetCookie()
    .map((each) => each.split(';')[0])
    .join('; ');
});
afterAll(() => servers[Symbol.asyncDispose]());

const lookalikes = [
  'null',
  'http://doorstep.example',
  'https://doorstep.example:444',
  'https://doorstep.example.',
  'https://www.doorstep.example',
  'https://doorstep.example.evil.example',
  'https://evildoorstep.example',
  'https://doorstep.example@evil.example',
  'https://doorstep.example#.evil.example',
  'https://doorstep.example/',
  'https://doorstep%2eexample',
  'https://dοorstep.example',
  'file://',
  'chrome-extension://doorstep.example',
  `${ORIGIN}, https://evil.example`,
  '',
].map((origin) => Buffer.from(origin).toString('latin1'));

/** Who the cookies say it is, as the server sees it. */
async function seenAs(headers: Record<string, string>): Promise<unknown> {
  const { data } = await servers.client().graphql('{ viewer { email } }', {}, { headers: { cookie, ...headers } });
  return data;
}

test('the page of the origin itself is who its cookies say', async () => {
  expect(await seenAs({ 'session-transport': 'cookie', origin: ORIGIN })).toEqual({ viewer: { email } });
});

describe.each(lookalikes)("a page of the origin '%s'", (origin) => {
  test('opens no socket', async () => {
    await expect(HandSocket.open(servers.client().socketUrl, { headers: { origin, cookie } })).rejects.toThrow('403');
  });

  test('is nobody without the header that asks for cookies, and is refused with it', async () => {
    expect(await seenAs({ origin })).toEqual({ viewer: null });
    expect(await seenAs({ origin, 'session-transport': 'cookie' })).toBeNull();
  });

  test('may send no header of ours: it is told so before', async () => {
    const response = await fetch(servers.client().graphqlUrl, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,session-transport',
      },
    });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
  });
});

describe('what a page of another site can send without being asked', () => {
  const simple = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'];

  test.each(['mutation', 'query'])('runs no %s', async (kind) => {
    const body = JSON.stringify({ query: kind === 'mutation' ? SIGN_OUT : '{ viewer { email } }' });
    for (const type of [...simple, '']) {
      const response = await fetch(servers.client().graphqlUrl, {
        method: 'POST',
        headers: { cookie, ...(type ? { 'content-type': type } : {}) },
        body: Buffer.from(body),
      });
      expect(response.status).toBe(415);
      expect(await response.text()).not.toContain(email);
    }
    expect(await seenAs({ 'session-transport': 'cookie', origin: ORIGIN })).toEqual({ viewer: { email } });
  });

  test('opens a socket that is nobody: a native client, which sends no origin, has no cookies', async () => {
    await using socket = await HandSocket.open(servers.client().socketUrl, { headers: { cookie } });
    socket.init(null);
    expect((await socket.next()).type).toBe('connection_ack');
    socket.subscribe('1', 'subscription { loginActivity { id } }');
    expect(await socket.next()).toMatchObject({ payload: { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] } });
  });

  test('is not told apart by Host: a name that somebody else points here sees no cookie and no other answer', async () => {
    for (const host of ['evil.example', 'doorstep.example.evil.example', 'localhost']) {
      const headers = { host, 'x-forwarded-host': host, forwarded: `host=${host}`, cookie };
      const response = await fetch(servers.client().graphqlUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query: '{ viewer { email } }' }),
      });
      expect(await response.json()).toEqual({ data: { viewer: null } });
      expect(JSON.stringify([...response.headers])).not.toContain(host);
    }
  });
});
