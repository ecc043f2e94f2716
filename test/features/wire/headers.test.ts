import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { startInbox } from '../../../src/embedded/inbox.js';
import { SIGN_UP, VERIFY_CODE } from '../../support/operations.js';
import { Servers } from '../../support/servers.js';

const ORIGIN = 'https://doorstep.example';
const production = { NODE_ENV: 'production', PUBLIC_URL: ORIGIN, METRICS_TOKEN: 'read-the-counters' };

let servers: Servers;
beforeAll(async () => {
  servers = await Servers.start({ env: { ...production, ALLOWED_ORIGINS: 'https://app.example', PLAYGROUND: 'on' } });
});
afterAll(() => servers[Symbol.asyncDispose]());

const url = (path: string) => `${servers.client().url}${path}`;
const post = (headers: Record<string, string> = {}) =>
  fetch(url('/graphql'), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: '{"query":"{ viewer { id } }"}',
  });

test('every answer has the security headers, whatever it answers', async () => {
  const answers = [
    await post(),
    await post({ 'content-type': 'text/plain' }),
    await post({ origin: 'https://evil.example', 'session-transport': 'cookie' }),
    ...(await Promise.all(
      ['/graphql', '/livez', '/readyz', '/metrics', '/nothing', '/%', '/%zz?a=b'].map((path) => fetch(url(path))),
    )),
    await fetch(url('/playground')),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 415, 403, 405, 200, 200, 404, 404, 404, 404, 200]);
  for (const { headers, status } of answers) {
    const policy = Object.fromEntries(
      (headers.get('content-security-policy') ?? '').split(';').map((rule) => {
        const [name = '', ...sources] = rule.trim().split(' ');
        return [name, sources.join(' ')] as const;
      }),
    );
    expect([status, policy['script-src']]).toEqual([status, "'self'"]);
    expect(policy).toMatchObject({ 'default-src': "'none'", 'frame-ancestors': "'none'", 'base-uri': "'none'" });
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('strict-transport-security')).toMatch(/^max-age=31536000/);
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('x-powered-by')).toBeNull();
  }
  for (const answer of answers.slice(0, -1)) expect(answer.headers.get('cache-control')).toBe('no-store');
});

test('a page of an origin that is not on the list may read no answer', async () => {
  const allowed = async (origin: string) => (await post({ origin })).headers.get('access-control-allow-origin');
  for (const origin of [ORIGIN, 'https://app.example']) expect(await allowed(origin)).toBe(origin);
  for (const origin of ['https://evil.example', 'null', 'http://doorstep.example', `${ORIGIN}.evil.example`]) {
    expect(await allowed(origin)).toBeNull();
  }
});

describe('in production', () => {
  test('metrics need their token, even from this machine', async () => {
    expect((await fetch(url('/metrics'))).status).toBe(404);
    const headers = { authorization: 'Bearer read-the-counters' };
    expect((await fetch(url('/metrics'), { headers })).status).toBe(200);
  });

  test('there is no inbox, even where one is at hand', async () => {
    const inbox = await startInbox({ logger: pino({ level: 'silent' }) });
    try {
      const app = await servers.add({ api: true, worker: false, inbox });
      for (const path of ['/inbox', '/inbox/mails']) expect((await fetch(`${app.url}${path}`)).status).toBe(404);
    } finally {
      await inbox.close();
    }
  });
});

describe('cookies', () => {
  const asBrowser = (cookie = '') => ({ headers: { 'session-transport': 'cookie', origin: ORIGIN, cookie } });

  /** Somebody who signs up in a browser that has these cookies. @returns what the browser is told to keep or to forget */
  async function signUpIn(cookie = ''): Promise<string[]> {
    const { client, owner, mailbox } = servers.stranger();
    const device = { name: 'Browser', platform: 'WEB' };
    const { result } = await client.data<{ result: { token: string } }>(SIGN_UP, { input: { ...owner, device } });
    const code = await mailbox.code(owner.email);
    const answer = await client.graphql(VERIFY_CODE, { token: result.token, code }, asBrowser(cookie));
    return answer.headers.getSetCookie();
  }

  test('on https are Secure, bound to the host, and named by PUBLIC_URL alone', async () => {
    const set = await signUpIn();
    expect(set).toHaveLength(2);
    for (const cookie of set) {
      expect(cookie).toMatch(/^__Host-doorstep-(session|device-[0-9a-f]{16})=/);
      expect(cookie).toMatch(/; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
    }
    const [session = ''] = set.map((cookie) => cookie.split(';')[0] ?? '').filter((cookie) => /-session=/.test(cookie));
    const viewer = async (cookie: string) =>
      (await servers.client().data<{ viewer: unknown }>('{ viewer { id } }', {}, asBrowser(cookie))).viewer;
    expect(await viewer(session)).not.toBeNull();
    // The name that development reads on plain http, which any page of a neighbouring host could set.
    expect(await viewer(session.replace('__Host-', ''))).toBeNull();
  });

  test('of an eleventh account in one browser push out the oldest device cookie', async () => {
    const token = `dev_${'A'.repeat(43)}`;
    const names = Array.from({ length: 10 }, (_, nth) => `__Host-doorstep-device-${'0'.repeat(15)}${nth}`);
    const kept = names.map((name, nth) => `${name}=${token}.${1_700_000_000 + ((nth + 3) % 10)}`);
    const forgotten = (set: string[]) => set.filter((cookie) => /Max-Age=0|Expires=Thu, 01 Jan 1970/i.test(cookie));
    expect(forgotten(await signUpIn(kept.slice(1).join('; ')))).toEqual([]);
    const [oldest, ...others] = forgotten(await signUpIn(kept.join('; ')));
    expect(others).toEqual([]);
    expect(oldest).toMatch(new RegExp(`^${names[7]}=;`));
  });
});

test('a forwarding header is warned of once while TRUST_PROXY is unset', async () => {
  await using own = await Servers.start({ worker: false });
  const warnings = () => own.log.filter((line) => line.includes('TRUST_PROXY')).length;
  await fetch(`${own.client().url}/livez`);
  expect(warnings()).toBe(0);
  for (const header of ['x-forwarded-for', 'forwarded', 'x-real-ip']) {
    await fetch(`${own.client().url}/livez`, { headers: { [header]: '203.0.113.7' } });
  }
  expect(warnings()).toBe(1);
  await using trusting = await Servers.start({ worker: false, env: { TRUST_PROXY: '127.0.0.1' } });
  await fetch(`${trusting.client().url}/livez`, { headers: { 'x-forwarded-for': '203.0.113.7' } });
  expect(trusting.log.some((line) => line.includes('TRUST_PROXY'))).toBe(false);
});
