import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { endKeys } from '../../../src/clients/clients.js';
import { Backend, withDatabase } from '../../support/backend.js';
import { Servers } from '../../support/servers.js';
import { HandSocket } from '../../support/socket.js';
import { freePort } from '../../support/store.js';
import { until } from '../../support/waiting.js';

// /backend/graphql: who may ask there, and how.

const NOBODY = '{ session(id: "00000000-0000-0000-0000-000000000000") { id } }';

let servers: Servers;
let shop: Backend;
beforeAll(async () => {
  servers = await Servers.start({ limits: { FEEDS_PER_CLIENT: 2, WS_RECHECK_SECONDS: 1 } });
  shop = await Backend.add(servers);
});
afterAll(() => servers[Symbol.asyncDispose]());

const send = (
  headers: Record<string, string>,
  { method = 'POST', url = shop.url, body = JSON.stringify({ query: NOBODY }) } = {},
) => fetch(url, { method, headers, ...(method === 'GET' || method === 'HEAD' ? {} : { body }) });
const withKey = (headers: Record<string, string> = {}) => ({
  'content-type': 'application/json',
  authorization: `Bearer ${shop.key}`,
  ...headers,
});
const wrongKey = `key_${'A'.repeat(43)}`;

test('a key opens the endpoint, and where there is nothing to see null is the answer', async () => {
  expect(await shop.graphql(NOBODY)).toMatchObject({ status: 200, data: { session: null }, errors: [] });
});

describe('nobody is answered', () => {
  test.each([
    ['without a key', {}],
    ['with a wrong key', { authorization: `Bearer ${wrongKey}` }],
    ['with something that is no key', { authorization: 'Bearer nonsense' }],
    ['with a key that is no bearer token', { authorization: `Basic ${Buffer.from('key:').toString('base64')}` }],
    ['with a cookie', { cookie: `__Host-session=${wrongKey}; session=${wrongKey}`, 'session-transport': 'cookie' }],
  ])('%s: 401', async (_how, headers) => {
    const answer = await send({ 'content-type': 'application/json', ...headers });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(await answer.json()).toEqual({
      errors: [{ message: expect.any(String), extensions: { code: 'UNAUTHENTICATED' } }],
    });
  });

  test('with the session of a person', async () => {
    const phone = await servers.signedUp();
    const answer = await send({ 'content-type': 'application/json', authorization: `Bearer ${phone.sessionToken}` });
    expect(answer.status).toBe(401);
  });

  test.each(['https://evil.example', 'http://localhost:4000', 'null', ''])(
    'to a page of the origin %j, key or not: 403',
    async (origin) => {
      for (const method of ['POST', 'OPTIONS', 'PUT']) {
        const answer = await send(withKey({ origin }), { method });
        expect({ method, status: answer.status }).toEqual({ method, status: 403 });
        expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      }
      const opening = HandSocket.open(shop.socketUrl, { headers: { origin, authorization: `Bearer ${shop.key}` } });
      await expect(opening).rejects.toThrow('403');
    },
  );

  test('by another method, or in another form than JSON', async () => {
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const answer = await send(withKey(), { method, url: `${shop.url}?query=${encodeURIComponent(NOBODY)}` });
      expect({ method, status: answer.status }).toEqual({ method, status: 405 });
    }
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/graphql']) {
      expect((await send(withKey({ 'content-type': type }))).status).toBe(415);
    }
  });
});

test('a key that people use opens nothing here, and one of a backend nothing there', async () => {
  expect(await servers.client().graphql('{ viewer { id } }', {}, { token: shop.key })).toMatchObject({
    data: { viewer: null },
  });
});

describe('the rules of documents hold', () => {
  test.each([
    [
      'depth',
      `{ ${'__typename '.repeat(1)} session(id: "x") { ${'... on LiveSession { '.repeat(3)} id ${'} '.repeat(3)} nothing { a { b { c { d { e { f { g } } } } } } } } }`,
    ],
    [
      'one mutation',
      'mutation { a: endSession(sessionId: "x") { sessionsEnded } b: endSession(sessionId: "x") { sessionsEnded } }',
    ],
    ['unknown fields', '{ viewer { id } }'],
    ['aliases', `{ ${Array.from({ length: 3 }, (_, nth) => `a${nth}: session(id: "x") { id }`).join(' ')} }`],
    ['tokens', `{ ${'__typename '.repeat(1100)} }`],
  ])('%s', async (_what, query) => {
    const { status, errors } = await shop.graphql(query);
    expect(status).toBe(400);
    expect(errors[0]?.extensions.code).toMatch(/^GRAPHQL_(VALIDATION|PARSE)_FAILED$/);
  });

  test('and there are no batches', async () => {
    const answer = await send(withKey(), { body: JSON.stringify([{ query: NOBODY }, { query: NOBODY }]) });
    expect(answer.status).toBe(400);
  });
});

describe('a socket', () => {
  const ready = async (how: { init?: unknown; header?: string }) => {
    const headers: Record<string, string> = how.header === undefined ? {} : { authorization: how.header };
    const socket = await HandSocket.open(shop.socketUrl, { headers });
    socket.send({ type: 'connection_init', payload: how.init === undefined ? {} : { authorization: how.init } });
    return socket;
  };

  test.each([
    ['connection_init', { init: 'Bearer KEY' }],
    ['connection_init, without the word', { init: 'KEY' }],
    ['the upgrade', { header: 'Bearer KEY' }],
    ['both', { init: 'Bearer KEY', header: 'Bearer KEY' }],
  ])('opens with the key in %s', async (_where, { init, header }: { init?: string; header?: string }) => {
    const own = (text?: string) => text?.replace('KEY', shop.key);
    await using socket = await ready({ init: own(init), header: own(header) });
    expect(await socket.next()).toMatchObject({ type: 'connection_ack' });
    socket.subscribe('1', NOBODY);
    expect(await socket.next()).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'BAD_REQUEST' } }] });
  });

  test.each([
    ['no key', {}],
    ['a wrong one', { init: `Bearer ${wrongKey}` }],
    ['no text', { init: { key: wrongKey } }],
    ['two that differ', { init: `Bearer ${wrongKey}`, header: 'Bearer KEY' }],
    ['two that differ the other way round', { init: 'Bearer KEY', header: `Bearer ${wrongKey}` }],
  ])('is closed with 4401 where it brings %s', async (_what, how: { init?: unknown; header?: string }) => {
    const own = (text: unknown) => (typeof text === 'string' ? text.replace('KEY', shop.key) : text);
    await using socket = await ready({ init: own(how.init), header: own(how.header) as string | undefined });
    expect(await socket.closed()).toMatchObject({ code: 4401 });
  });

  test('of a client is one of FEEDS_PER_CLIENT, and of another client none of its', async () => {
    const busy = await Backend.add(servers);
    const openOne = () => HandSocket.ready(busy.socketUrl, busy.key);
    await using first = await openOne();
    await using _second = await openOne();
    const third = await HandSocket.open(busy.socketUrl);
    third.init(busy.key);
    expect(await third.closed()).toMatchObject({ code: 1013 });
    await using _other = await HandSocket.ready(shop.socketUrl, shop.key);
    await first[Symbol.asyncDispose]();
    await until(async () => {
      const again = await HandSocket.open(busy.socketUrl);
      again.init(busy.key);
      const isOpen = await Promise.race([again.next().then(() => true), again.closed().then(() => false)]);
      await again[Symbol.asyncDispose]();
      return isOpen;
    }, 'room for another socket');
  });

  test('carries FEEDS_PER_CLIENT feeds of its client, and another once one has ended', async () => {
    const busy = await Backend.add(servers);
    await using socket = await HandSocket.ready(busy.socketUrl, busy.key);
    const open = async (id: string) => {
      socket.subscribe(id, 'subscription { events { type } }');
      for (;;) {
        const message = await socket.next();
        if (message.id === id) return message;
      }
    };
    const begun = { payload: { data: { events: { type: 'HEARTBEAT' } } } };
    expect(await open('1')).toMatchObject(begun);
    expect(await open('2')).toMatchObject(begun);
    expect(await open('3')).toMatchObject({ payload: { errors: [{ extensions: { code: 'RATE_LIMITED' } }] } });
    socket.send({ type: 'complete', id: '1' });
    expect(await open('4')).toMatchObject(begun);
  });

  test('finds a place although strangers from its network hold all of theirs', async () => {
    await using few = await Servers.start({ limits: { WS_ANONYMOUS_SOCKETS_PER_IP: 1 } });
    const backend = await Backend.add(few);
    await using _stranger = await HandSocket.ready(few.client().socketUrl);
    const another = await HandSocket.open(few.client().socketUrl);
    expect(await another.closed()).toMatchObject({ code: 1013 });
    await using socket = await HandSocket.ready(backend.socketUrl, backend.key);
    expect(socket).toBeDefined();
  });

  test('that was closed while its key was looked up counts no more', async () => {
    const busy = await Backend.add(servers);
    await servers.database.holding('lock table api_client_key in access exclusive mode', [], async (held) => {
      for (let nth = 0; nth < 3; nth += 1) {
        const socket = await HandSocket.open(busy.socketUrl);
        socket.init(busy.key);
        await held.waiters(nth + 1);
        await socket[Symbol.asyncDispose]();
      }
    });
    await until(async () => {
      const socket = await HandSocket.open(busy.socketUrl);
      socket.init(busy.key);
      const isOpen = await Promise.race([socket.next().then(() => true), socket.closed().then(() => false)]);
      await socket[Symbol.asyncDispose]();
      return isOpen;
    }, 'room for a socket');
  });

  test('ends with its key, and a request by it is refused at once', async () => {
    const stolen = await Backend.add(servers);
    await using socket = await HandSocket.ready(stolen.socketUrl, stolen.key);
    await withDatabase(servers.database.url, (db) => db.transaction((tx) => endKeys(tx, stolen.name, 'ALL')));
    expect((await stolen.graphql(NOBODY)).status).toBe(401);
    expect(await socket.closed()).toEqual({ code: 4401, reason: 'Key ended' });
  });
});

describe('while the database is away', () => {
  test('a request is an error, never null, and a socket is told to come back', async () => {
    await servers.database.away(async () => {
      const answer = await shop.graphql(NOBODY);
      expect(answer).toMatchObject({
        status: 500,
        data: null,
        errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
      });
      const socket = await HandSocket.open(shop.socketUrl);
      socket.init(shop.key);
      expect(await socket.closed()).toMatchObject({ code: 1013 });
    });
    await until(async () => (await shop.graphql(NOBODY)).status === 200, 'the way back');
  });
});

describe('with BACKEND_PORT', () => {
  test('backends are served there, and there alone', async () => {
    const port = await freePort();
    const app = await servers.add({ api: true, worker: false }, { BACKEND_PORT: String(port) });
    const there = `http://127.0.0.1:${port}`;
    expect((await shop.at(there).graphql(NOBODY)).status).toBe(200);
    expect((await send(withKey(), { url: `${app.url}/backend/graphql` })).status).toBe(404);
    expect((await send(withKey(), { url: `${there}/graphql` })).status).toBe(404);
    expect((await fetch(`${there}/readyz`)).status).toBe(200);
    await using socket = await HandSocket.ready(shop.at(there).socketUrl, shop.key);
    await expect(HandSocket.open(`ws://127.0.0.1:${port}/graphql`)).rejects.toThrow('404');
    await expect(HandSocket.open(`${app.url?.replace('http', 'ws')}/backend/graphql`)).rejects.toThrow('404');
    const closed = socket.closed();
    await app.close();
    expect(await closed).toMatchObject({ code: 1001 });
  });
});
