import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildSchema } from 'graphql';
import { WebSocket } from 'ws';
import { readText } from '../../support/examples.js';
import type { Handset } from '../../support/handset.js';
import { asA } from '../../support/outcomes.js';
import { Servers } from '../../support/servers.js';
import { HandSocket } from '../../support/socket.js';

// What clients of other makes do, and ours do not.

const APP = 'capacitor://localhost';

let servers: Servers;
let phone: Handset;
beforeAll(async () => {
  servers = await Servers.start({ env: { ALLOWED_ORIGINS: `https://app.example,${APP},Tauri://Localhost/` } });
  phone = await servers.trusted();
});
afterAll(() => servers[Symbol.asyncDispose]());

const url = () => servers.client().graphqlUrl;
const bearer = (token: string | null = phone.sessionToken) => ({ authorization: `Bearer ${token}` });

describe('a query by GET', () => {
  const get = (query: string, headers: Record<string, string> = {}, variables: Record<string, unknown> = {}) =>
    fetch(`${url()}?${new URLSearchParams({ query, variables: JSON.stringify(variables) })}`, { headers });
  const preflight = { 'apollo-require-preflight': 'true' };

  test.each<Record<string, string>>([
    preflight,
    { 'x-apollo-operation-name': 'Settings' },
    { 'graphql-require-preflight': '1' },
    { authorization: 'Bearer ses_dead' },
  ])('is served where %j came with it', async (headers) => {
    const response = await get('query Settings { settings { productName } }', headers);
    expect([response.status, await response.json()]).toEqual([
      200,
      { data: { settings: { productName: 'Doorstep' } } },
    ]);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  test('is refused without such a header: a form of another site sends none', async () => {
    for (const headers of [{}, { 'apollo-require-preflight': '' }, { accept: 'text/html' }] as Record<
      string,
      string
    >[]) {
      expect((await get('{ settings { productName } }', headers)).status).toBe(405);
    }
  });

  test('is who its token says', async () => {
    const response = await get('{ viewer { email } }', bearer());
    expect(await response.json()).toEqual({ data: { viewer: { email: phone.owner.email } } });
  });

  test('takes no token and shows no code, however that is asked for', async () => {
    const challenge = await phone.another('Laptop').challenged();
    const { token } = challenge;
    for (const [query, variables] of [
      ['query ($token: String!) { challenge(token: $token) { state } }', { token }],
      [`{ challenge(token: "${token}") { state } }`, {}],
      ['{ viewer { loginRequests { id } } }', {}],
      ['{ viewer { ...A } } fragment A on Account { waiting: loginRequests { deviceName } }', {}],
    ] as const) {
      const response = await get(query, { ...preflight, ...bearer() }, variables);
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
      expect(await response.text()).toMatch(/served by POST alone/);
    }
  });

  test('changes nothing: a mutation is refused', async () => {
    const response = await get('mutation { signOut { sessionsEnded } }', { ...preflight, ...bearer() });
    expect(response.status).toBe(405);
    expect(await phone.viewer()).not.toBeNull();
  });

  test('opens no page of anybody else', async () => {
    const response = await fetch(url(), { headers: { ...preflight, accept: 'text/html' } });
    expect([response.status, response.headers.get('content-type')]).toEqual([405, 'application/json; charset=utf-8']);
  });
});

describe('the token of a session', () => {
  test('is none where the scheme is another, such as that of a proxy in front', async () => {
    for (const authorization of ['Basic YTpi', `Token ${phone.sessionToken}`, `${phone.sessionToken}`]) {
      expect(await asked({ authorization })).toEqual({ viewer: null });
    }
    for (const authorization of [`bearer ${phone.sessionToken}`, `BEARER   ${phone.sessionToken} `]) {
      expect(await asked({ authorization })).toEqual({ viewer: { email: phone.owner.email } });
    }
  });

  test('is refused where two that differ are named in one request', async () => {
    const tablet = asA('SignedIn', await (await servers.signedUp()).signIn()).sessionToken;
    const raw = await rawPost([`Bearer ${phone.sessionToken}`, `Bearer ${tablet}`]);
    expect(raw).toMatch(/^HTTP\/1\.1 400 /);
    expect(raw).toMatch(/Two different tokens/);
    const same = await rawPost([`Bearer ${phone.sessionToken}`, `bearer ${phone.sessionToken}`]);
    expect(same).toContain(phone.owner.email);
  });

  async function asked(headers: Record<string, string>): Promise<unknown> {
    const { data } = await servers.client().graphql('{ viewer { email } }', {}, { headers });
    return data;
  }

  /** As no fetch would send it: the same header more than once. */
  async function rawPost(authorizations: readonly string[]): Promise<string> {
    const { connect } = await import('node:net');
    const { host, hostname, port } = new URL(url());
    const body = JSON.stringify({ query: '{ viewer { email } }' });
    const head = [
      'POST /graphql HTTP/1.1',
      `host: ${host}`,
      'content-type: application/json',
      'connection: close',
      `content-length: ${body.length}`,
      ...authorizations.map((value) => `authorization: ${value}`),
    ].join('\r\n');
    const socket = connect(Number(port), hostname);
    socket.write(`${head}\r\n\r\n${body}`);
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    return answer;
  }
});

describe('the token of a socket', () => {
  const init = (payload: Record<string, unknown> | null, headers: Record<string, string> = {}) => ({
    payload,
    headers,
  });
  const own = () => `Bearer ${phone.sessionToken}`;

  // What a subscription of the trusted device opens with.
  beforeAll(() => phone.another('Waiting').challenged());

  /** What becomes of a subscription to what only a session may have. */
  async function fate({ payload, headers }: ReturnType<typeof init>): Promise<string> {
    await using socket = await HandSocket.open(servers.client().socketUrl, { headers });
    socket.send({ type: 'connection_init', ...(payload ? { payload } : {}) });
    const first = await Promise.race([
      socket.next().then(({ type }) => type),
      socket.closed().then(({ code }) => String(code)),
    ]);
    if (first !== 'connection_ack') return first;
    socket.subscribe('1', 'subscription { loginRequests { id } }');
    const { payload: told } = await socket.next();
    return (told as { data?: unknown }).data ? 'session' : 'nobody';
  }

  test('is found wherever clients put it', async () => {
    for (const given of [
      init({ authorization: own() }),
      init({ Authorization: own() }),
      init({ AUTHORIZATION: own() }),
      init({ authorization: phone.sessionToken }),
      init({ headers: { authorization: own() } }),
      init({ headers: { Authorization: own() } }),
      init({ Headers: { Authorization: own() }, authorization: own() }),
      init(null, { authorization: own() }),
      init({ authorization: own() }, { authorization: own() }),
    ]) {
      expect([given, await fate(given)]).toEqual([given, 'session']);
    }
  });

  test('is none where nothing is named, or another scheme by a proxy', async () => {
    for (const given of [init(null), init({}), init({ headers: null }), init(null, { authorization: 'Basic YTpi' })]) {
      expect([given, await fate(given)]).toEqual([given, 'nobody']);
    }
  });

  test('opens nothing where it is no token', async () => {
    for (const authorization of ['Basic YTpi', 1, {}, 'ses_dead', '']) {
      expect(await fate(init({ authorization }))).toBe('4401');
    }
  });

  test('is refused where two places name different ones', async () => {
    for (const given of [
      init({ authorization: own(), Authorization: 'Bearer ses_other' }),
      init({ authorization: own(), headers: { authorization: 'Bearer ses_other' } }),
      init({ authorization: own() }, { authorization: 'Bearer ses_other' }),
    ]) {
      expect(await fate(given)).toBe('4400');
    }
  });
});

describe('an origin', () => {
  const preflight = (origin: string, asks = 'content-type') =>
    fetch(url(), {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': asks },
    });

  test('of an app with a scheme of its own may be on the list', async () => {
    for (const origin of [APP, 'tauri://localhost']) {
      expect((await preflight(origin)).headers.get('access-control-allow-origin')).toBe(origin);
      await using socket = await HandSocket.open(servers.client().socketUrl, { headers: { origin } });
      socket.init(null);
      expect((await socket.next()).type).toBe('connection_ack');
    }
  });

  test('on the list may send whatever headers its page asks for', async () => {
    const asks = 'apollographql-client-name,content-type,sentry-trace,traceparent,x-anything';
    const response = await preflight('https://app.example', asks);
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-headers')).toBe(asks);
    expect(response.headers.get('access-control-allow-methods')).toBe('GET, POST');
    expect(response.headers.get('vary')).toBe('Origin, Access-Control-Request-Headers');
  });

  test.each([
    'null',
    'capacitor://localhost/',
    'capacitor://LOCALHOST',
    'capacitor://other',
    'https://APP.example',
    'file://',
  ])('that is not on the list is told so in words: %s', async (origin) => {
    const response = await preflight(origin);
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('This origin is not in ALLOWED_ORIGINS.');
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    const words = await new Promise<string>((resolve, reject) => {
      const socket = new WebSocket(servers.client().socketUrl, 'graphql-transport-ws', { origin });
      socket.on('open', () => reject(new Error('it opened')));
      socket.on('error', () => undefined);
      socket.on('unexpected-response', (_request, answer) => {
        let text = '';
        answer.on('data', (chunk) => {
          text += String(chunk);
        });
        answer.on('end', () => resolve(`${answer.statusCode} ${text}`));
      });
    });
    expect(words).toMatch(/^403 .*This origin is not in ALLOWED_ORIGINS\./);
  });
});

test('a socket of the protocol before this one is told which one is spoken', async () => {
  const socket = new WebSocket(servers.client().socketUrl, 'graphql-ws');
  const [code, reason] = await new Promise<[number, string]>((resolve) => {
    socket.on('close', (closed, why) => resolve([closed, String(why)]));
  });
  expect(code).toBe(4406);
  expect(reason).toMatch(/graphql-transport-ws/);
});

test('every scalar of ours says where it is specified', () => {
  const scalars = [...readText('schema.graphql').matchAll(/^scalar (\w+)(.*)$/gm)].map(([, name, rest]) => [
    name,
    rest,
  ]);
  expect(scalars.map(([name]) => name)).toEqual(['DateTime', 'EmailAddress']);
  for (const [, rest] of scalars) expect(rest).toMatch(/@specifiedBy\(url: "https:\/\/[^"]+"\)/);
  expect(() => buildSchema(readText('schema.graphql'))).not.toThrow();
});

test('a password manager is led to the page where the password is changed', async () => {
  const at = (path: string) => fetch(`${servers.client().url}/.well-known/${path}`, { redirect: 'manual' });
  const response = await at('change-password');
  expect([response.status, response.headers.get('location')]).toEqual([302, '/account/password']);
  expect((await at('resource-that-should-not-exist-whose-status-code-should-not-be-200')).status).toBe(404);
});
