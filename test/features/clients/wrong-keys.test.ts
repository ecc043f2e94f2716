import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Backend } from '../../support/backend.js';
import { backEnds, Servers } from '../../support/servers.js';
import { HandSocket } from '../../support/socket.js';
import { StatementCounter } from '../../support/statement-counter.js';

const MOST = 3;
const NOBODY = JSON.stringify({ query: '{ session(id: "00000000-0000-0000-0000-000000000000") { id } }' });

const wrongKey = () => `key_${randomBytes(32).toString('base64url')}`;

describe.each(backEnds)('wrong keys, counted on $name over two servers,', ({ redis }) => {
  let servers: Servers;
  let shop: Backend;
  let nextNetwork = 0;
  beforeAll(async () => {
    servers = await Servers.start({
      count: 2,
      worker: false,
      redis,
      env: { TRUST_PROXY: '127.0.0.1,::1' },
      limits: { KEY_FAILURES_PER_IP_HOUR: MOST },
    });
    shop = await Backend.add(servers);
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  const newNetwork = () => `203.0.113.${++nextNetwork}`;
  let requests = 0;
  const send = (ip: string, key: string | null) =>
    fetch(`${servers.client(++requests % 2).url}/backend/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-forwarded-for': ip,
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      },
      body: NOBODY,
    });

  test('are KEY_FAILURES_PER_IP_HOUR from one network, and a right key works all the same', async () => {
    const network = newNetwork();
    for (let nth = 0; nth < MOST; nth += 1) {
      expect((await send(network, wrongKey())).status).toBe(401);
      expect((await send(network, shop.key)).status).toBe(200);
    }
    const refused = await send(network, wrongKey());
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] });
    expect((await send(network, shop.key)).status).toBe(200);
    expect((await send(newNetwork(), wrongKey())).status).toBe(401);
  });

  test('are none where no key was brought', async () => {
    const network = newNetwork();
    for (let nth = 0; nth <= MOST; nth += 1) expect((await send(network, null)).status).toBe(401);
    expect((await send(network, wrongKey())).status).toBe(401);
  });

  test('on sockets count with those in requests, and close the socket all the same', async () => {
    const network = newNetwork();
    for (let nth = 0; nth <= MOST; nth += 1) {
      const socket = await HandSocket.open(shop.socketUrl, { headers: { 'x-forwarded-for': network } });
      socket.init(wrongKey());
      expect(await socket.closed()).toMatchObject({ code: 4401 });
    }
    expect((await send(network, wrongKey())).status).toBe(429);
    const socket = await HandSocket.open(shop.socketUrl, { headers: { 'x-forwarded-for': network } });
    socket.init(shop.key);
    expect(await socket.next()).toMatchObject({ type: 'connection_ack' });
    await socket[Symbol.asyncDispose]();
  });
});

test('a wrong key, and what cannot be one, ask PostgreSQL no less than a right one does for its name', async () => {
  const servers = await Servers.start({ worker: false, redis: backEnds.some(({ redis }) => redis) });
  const counter = await StatementCounter.start(servers.database.url);
  try {
    const app = await servers.add({ api: true, worker: false }, { DATABASE_URL: counter.url });
    const shop = await Backend.add(servers);
    const send = (key: string) =>
      fetch(`${app.url}/backend/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
        body: '{"query":"{ __typename }"}',
      });
    await send(shop.key);
    const right = await counter.during(() => send(shop.key));
    expect(right.statements).toBe(1);
    for (const key of [wrongKey(), 'key_short', 'nonsense', 'x'.repeat(5000)]) {
      const wrong = await counter.during(() => send(key));
      expect(wrong.statements).toBeGreaterThanOrEqual(right.statements);
    }
  } finally {
    await servers[Symbol.asyncDispose]();
    await counter[Symbol.asyncDispose]();
  }
});

test('no key is in the database, nor in the log', async () => {
  const servers = await Servers.start({ worker: false });
  try {
    const shop = await Backend.add(servers);
    await fetch(shop.url, { method: 'POST', headers: { authorization: `Bearer ${shop.key}` }, body: NOBODY });
    await fetch(`${shop.url}?${shop.key}`, { headers: { authorization: `Bearer ${shop.key}` } });
    const socket = await HandSocket.ready(shop.socketUrl, shop.key);
    socket.subscribe('1', '{');
    await socket.next();
    await socket[Symbol.asyncDispose]();
    const secret = shop.key.slice('key_'.length);
    expect(await servers.database.dump()).not.toContain(secret);
    expect(servers.log.join('\n')).not.toContain(secret);
  } finally {
    await servers[Symbol.asyncDispose]();
  }
});
