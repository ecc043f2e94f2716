import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { endKeys } from '../../../src/clients/clients.js';
import { Backend, sessionOf, withDatabase } from '../../support/backend.js';
import { END_SESSION, END_TRUST, TAKE_DEVICE } from '../../support/backend-operations.js';
import type { Handset } from '../../support/handset.js';
import { asA } from '../../support/outcomes.js';
import { changePassword, deviceOf, letIn, removeDevice } from '../../support/owner.js';
import { cookieOf, idsIn, type RawHeaders, sendRaw } from '../../support/proxy-question.js';
import { backEnds, Servers } from '../../support/servers.js';
import { StatementCounter } from '../../support/statement-counter.js';
import { freePort } from '../../support/store.js';
import { until } from '../../support/waiting.js';

// /forward-auth: what a proxy asks about a request that it has.

/** The site that the proxy stands in front of. */
const SITE = ['X-Forwarded-Proto', 'http', 'X-Forwarded-Host', 'localhost:8080'];
const GET = ['X-Forwarded-Method', 'GET', ...SITE];
const POST = ['X-Forwarded-Method', 'POST', ...SITE];
const from = (origin: string) => ['Origin', origin];
const bearer = ({ sessionToken }: Pick<Handset, 'sessionToken'>) => ['Authorization', `Bearer ${sessionToken}`];

let servers: Servers;
let phone: Handset;
/** `/forward-auth` of a server whose statements are counted. */
let counted: string;
let counter: StatementCounter;
beforeAll(async () => {
  const redis = backEnds.some((backEnd) => backEnd.redis);
  servers = await Servers.start({
    count: 2,
    redis,
    env: { RETURN_ORIGINS: 'http://localhost:8080,http://127.0.0.1:8080,https://localhost:8080,http://shop.example' },
  });
  phone = await servers.trusted();
  counter = await StatementCounter.start(servers.database.url);
  const app = await servers.add({ api: true, worker: false }, { DATABASE_URL: counter.url });
  counted = `${app.url}/forward-auth`;
});
afterAll(async () => {
  await servers[Symbol.asyncDispose]();
  await counter[Symbol.asyncDispose]();
});

const ask = (headers: RawHeaders, { nth = 0, query = '', method = 'GET' } = {}) =>
  sendRaw(`${servers.client(nth).url}/forward-auth${query}`, headers, { method });
const statusOf = async (headers: RawHeaders, how: { nth?: number; query?: string } = {}) =>
  (await ask(headers, how)).status;

describe('somebody who is signed in', () => {
  test.each(['GET', 'HEAD'])(
    'is told to a %s by ids alone, by cookie and by Authorization, on every server',
    async (method) => {
      const { id, accountId, deviceId } = await sessionOf(servers, phone);
      for (const nth of [0, 1]) {
        for (const credentials of [cookieOf(phone), bearer(phone)]) {
          const answer = await ask([...GET, ...credentials], { nth, method });
          expect(answer).toMatchObject({ status: 204, body: '' });
          expect(idsIn(answer)).toEqual({ id, accountId, deviceId });
          expect(Object.keys(answer.headers).filter((name) => name.startsWith('doorstep-'))).toHaveLength(3);
          expect(answer.headers).toMatchObject({ 'cache-control': 'no-store' });
          expect(answer.headers['set-cookie']).toBeUndefined();
          expect(JSON.stringify(answer.headers)).not.toContain(phone.owner.email.split('@')[0]);
        }
      }
    },
  );

  test('is told beside other cookies, and beside an Authorization that is not ours', async () => {
    const [, ours = ''] = cookieOf(phone);
    expect(await statusOf([...GET, 'Cookie', `a=b; ${ours};c=d`])).toBe(204);
    expect(await statusOf([...GET, 'Cookie', 'a=b', 'Cookie', ours])).toBe(204);
    expect(await statusOf([...GET, ...cookieOf(phone), 'Authorization', 'Basic c2hvcDpzaG9w'])).toBe(204);
  });

  test('is told by what the answer says, whatever identity the request claims', async () => {
    const { id, accountId, deviceId } = await sessionOf(servers, phone);
    const claims = ['Doorstep-Account', randomUUID(), 'doorstep-account', 'x', 'Doorstep_Account', 'y'];
    expect(idsIn(await ask([...GET, ...claims, ...cookieOf(phone)]))).toEqual({ id, accountId, deviceId });
    expect(idsIn(await ask([...GET, ...claims]))).toEqual({ id: null, accountId: null, deviceId: null });
  });
});

describe('nobody is let in', () => {
  const nothing = `ses_${'A'.repeat(43)}`;

  test.each<[string, RawHeaders]>([
    ['nothing', []],
    ['an empty cookie', ['Cookie', 'doorstep-session=']],
    ['a cookie of nothing', ['Cookie', `doorstep-session=${nothing}`]],
    ['a cookie that is no token', ['Cookie', 'doorstep-session=%00%ff']],
    ['an Authorization of nothing', ['Authorization', `Bearer ${nothing}`]],
    ['an Authorization that is empty', ['Authorization', 'Bearer']],
    ['identity headers of its own', ['Doorstep-Account', randomUUID(), 'Doorstep-Session', randomUUID()]],
  ])('by %s: 401', async (_what, headers) => {
    const answer = await ask([...GET, ...headers]);
    expect(answer.status).toBe(401);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'www-authenticate': 'Bearer' });
    expect(idsIn(answer)).toEqual({ id: null, accountId: null, deviceId: null });
    expect(JSON.parse(answer.body)).toEqual({
      errors: [{ message: expect.any(String), extensions: { code: 'UNAUTHENTICATED' } }],
    });
  });

  test('by what opens something else, or in a place where no token is looked for', async () => {
    asA('SignedIn', await phone.signIn());
    const { token } = await phone.another('Laptop').challenged();
    const session = phone.sessionToken;
    for (const headers of [
      ['Authorization', `Bearer ${phone.deviceToken}`],
      ['Authorization', `Bearer ${token}`],
      ['Cookie', `doorstep-session=${phone.deviceToken}`],
      ['Authorization', `Basic ${session}`],
      ['Authorization', `Token ${session}`],
      ['Authorization', `${session}`],
      ['Cookie', `__Host-doorstep-session=${session}`],
      ['Cookie', `Doorstep-Session=${session}`],
      ['Cookie', `xdoorstep-session=${session}`],
      ['Doorstep-Session', `${session}`],
      ['X-Authorization', `Bearer ${session}`],
    ]) {
      expect([headers[0], await statusOf([...GET, ...headers])]).toEqual([headers[0], 401]);
    }
    expect(await statusOf(GET, { query: `?token=${session}` })).toBe(400);
  });

  test('by two tokens that differ, wherever they stand; one that comes twice is one', async () => {
    const other = await servers.signedUp();
    const [, ours = ''] = cookieOf(phone);
    const [, theirs = ''] = cookieOf(other);
    for (const headers of [
      [...bearer(phone), ...cookieOf(other)],
      ['Authorization', 'Bearer eyJhbGciOi', ...cookieOf(phone)],
      ['Authorization', 'Bearer ', ...cookieOf(phone)],
      [...bearer(phone), ...bearer(other)],
      ['Cookie', `${ours}; ${theirs}`],
      ['Cookie', `${ours}; a=b;${theirs}`],
      ['Cookie', ours, 'Cookie', theirs],
    ]) {
      expect([headers[0], await statusOf([...GET, ...headers])]).toEqual([headers[0], 401]);
    }
    expect(await statusOf([...GET, ...bearer(phone), ...bearer(phone), ...cookieOf(phone)])).toBe(204);
    expect(await statusOf([...GET, 'Cookie', `${ours}; ${ours}`])).toBe(204);
  });
});

describe('a request that may change something counts its cookie where it comes from a page of the host itself:', () => {
  const methods: [string, RawHeaders][] = [
    ...['POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'TRACE', 'PROPFIND', 'get', 'Head', ''].map(
      (method): [string, RawHeaders] => [`the method '${method}'`, ['X-Forwarded-Method', method]],
    ),
    ['two methods', ['X-Forwarded-Method', 'GET', 'X-Forwarded-Method', 'POST']],
    ['one method twice', ['X-Forwarded-Method', 'GET', 'x-forwarded-method', 'GET']],
    ['no method', []],
    ['a method under another name', ['X-Original-Method', 'GET', 'X_Forwarded_Method', 'GET']],
  ];

  test.each(methods)('by its method: %s', async (_what, headers) => {
    const request = [...headers, ...SITE, ...cookieOf(phone)];
    expect(await statusOf(request)).toBe(401);
    expect(await statusOf([...request, ...from('http://evil.example')])).toBe(401);
    expect(await statusOf([...request, ...from('http://localhost:8080')])).toBe(204);
    expect(await statusOf([...headers, ...SITE, ...bearer(phone)])).toBe(204);
  });

  const upgrades: [string, RawHeaders][] = [
    [
      'an upgrade as Caddy passes it on',
      ['Connection', 'Upgrade', 'Upgrade', 'websocket', 'Sec-WebSocket-Key', 'a2V5'],
    ],
    ['an upgrade as nginx passes it on', ['Upgrade', 'websocket']],
    ['an upgrade to anything', ['Upgrade', 'h2c']],
    [
      'a handshake without its Upgrade, as Traefik leaves it',
      ['Sec-WebSocket-Key', 'a2V5', 'Sec-WebSocket-Version', '13'],
    ],
    ['a handshake over HTTP/2', ['Sec-WebSocket-Version', '13']],
    ['a mode that browsers say', ['Sec-Fetch-Mode', 'websocket']],
  ];

  test.each(upgrades)('as an upgrade: %s', async (_what, headers) => {
    const request = [...GET, ...headers, ...cookieOf(phone)];
    expect(await statusOf(request)).toBe(401);
    expect(await statusOf([...request, ...from('http://evil.example')])).toBe(401);
    expect(await statusOf([...request, ...from('http://localhost:8080')])).toBe(204);
    expect(await statusOf([...GET, ...headers, ...bearer(phone)])).toBe(204);
  });

  test.each([
    ['ws', 'http'],
    ['wss', 'https'],
  ])('the scheme %s, whose pages are those of %s', async (scheme, ofPages) => {
    const said = ['X-Forwarded-Method', 'GET', 'X-Forwarded-Proto', scheme, 'X-Forwarded-Host', 'shop.example'];
    expect(await statusOf([...said, ...cookieOf(phone)])).toBe(401);
    expect(await statusOf([...said, ...cookieOf(phone), ...from(`${ofPages}://shop.example`)])).toBe(204);
    expect(await statusOf([...said, ...cookieOf(phone), ...from(`${scheme}://shop.example`)])).toBe(401);
  });

  test('what cannot change anything needs no Origin, and whichever comes stops nothing', async () => {
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      const request = ['X-Forwarded-Method', method, ...SITE, ...cookieOf(phone)];
      expect([method, await statusOf(request)]).toEqual([method, 204]);
      expect([method, await statusOf([...request, ...from('http://evil.example')])]).toEqual([method, 204]);
    }
  });

  test.each([
    'http://localhost:8080/',
    'http://localhost:80800',
    'http://localhost',
    'https://localhost:8080',
    'HTTP://localhost:8080',
    'http://LOCALHOST:8080',
    'http://localhost.:8080',
    'http://a@localhost:8080',
    'http://127.0.0.1:8080',
    'http://evil.example, http://localhost:8080',
    'localhost:8080',
    'null',
    '*',
    '',
  ])('the Origin %j is not that of the host', async (origin) => {
    expect(await statusOf([...POST, ...from(origin), ...cookieOf(phone)])).toBe(401);
  });

  test('two Origins are none', async () => {
    expect(
      await statusOf([...POST, ...from('http://localhost:8080'), ...from('http://evil.example'), ...cookieOf(phone)]),
    ).toBe(401);
  });

  test('our own pages are of the host; where the proxy does not say which host it is, they alone are', async () => {
    const method = ['X-Forwarded-Method', 'POST', ...cookieOf(phone)];
    expect(await statusOf([...POST, ...from('http://localhost:4000'), ...cookieOf(phone)])).toBe(204);
    expect(await statusOf([...method, ...from('http://localhost:4000')])).toBe(204);
    for (const said of [
      [],
      ['X-Forwarded-Host', 'localhost:8080'],
      ['X-Forwarded-Proto', 'http'],
      ['X-Forwarded-Proto', 'http', 'X-Forwarded-Host', ''],
      ['X-Forwarded-Proto', 'HTTP', 'X-Forwarded-Host', 'localhost:8080'],
      ['X-Forwarded-Proto', 'http', 'X-Forwarded-Host', 'localhost:8080', 'X-Forwarded-Host', 'localhost:8080'],
      ['X-Forwarded-Proto', 'http', 'X_Forwarded_Host', 'localhost:8080', 'Host', 'localhost:8080'],
      ['X-Forwarded-Proto', 'constructor', 'X-Forwarded-Host', 'localhost:8080'],
    ]) {
      expect([said, await statusOf([...method, ...said, ...from('http://localhost:8080')])]).toEqual([said, 401]);
    }
  });
});

describe('the people of', () => {
  test('no client are those who opened their accounts themselves, and of a client its own', async () => {
    const shop = await Backend.add(servers);
    const bank = await Backend.add(servers, { ownAccounts: true });
    const subject = await servers.trusted();
    await shop.holds(servers, subject);
    const whom = async (query: string) => [
      await statusOf([...GET, ...cookieOf(phone)], { query }),
      await statusOf([...GET, ...cookieOf(subject)], { query }),
    ];
    expect(await whom('')).toEqual([204, 401]);
    for (const name of [shop.id, shop.name, shop.id.toUpperCase()]) {
      expect(await whom(`?client=${name}`)).toEqual([401, 204]);
    }
    expect(await whom(`?client=${bank.name}`)).toEqual([204, 401]);
  });

  test.each([
    ['a name of nobody', 'nobody'],
    ['an id of nobody', randomUUID()],
    ['nothing', ''],
    ['a NUL', '%00'],
    ['a wildcard', '%25'],
    ['SQL', "'%20or%20true--"],
    ['a text without end', 'a'.repeat(10_000)],
  ])('%s are nobody: 401', async (_what, client) => {
    expect(await statusOf([...GET, ...cookieOf(phone)], { query: `?client=${client}` })).toBe(401);
  });

  test('a client that may not check sessions are nobody: 401', async () => {
    const deaf = await Backend.add(servers, { ownAccounts: true, scopes: ['people', 'events', 'verify'] });
    expect(await statusOf([...GET, ...cookieOf(phone)], { query: `?client=${deaf.id}` })).toBe(401);
  });

  test('a client that has ended are nobody from that moment on, nor are they those of the next one of its name', async () => {
    const shop = await Backend.add(servers);
    const subject = await servers.trusted();
    await shop.holds(servers, subject);
    const asked = () => statusOf([...GET, ...cookieOf(subject)], { query: `?client=${shop.name}`, nth: 1 });
    expect(await asked()).toBe(204);
    await withDatabase(servers.database.url, (db) => db.transaction((tx) => endKeys(tx, shop.name, 'ALL')));
    expect(await asked()).toBe(401);
    await Backend.add(servers, { name: shop.name });
    expect(await asked()).toBe(401);
  });

  test('a client whose name is the id of another are not told by it', async () => {
    const shop = await Backend.add(servers);
    await Backend.add(servers, { name: shop.id, ownAccounts: true });
    expect(await statusOf([...GET, ...cookieOf(phone)], { query: `?client=${shop.id}` })).toBe(401);
  });

  test.each([
    '?client=a&client=b',
    '?client=development&client',
    '?page=2',
    '?clients=a',
    '?redirect=yes',
    '?redirect&redirect',
  ])('whomever %s means: 400, since a visitor may have written it', async (query) => {
    const answer = await ask([...GET, ...cookieOf(phone)], { query });
    expect(answer.status).toBe(400);
    expect(idsIn(answer)).toEqual({ id: null, accountId: null, deviceId: null });
  });
});

describe('is refused on both servers at once', () => {
  let shop: Backend;
  beforeAll(async () => {
    shop = await Backend.add(servers, { ownAccounts: true });
  });

  test.each<[string, (own: Handset) => Promise<unknown>]>([
    ['who has signed out', (own) => own.signOut()],
    [
      'whose session a backend has ended',
      async (own) => shop.ask(END_SESSION, { sessionId: (await sessionOf(servers, own)).id }),
    ],
    [
      'whose device a backend has removed',
      async (own) => shop.ask(TAKE_DEVICE, { deviceId: (await sessionOf(servers, own)).deviceId }),
    ],
    [
      'whose trust has ended',
      async (own) => shop.ask(END_TRUST, { accountId: (await sessionOf(servers, own)).accountId, reason: 'CLOSED' }),
    ],
    [
      'who was away for too long',
      async (own) => servers.database.age('session', '100 days', 'id = $1', [(await sessionOf(servers, own)).id]),
    ],
  ])('%s', async (_who, end) => {
    const own = await servers.trusted();
    const told = () => Promise.all([0, 1].map((nth) => statusOf([...GET, ...cookieOf(own)], { nth })));
    expect(await told()).toEqual([204, 204]);
    await end(own);
    expect(await told()).toEqual([401, 401]);
  });

  test('whose device its owner has removed, and who has the token from before a change of the password', async () => {
    const own = await servers.trusted();
    const laptop = own.another('Laptop');
    await letIn(own, laptop);
    const before = cookieOf(own);
    const stolen = cookieOf(laptop);
    await removeDevice(own, (await deviceOf(laptop)).id);
    await changePassword(own, 'another-lantern-17-quartz', { signOutOtherDevices: false });
    for (const nth of [0, 1]) {
      expect(await statusOf([...GET, ...stolen], { nth })).toBe(401);
      expect(await statusOf([...GET, ...before], { nth })).toBe(401);
      expect(await statusOf([...GET, ...cookieOf(own)], { nth })).toBe(204);
    }
  });
});

describe('asking', () => {
  const traces = (sessionId: string) =>
    servers.database.row<{ usedAt: Date | null; seenAt: Date; ip: string }>(
      `select s.last_used_at as "usedAt", d.last_seen_at as "seenAt", d.last_ip_address as ip
       from session s join device d on d.id = s.device_id where s.id = $1`,
      [sessionId],
    );

  /** A session that a challenge has opened, and whose token has never come. */
  async function unused(): Promise<Handset> {
    const laptop = phone.another(`Laptop ${randomUUID().slice(0, 8)}`);
    await letIn(phone, laptop);
    return laptop;
  }

  test('is one statement, and moves no address and no last-seen', async () => {
    const shop = await Backend.add(servers, { ownAccounts: true });
    const { id } = await sessionOf(servers, phone);
    await servers.database.age('session', '2 hours', 'id = $1', [id]);
    const before = await traces(id);
    const forwarded = [...GET, 'X-Forwarded-For', '198.51.100.7', 'X-Real-IP', '198.51.100.7'];
    for (const query of ['', `?client=${shop.name}`, `?client=${shop.id}`, '?client=nobody']) {
      await sendRaw(`${counted}${query}`, [...forwarded, ...cookieOf(phone)]);
      const asked = await counter.during(() => sendRaw(`${counted}${query}`, [...forwarded, ...cookieOf(phone)]));
      expect([query, asked]).toEqual([query, { statements: 1, roundTrips: 1 }]);
    }
    expect(await traces(id)).toEqual(before);
  });

  test('is none where there is no token that could be one, or whose cookie does not count', async () => {
    const requests = [GET, [...GET, 'Cookie', 'doorstep-session=nonsense'], [...POST, ...cookieOf(phone)]];
    for (const headers of requests) {
      expect((await counter.during(() => sendRaw(counted, headers))).statements).toBe(0);
    }
  });

  test('stops the clock of an unused session, once', async () => {
    const laptop = await unused();
    const { id } = await sessionOf(servers, laptop);
    const { ip, seenAt } = await traces(id);
    const first = await counter.during(() => sendRaw(counted, [...GET, ...cookieOf(laptop)]));
    expect(first.statements).toBe(2);
    const arrived = await traces(id);
    expect(arrived).toEqual({ ip, seenAt, usedAt: expect.any(Date) });
    expect((await counter.during(() => sendRaw(counted, [...GET, ...cookieOf(laptop)]))).statements).toBe(1);
    expect(await traces(id)).toEqual(arrived);
    await servers.database.age('session', '11 minutes', 'id = $1', [id]);
    expect(await statusOf([...GET, ...cookieOf(laptop)])).toBe(204);
  });

  test('by sixteen at once is answered the same to all', async () => {
    const laptop = await unused();
    const asked = Array.from({ length: 16 }, (_, nth) => statusOf([...GET, ...cookieOf(laptop)], { nth: nth % 2 }));
    expect(await Promise.all(asked)).toEqual(Array(16).fill(204));
  });

  test('where nobody of those people is signed in stops no clock', async () => {
    const laptop = await unused();
    const { id } = await sessionOf(servers, laptop);
    expect(await statusOf([...GET, ...cookieOf(laptop)], { query: '?client=nobody' })).toBe(401);
    expect(await statusOf([...POST, ...cookieOf(laptop)])).toBe(401);
    expect((await traces(id)).usedAt).toBeNull();
  });

  test('while the session ends waits for its end, and is told of it', async () => {
    const laptop = await unused();
    const { id } = await sessionOf(servers, laptop);
    const end = 'update session set ended_at = clock_timestamp() where id = $1';
    await servers.database.holding(end, [id], async (held) => {
      const asked = statusOf([...GET, ...cookieOf(laptop)]);
      await held.waiters(1);
      await held.release();
      expect(await asked).toBe(401);
    });
  });
});

test('while the database is away the answer is 503, never 401 and never let in', async () => {
  await servers.database.away(async () => {
    for (const headers of [cookieOf(phone), bearer(phone)]) {
      for (const query of ['', '?client=shop', '?redirect=1']) {
        const answer = await ask([...GET, ...headers, 'Accept', 'text/html', 'X-Forwarded-Uri', '/'], { query });
        expect([query, answer.status]).toEqual([query, 503]);
        expect(idsIn(answer)).toEqual({ id: null, accountId: null, deviceId: null });
        expect(answer.headers).toMatchObject({ 'cache-control': 'no-store' });
      }
    }
  });
  await until(async () => (await statusOf([...GET, ...cookieOf(phone)])) === 204, 'the way back');
});

describe('a person who opens a page and is not signed in', () => {
  const opened = ['Accept', 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8', 'X-Forwarded-Uri', '/a?b=1&c=%26'];
  const signIn = (page: string) => `http://localhost:4000/?${new URLSearchParams({ return_to: page })}`;

  test('is led to the sign-in page, and back to that page', async () => {
    const location = signIn('http://localhost:8080/a?b=1&c=%26');
    for (const headers of [[], ['Cookie', `doorstep-session=ses_${'A'.repeat(43)}`], ['Sec-Fetch-Mode', 'navigate']]) {
      const told = await ask([...GET, ...opened, ...headers]);
      expect(told).toMatchObject({ status: 401, headers: { location, 'cache-control': 'no-store' } });
      const led = await ask([...GET, ...opened, ...headers], { query: '?redirect=1' });
      expect(led).toMatchObject({ status: 302, body: '', headers: { location, 'cache-control': 'no-store' } });
      const page = new URL(location).searchParams.get('return_to');
      expect(page).toBe('http://localhost:8080/a?b=1&c=%26');
    }
    expect(await ask([...GET, ...opened], { query: '?client=nobody&redirect' })).toMatchObject({ status: 401 });
  });

  test.each([`/${'é'.repeat(600)}`, '/back?code=1', '/back?a=b&state=1'])(
    "is led back to the host's first page where the pages would not lead to %s",
    async (uri) => {
      const answer = await ask([...GET, 'Accept', 'text/html', 'X-Forwarded-Uri', Buffer.from(uri).toString('latin1')]);
      expect(answer.headers.location).toBe(signIn('http://localhost:8080/'));
    },
  );

  const without = (name: string) => [...GET, ...opened].filter((_, nth, all) => all[nth - (nth % 2)] !== name);
  test.each<[string, RawHeaders]>([
    ['no page of a person is wanted', [...without('Accept'), 'Accept', 'application/json']],
    ['nothing says what is wanted', without('Accept')],
    ['a script asks', [...GET, ...opened, 'Sec-Fetch-Mode', 'cors']],
    ['it changes something', [...POST, ...opened]],
    ['it asks what it may', ['X-Forwarded-Method', 'OPTIONS', ...SITE, ...opened]],
    ['the method is not told', without('X-Forwarded-Method')],
    ['the host is not told', without('X-Forwarded-Host')],
    ['the scheme is not told', without('X-Forwarded-Proto')],
    ['the address is not told', without('X-Forwarded-Uri')],
    ['it is an upgrade', [...GET, ...opened, 'Upgrade', 'websocket']],
    ['a token comes in a header', [...GET, ...opened, 'Authorization', `Bearer ses_${'A'.repeat(43)}`]],
  ])('is told 401 alone where %s', async (_what, headers) => {
    for (const query of ['', '?redirect=1']) {
      const answer = await ask(headers, { query });
      expect(answer.status).toBe(401);
      expect(answer.headers.location).toBeUndefined();
    }
  });

  test.each<[string, string, string]>([
    ['an origin that is not listed', 'localhost:9999', '/'],
    ['a listed one that our cookies do not reach', 'shop.example', '/'],
    ['another name of this machine, where nobody is signed in', '127.0.0.1:8080', '/'],
    ['an address that continues the host', 'localhost:8080', '.evil.example/'],
    ['an address that turns the host into a user', 'localhost:8080', '@evil.example/'],
    ['a host with a path', 'localhost:8080/a', '/'],
    ['a host with a user', 'localhost:8080@evil.example', '/'],
    ['a host written otherwise', 'LOCALHOST:8080', '/'],
    ['a whole address', 'localhost:8080', 'http://evil.example/'],
  ])('is led nowhere from %s', async (_what, host, uri) => {
    const said = ['X-Forwarded-Method', 'GET', 'X-Forwarded-Proto', 'http', 'X-Forwarded-Host', host];
    const answer = await ask([...said, 'Accept', 'text/html', 'X-Forwarded-Uri', uri], { query: '?redirect=1' });
    expect(answer.status).toBe(401);
    expect(answer.headers.location).toBeUndefined();
  });

  test('is never led to another scheme, since the cookie of the one is not that of the other', async () => {
    const said = ['X-Forwarded-Method', 'GET', 'X-Forwarded-Proto', 'https', 'X-Forwarded-Host', 'localhost:8080'];
    expect((await ask([...said, ...opened])).headers.location).toBeUndefined();
  });

  test.each(['//evil.example/', '/\\evil.example/', '/..//evil.example/', '/%0d%0aSet-Cookie:a=b', '/@evil.example'])(
    'is led back to the host whatever address there is: %j',
    async (uri) => {
      const { headers } = await ask([...GET, 'Accept', 'text/html', 'X-Forwarded-Uri', uri]);
      const page = new URL(headers.location ?? '').searchParams.get('return_to') ?? '';
      expect(new URL(page).origin).toBe('http://localhost:8080');
    },
  );

  test('is not led on where somebody is signed in, but none of the people who are let in: it would never end', async () => {
    const answer = await ask([...GET, ...opened, ...cookieOf(phone)], { query: '?client=nobody&redirect=1' });
    expect(answer.status).toBe(401);
    expect(answer.headers.location).toBeUndefined();
  });
});

test('is asked by GET and HEAD alone, before a body is read', async () => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    const url = `${servers.client().url}/forward-auth`;
    const answer = await sendRaw(url, [...GET, ...cookieOf(phone), 'content-length', '1'], { method, body: '{' });
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
    expect(idsIn(answer)).toEqual({ id: null, accountId: null, deviceId: null });
  }
});

test('a page of a browser may read no answer', async () => {
  const { headers } = await ask([...GET, ...from('http://localhost:8080'), ...cookieOf(phone)]);
  expect(headers['access-control-allow-origin']).toBeUndefined();
});

test('on https the one cookie that counts is bound to the host', async () => {
  const app = await servers.add({ api: true, worker: false }, { PUBLIC_URL: 'https://doorstep.example' });
  const told = async (name: string) =>
    (await sendRaw(`${app.url}/forward-auth`, [...GET, 'Cookie', `${name}=${phone.sessionToken}`])).status;
  expect(await told('__Host-doorstep-session')).toBe(204);
  expect(await told('doorstep-session')).toBe(401);
  expect(await told('__Secure-doorstep-session')).toBe(401);
});

test('with BACKEND_PORT proxies are answered there, and there alone', async () => {
  const port = await freePort();
  const app = await servers.add({ api: true, worker: false }, { BACKEND_PORT: String(port) });
  const upgrade = ['Connection', 'Upgrade', 'Upgrade', 'websocket', 'Sec-WebSocket-Key', 'a2V5'];
  const there = `http://127.0.0.1:${port}/forward-auth`;
  expect((await sendRaw(there, [...GET, ...cookieOf(phone)])).status).toBe(204);
  expect((await sendRaw(there, [...GET, ...upgrade, ...cookieOf(phone)])).status).toBe(401);
  expect((await sendRaw(`${app.url}/forward-auth`, [...GET, ...cookieOf(phone)])).status).toBe(404);
});
