import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Handset } from '../support/handset.js';
import { RawConnection } from '../support/raw-connection.js';
import { Servers } from '../support/servers.js';
import { until, within } from '../support/waiting.js';

// Requests that no HTTP client makes. Each is the fault of the client, costs little, and is no error in the log.

/** Headers have ten seconds and a body fifteen, looked at every five. */
const SLOW_MS = 25_000;
/** A ping comes every twelve, and whoever has not answered the one before is gone at the second. */
const DEAF_MS = 35_000;

let servers: Servers;
let phone: Handset;
let slow: Promise<string[]>;
let deaf: Promise<string>;
let pongs: NodeJS.Timeout;
const peers: RawConnection[] = [];

beforeAll(async () => {
  servers = await Servers.start({ env: { NODE_ENV: 'production', PUBLIC_URL: 'https://doorstep.example' } });
  phone = await servers.signedUp();
  // The slow ones wait while the others are tested.
  const half = [`${head('POST /graphql')}X-Slow: `, `${head('POST /graphql')}Content-Length: 100\r\n\r\n{"query": "`];
  for (const text of half) {
    for (let nth = 0; nth < 50; nth += 1) peers.push(await sent(text));
  }
  slow = Promise.all(peers.map((peer) => peer.ended(SLOW_MS)));
  slow.catch(() => undefined);
  const peer = await sent(
    `${head('GET /graphql')}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n`,
  );
  peers.push(peer);
  // It says that it wants nothing yet, and answers pings that nobody sent.
  const init = Buffer.from('{"type":"connection_init"}');
  peer.write(Buffer.concat([Buffer.from([0x81, 0x80 | init.length, 0, 0, 0, 0]), init]));
  pongs = setInterval(() => peer.write(Buffer.from([0x8a, 0x81, 0, 0, 0, 0, 0x31])), 3_000);
  deaf = peer.ended(DEAF_MS);
  deaf.catch(() => undefined);
});
afterAll(async () => {
  clearInterval(pongs);
  for (const peer of peers) peer[Symbol.dispose]();
  await servers[Symbol.asyncDispose]();
});

function head(line: string, type = 'application/json'): string {
  return `${line} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\n`;
}

async function sent(text: string): Promise<RawConnection> {
  const connection = await RawConnection.open(servers.client().url);
  connection.write(Buffer.from(text, 'latin1'));
  return connection;
}

/** What is logged as a fault of ours meanwhile. */
async function faultsDuring(work: () => Promise<void>): Promise<string[]> {
  const { length } = servers.log;
  await work();
  return servers.log.slice(length).filter((line) => JSON.parse(line).level >= 50);
}

describe('a request within a request', () => {
  const hidden = () => {
    const body = JSON.stringify({ query: 'mutation { signOut { sessionsEnded } }' });
    const authorization = `Authorization: Bearer ${phone.sessionToken}\r\n`;
    return `${head('POST /graphql')}${authorization}Content-Length: ${body.length}\r\n\r\n${body}`;
  };
  const outer = '{"query":"{__typename}"}';

  test.each([
    ['a length beside chunks', `Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['chunks before a length', `Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n`],
    ['two lengths', `Content-Length: ${outer.length}\r\nContent-Length: 0\r\n\r\n${outer}`],
    ['the same length twice', `Content-Length: ${outer.length}\r\nContent-Length: ${outer.length}\r\n\r\n${outer}`],
    ['a list of lengths', `Content-Length: ${outer.length}, 0\r\n\r\n${outer}`],
    ['a length with a sign', `Content-Length: +${outer.length}\r\n\r\n${outer}`],
    ['a length in hexadecimal', `Content-Length: 0x18\r\n\r\n${outer}`],
    ['an encoding that is not known', 'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
    ['chunks that are not last', 'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n'],
    ['a blank before the colon', 'Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n'],
    ['a header over two lines', 'X-Folded: a\r\n Content-Length: 0\r\nContent-Length: 0\r\n\r\n'],
    ['a line that ends with CR alone', 'X-Bare: a\rContent-Length: 0\r\n\r\n'],
    ['a NUL in a header', 'X-Nul: \0\r\nContent-Length: 0\r\n\r\n'],
    ['a chunk whose length is none', 'Transfer-Encoding: chunked\r\n\r\nzz\r\n'],
    ['a chunk longer than numbers go', 'Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n'],
  ])('is not run, and nothing else is either: %s', async (_how, rest) => {
    using connection = await sent(`${head('POST /graphql')}${rest}${hidden()}`);
    await connection.ended();
    expect(connection.statuses).toEqual([400]);
    expect(await phone.viewer()).not.toBeNull();
  });

  test('that is one after the other is run for itself', async () => {
    using connection = await sent(
      `${head('POST /graphql')}Content-Length: ${outer.length}\r\n\r\n${outer}${head('GET /livez')}Connection: close\r\n\r\n`,
    );
    await connection.ended();
    expect(connection.statuses).toEqual([200, 200]);
  });
});

test.each([
  ['another protocol', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400]],
  ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc', [400]],
  ['a version that is not there', 'GET / HTTP/3.0\r\nHost: localhost\r\n\r\n', [400]],
  ['no Host', 'GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n', [400]],
  ['a header of 20,000 bytes', `${head('GET /livez')}X-Long: ${'a'.repeat(20_000)}\r\n\r\n`, [431]],
  ['three thousand headers', `${head('GET /livez')}${'X-Many: a\r\n'.repeat(3000)}\r\n`, [431]],
  ['an address of 20,000 bytes', `${head(`GET /${'a'.repeat(20_000)}`)}\r\n`, [431]],
  ['a tunnel', `${head('CONNECT evil.example:443')}\r\n`, []],
  ['its own echo', `${head('TRACE /graphql')}Connection: close\r\n\r\n`, [404]],
  ['a file', `${head('GET /../../etc/passwd')}Connection: close\r\n\r\n`, [404]],
  ['an address that decodes to nothing', `${head('GET /%zz')}Connection: close\r\n\r\n`, [404]],
  [
    'an expectation that nobody meets',
    `${head('POST /graphql')}Expect: more\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    [417],
  ],
  ['a socket by POST', `${head('POST /graphql')}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`, [400]],
  ...['/', '/livez', '/metrics', '/nowhere'].map((path): [string, string, number[]] => [
    `a socket at ${path}`,
    `${head(`GET ${path}`)}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
    [404],
  ]),
  [
    'a socket without a key',
    `${head('GET /graphql')}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    [400],
  ],
])('a request for %s is refused', async (_what, text, statuses) => {
  const faults = await faultsDuring(async () => {
    using connection = await sent(text);
    await connection.ended();
    expect(connection.statuses).toEqual(statuses);
  });
  expect(faults).toEqual([]);
});

test('a request that offers HTTP/2 in clear, as some clients always do, is answered as it is', async () => {
  const offer = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n';
  const body = '{"query":"{__typename}"}';
  using connection = await sent(`${head('POST /graphql')}${offer}Content-Length: ${body.length}\r\n\r\n${body}`);
  await until(() => connection.heard.endsWith('{"data":{"__typename":"Query"}}\n'), 'the answer');
});

describe('a body', () => {
  const post = (body: string | Buffer, headers: Record<string, string> = {}) =>
    fetch(servers.client().graphqlUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: Buffer.from(body),
    });
  const asked = (value: string) =>
    `{"query":"query($token:String!){challenge(token:$token){id}}","variables":{"token":${value}}}`;

  test.each<[string, string | Buffer, number]>([
    ['that is null', 'null', 400],
    ['that is a number', '1', 400],
    ['that is empty', '', 400],
    ['that has no members', '{}', 400],
    ['with a query that is a number', '{"query":1}', 400],
    ['with variables that are a list', '{"query":"{__typename}","variables":[1]}', 400],
    ['with a name that is a number', '{"query":"{__typename}","operationName":1}', 400],
    ['with extensions that are a number', '{"query":"{__typename}","extensions":1}', 400],
    ['that changes what every object has', '{"query":"{__typename}","__proto__":{"a":1}}', 400],
    ['that changes it the other way', '{"query":"{__typename}","constructor":{"prototype":{"a":1}}}', 400],
    ['with something after its end', '{"query":"{__typename}"} x', 400],
    ['that is no UTF-8', Buffer.from([0x7b, 0x22, 0x71, 0xff, 0xfe, 0x22, 0x7d]), 400],
    ['with half a character', '{"query":"{\\ud800__typename}"}', 400],
    ['that opens and never closes', '['.repeat(60_000), 400],
    ['with a number that is none', '{"query":"{viewer{loginActivity(first:1e400){edges{cursor}}}}"}', 400],
    ['with a variable in five thousand layers', asked(`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`), 400],
    [
      'with a variable that nobody asks for, in thirty thousand layers',
      `{"query":"{__typename}","variables":{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}}`,
      200,
    ],
    ['with a token of NUL and half a character', asked('"\\u0000\\ud800"'), 200],
    ['that is a byte too long', `{"query":"{__typename}","a":"${'x'.repeat(65_537 - 31)}"}`, 413],
  ])('%s is answered at once, and is no fault of ours', async (_what, body, status) => {
    const faults = await faultsDuring(async () => {
      const before = performance.now();
      const response = await post(body);
      expect(response.status).toBe(status);
      expect((await response.text()).length).toBeLessThan(1000);
      expect(performance.now() - before).toBeLessThan(2000);
    });
    expect(faults).toEqual([]);
  });

  test('that says it is compressed is not unpacked', async () => {
    const response = await post(Buffer.from('1f8b0800000000000003', 'hex'), { 'content-encoding': 'gzip' });
    expect(response.status).toBe(400);
  });

  test.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'])('by %s is told what it may be', async (method) => {
    const body = ['PUT', 'PATCH'].includes(method) ? 'no JSON' : undefined;
    const response = await fetch(servers.client().graphqlUrl, { method, body });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  test.each(['x-http-method-override', 'x-http-method', 'x-method-override'])(
    'whose method %s would change is read by its own',
    async (name) => {
      const response = await fetch(servers.client().graphqlUrl, { headers: { [name]: 'POST' } });
      expect(response.status).toBe(405);
    },
  );
});

test(
  'who sends half a header or half a body holds nobody up, and is cut off',
  async () => {
    expect(await phone.viewer()).not.toBeNull();
    const answers = await within(slow, 'the end of all that is slow', SLOW_MS);
    expect(answers).toHaveLength(100);
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 408 |^$/);
  },
  SLOW_MS + 5000,
);

test(
  'a socket whose peer does not read, and answers pings all the same, is cut off',
  async () => {
    await within(deaf, 'the end of the socket', DEAF_MS);
  },
  DEAF_MS + 5000,
);
