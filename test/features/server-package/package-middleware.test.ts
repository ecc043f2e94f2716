import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { requireSession as expressSession } from '@doorstep/server/express';
import { requireSession as fastifySession } from '@doorstep/server/fastify';
import { withSession } from '@doorstep/server/fetch';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import express from 'express';
import { fastify } from 'fastify';
import { Backend, lastAddressOf, sessionOf } from '../../support/backend.js';
import { Door } from '../../support/doors.js';
import { FaultProxy } from '../../support/fault-proxy.js';
import type { Handset } from '../../support/handset.js';
import { Servers } from '../../support/servers.js';

// @doorstep/server: the same behind Express, Fastify and what is called with a Request of fetch.

const COOKIE = 'doorstep-session';
const SHOP = 'https://shop.example';
/** The product's own session, and the Doorstep session that it stands for. */
const OWN = 'x-own-session';

interface Product {
  /** Asks it for who is signed in. */
  ask(headers: Record<string, string>, method?: string): Promise<Response>;
  close(): Promise<void>;
}

const everything = <Request>(
  own: (request: Request) => string | undefined,
  from: (request: Request) => string | undefined,
) => ({
  cookie: { name: COOKIE, origins: [SHOP] },
  sessionId: (request: Request) => own(request) ?? null,
  usedFrom: (request: Request) => from(request) ?? '',
});

async function listening(server: Server): Promise<Product> {
  if (!server.listening) await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ask: (headers, method = 'GET') => fetch(url, { method, headers }),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const text = (value: string | string[] | undefined) => (typeof value === 'string' ? value : undefined);

const products: readonly (readonly [string, (door: Door, bare?: boolean) => Promise<Product>])[] = [
  [
    'Express',
    async ({ its: door }, bare) => {
      const app = express();
      const options = everything<express.Request>(
        (r) => text(r.headers[OWN]),
        (r) => text(r.headers['x-from']),
      );
      app.use(expressSession(door, bare ? {} : options));
      app.all('/', (request, response) => void response.json({ id: request.doorstep?.id ?? null }));
      return listening(app.listen(0, '127.0.0.1'));
    },
  ],
  [
    'Fastify',
    async ({ its: door }, bare) => {
      const app = fastify();
      const options = everything<{ headers: NodeJS.Dict<string | string[]> }>(
        (r) => text(r.headers[OWN]),
        (r) => text(r.headers['x-from']),
      );
      app.addHook('onRequest', fastifySession(door, bare ? {} : options));
      app.all('/', async (request) => ({ id: request.doorstep?.id ?? null }));
      await app.listen({ host: '127.0.0.1', port: 0 });
      return { ...(await listening(app.server)), close: () => app.close() };
    },
  ],
  [
    'fetch',
    async ({ its: door }, bare) => {
      const options = everything<Request>(
        (r) => r.headers.get(OWN) ?? undefined,
        (r) => r.headers.get('x-from') ?? undefined,
      );
      const handler = withSession(door, (_request, { id }) => Response.json({ id }), bare ? {} : options);
      return {
        ask: (headers, method = 'GET') => handler(new Request('http://shop.example/', { method, headers })),
        close: async () => {},
      };
    },
  ],
];

let servers: Servers;
let shop: Backend;
let phone: Handset;
let id: string;
beforeAll(async () => {
  servers = await Servers.start();
  shop = await Backend.add(servers, { ownAccounts: true });
  phone = await servers.signedUp();
  id = (await sessionOf(servers, phone)).id;
});
afterAll(() => servers[Symbol.asyncDispose]());

describe.each(products)('%s', (_name, start) => {
  let door: Door;
  let product: Product;
  beforeAll(async () => {
    door = Door.of(shop);
    product = await start(door);
  });
  afterAll(async () => {
    await product.close();
    await door[Symbol.asyncDispose]();
  });

  const bearer = (token = phone.sessionToken) => ({ authorization: `Bearer ${token}` });
  const cookie = (token = phone.sessionToken, name = COOKIE) => ({ cookie: `a=b; ${name}=${token}` });

  test.each<[string, () => Record<string, string>, string]>([
    ['a session token', () => bearer(), 'GET'],
    ['a scheme in another case', () => ({ authorization: `bearer  ${phone.sessionToken}` }), 'GET'],
    ["the cookie that shares Doorstep's host", () => cookie(), 'GET'],
    ["the cookie, from a page of one's own", () => ({ ...cookie(), origin: SHOP }), 'POST'],
    ["one's own session", () => ({ [OWN]: id }), 'GET'],
    ["one's own session, beside a scheme of another kind", () => ({ [OWN]: id, authorization: 'Basic abc' }), 'GET'],
    ['a session token, whatever the page', () => ({ ...bearer(), origin: 'https://elsewhere.example' }), 'POST'],
  ])('lets in who brings %s', async (_what, headers, method) => {
    const response = await product.ask(headers(), method);
    expect([response.status, await response.json()]).toEqual([200, { id }]);
  });

  test.each<[string, () => Record<string, string>]>([
    ['nothing', () => ({})],
    ['an empty token', () => ({ authorization: 'Bearer' })],
    ['a token of nothing', () => bearer(`ses_${'A'.repeat(43)}`)],
    ['a wrong token beside a good cookie: what is said counts', () => ({ ...bearer('wrong'), ...cookie() })],
    ['no token beside a good session of its own', () => ({ authorization: 'Bearer ', [OWN]: id })],
    ['a token without its scheme', () => ({ authorization: phone.sessionToken ?? '' })],
    [
      'two cookies of that name',
      () => ({ cookie: `${COOKIE}=${phone.sessionToken}; ${COOKIE}=${phone.sessionToken}` }),
    ],
    ['a cookie of another name', () => cookie(phone.sessionToken, `x${COOKIE}`)],
    ['an id that is none', () => ({ [OWN]: 'nonsense' })],
  ])('answers 401 to who brings %s', async (_what, headers) => {
    const response = await product.ask(headers());
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toEqual({ error: 'unauthenticated' });
  });

  test.each<[string, Record<string, string>, string]>([
    ['without saying from where', {}, 'POST'],
    ['from a page of elsewhere', { origin: 'https://evil.example' }, 'POST'],
    ['from a page of a neighbour', { origin: 'https://blog.shop.example' }, 'DELETE'],
    ['from a page in a sandbox', { origin: 'null' }, 'GET'],
    ['from a page of elsewhere that only reads', { origin: 'https://evil.example' }, 'GET'],
  ])('answers 403 to a cookie that a browser was made to send, %s', async (_what, headers, method) => {
    expect((await product.ask({ ...cookie(), ...headers }, method)).status).toBe(403);
  });

  test('counts no cookie and no session of its own unless told to', async () => {
    const bare = await start(door, true);
    expect((await bare.ask(bearer())).status).toBe(200);
    for (const headers of [cookie(), { [OWN]: id }]) expect((await bare.ask(headers)).status).toBe(401);
    await bare.close();
  });

  test('notes from where the person came, and lets in who comes from nowhere', async () => {
    for (const from of ['198.51.100.17', 'nonsense', '198.51.100.99, 10.0.0.1']) {
      expect((await product.ask({ ...bearer(), 'x-from': from })).status).toBe(200);
    }
    expect(await lastAddressOf(servers, phone)).toBe('198.51.100.17');
  });

  test('answers 503 where Doorstep cannot be asked, and tells the operator once', async () => {
    using proxy = await FaultProxy.start(servers.client().url);
    await using away = Door.of(shop, { url: proxy.url });
    const blind = await start(away);
    proxy.refuse();
    for (const headers of [bearer(), cookie(), { [OWN]: id }]) {
      const response = await blind.ask(headers);
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
      expect(await response.text()).toBe('{"error":"unavailable"}');
    }
    // Of who brings nothing there is nothing to ask.
    expect((await blind.ask({})).status).toBe(401);
    expect(away.problems.map(({ code }) => code)).toEqual(['UNREACHABLE']);
    await blind.close();
  });
});

test('what is thrown by a lookup of its own is its own fault, and no answer of Doorstep', async () => {
  await using door = Door.of(shop);
  const app = express();
  app.use(expressSession(door.its, { sessionId: () => Promise.reject(new Error('the session store is away')) }));
  app.use((error: Error, _request: express.Request, response: express.Response, _next: express.NextFunction) => {
    response.status(500).send(error.message);
  });
  const product = await listening(app.listen(0, '127.0.0.1'));
  const response = await product.ask({});
  expect([response.status, await response.text()]).toEqual([500, 'the session store is away']);
  await product.close();
});

test('who is not signed in comes through where that is wished, and still not while nobody can be asked', async () => {
  using proxy = await FaultProxy.start(servers.client().url);
  await using door = Door.of(shop, { url: proxy.url });
  const app = express();
  app.use(expressSession(door.its, { optional: true }));
  app.use((request, response) => void response.json({ session: request.doorstep }));
  const product = await listening(app.listen(0, '127.0.0.1'));
  expect(await (await product.ask({})).json()).toEqual({ session: null });
  proxy.refuse();
  expect((await product.ask({ authorization: `Bearer ${phone.sessionToken}` })).status).toBe(503);
  await product.close();
});

test('it needs nothing of Express but what Node has', async () => {
  await using door = Door.of(shop);
  const admit = expressSession(door.its);
  const server = createServer((request, response) =>
    admit(request, response, () => response.end((request as { doorstep?: { id: string } }).doorstep?.id)),
  ).listen(0, '127.0.0.1');
  const product = await listening(server);
  expect(await (await product.ask({ authorization: `Bearer ${phone.sessionToken}` })).text()).toBe(id);
  await product.close();
});
