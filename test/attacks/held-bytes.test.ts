import { randomInt } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Handset } from '../support/handset.js';
import { RawConnection } from '../support/raw-connection.js';
import { Servers } from '../support/servers.js';
import { until } from '../support/waiting.js';

// What one connection makes the server keep, whatever its peer does or does not: 1 MiB at most. Peers and server are in
// one process, so what the peers keep themselves is counted too; they read nothing, or forget what they read.

const CONNECTIONS = 20;
const BYTES_MOST = 1_048_576;
/** What is sent by each at most: three times what may be kept. */
const SENT = 3 * BYTES_MOST;

let servers: Servers;
let phone: Handset;
let collect: () => void;

beforeAll(async () => {
  setFlagsFromString('--expose-gc');
  collect = runInNewContext('gc') as () => void;
  servers = await Servers.start({ limits: { WS_INIT_SECONDS: 60, WS_ANONYMOUS_SOCKETS_PER_IP: 1_000 } });
  phone = await servers.signedUp();
  // What is read, compiled and compressed when it is first asked for.
  await (await fetch(`${phone.client.url}/playground/graphiql.js`)).arrayBuffer();
});
afterAll(() => servers[Symbol.asyncDispose]());

function heldBytes(): number {
  for (let nth = 0; nth < 3; nth += 1) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function residentBytes(): number {
  heldBytes();
  return process.memoryUsage().rss;
}

/** What each of many connections costs once it has done its worst, or was cut off for it. */
async function bytesEach(
  worst: (connection: RawConnection) => Promise<void>,
  measure = heldBytes,
  count = CONNECTIONS,
): Promise<number> {
  {
    using first = await RawConnection.open(phone.client.url);
    await worst(first);
  }
  const connections: RawConnection[] = [];
  const before = measure();
  try {
    for (let nth = 0; nth < count; nth += 1) connections.push(await RawConnection.open(phone.client.url));
    await Promise.all(connections.map(worst));
    // Everything that came before it was read.
    await phone.viewer();
    await phone.viewer();
    return (measure() - before) / count;
  } finally {
    for (const connection of connections) connection[Symbol.dispose]();
  }
}

/** A frame of a client (RFC 6455, 5.2) under a mask of zeros. */
function frame(opcode: number, payload = '', isLast = true): Buffer {
  const bytes = Buffer.from(payload);
  const length = bytes.length < 126 ? [0x80 | bytes.length] : [0x80 | 126, bytes.length >> 8, bytes.length & 0xff];
  return Buffer.concat([Buffer.from([(isLast ? 0x80 : 0) | opcode, ...length, 0, 0, 0, 0]), bytes]);
}

const TEXT = 0x1;
const MORE = 0x0;
const PING = 0x9;
const PONG = 0xa;

async function upgraded(connection: RawConnection, headers = ''): Promise<void> {
  connection.write(
    'GET /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
      `Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n${headers}\r\n`,
  );
  await until(() => connection.heard.includes('\r\n\r\n'), 'the upgrade');
}

async function ready(connection: RawConnection): Promise<void> {
  await upgraded(connection);
  const payload = { authorization: `Bearer ${phone.sessionToken}` };
  connection.write(frame(TEXT, JSON.stringify({ type: 'connection_init', payload })));
  await until(() => connection.heard.includes('connection_ack') || connection.isOver, 'the acknowledgement');
}

const times = (count: number, part: Buffer) => Buffer.concat(Array.from({ length: count }, () => part));

/** Writes in pieces, each of which has been read, where it is read at all, before the next is written. */
async function sendAll(connection: RawConnection, pieces: Iterable<Buffer>): Promise<void> {
  for (const piece of pieces) {
    if (!(await connection.sent(piece))) return;
    await new Promise(setImmediate);
    await new Promise(setImmediate);
  }
}

function* repeated(count: number, piece: Buffer): Generator<Buffer> {
  for (let nth = 0; nth < count; nth += 1) yield piece;
}

const half = (headers: string) =>
  `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${headers}`;

test('of its upgrade a socket keeps nothing, however long that was', async () => {
  const headerBytes = 15_000;
  // So many that what else comes and goes in the process weighs little beside them.
  const each = (headers: string) => bytesEach((connection) => upgraded(connection, headers), heldBytes, 200);
  const kept: number[] = [];
  for (let nth = 0; nth < 3; nth += 1) {
    const short = await each('');
    kept.push((await each(`X-Filler: ${'x'.repeat(headerBytes)}\r\n`)) - short);
  }
  const [, median] = kept.toSorted((one, other) => one - other);
  expect(median).toBeLessThan(headerBytes / 2);
});

describe('a connection holds 1 MiB at most', () => {
  test.each<[string, (connection: RawConnection) => Promise<void>]>([
    [
      'in parts of a message that are one byte each, among pongs that nobody asked for',
      async (connection) => {
        await upgraded(connection);
        await sendAll(connection, [frame(TEXT, '{', false)]);
        const piece = Buffer.concat([frame(MORE, 'x', false), times(500, frame(PONG, 'x'.repeat(120)))]);
        await sendAll(connection, repeated(SENT / piece.length, piece));
      },
    ],
    [
      'in parts of a message without any bytes',
      async (connection) => {
        await upgraded(connection);
        await sendAll(connection, [frame(TEXT, '{', false)]);
        await sendAll(connection, repeated(SENT / 60_000, times(10_000, frame(MORE, '', false))));
      },
    ],
    [
      'in a message that comes byte by byte',
      async (connection) => {
        await upgraded(connection);
        const message = frame(TEXT, 'x'.repeat(16_000));
        await sendAll(connection, repeatedBytes(message.subarray(0, 15_000)));
      },
    ],
    [
      'in answers to pings that it does not read',
      async (connection) => {
        await upgraded(connection);
        connection.deafen();
        await sendAll(connection, repeated(SENT / 65_000, times(500, frame(PING, 'x'.repeat(120)))));
      },
    ],
    [
      'in refusals that it does not read',
      async (connection) => {
        await ready(connection);
        connection.deafen();
        const query = `{ ${'x'.repeat(15_000)} }`;
        await sendAll(
          connection,
          repeatedMessages(60, (id) => ({ id, type: 'subscribe', payload: { query } })),
        );
      },
    ],
    [
      'in ten subscriptions that are as long as they may be',
      async (connection) => {
        await ready(connection);
        // Each a text of its own: what many send alike is kept once.
        const query = () =>
          `subscription S${randomInt(2 ** 40)} { loginActivity { ${'id type platform '.repeat(250)} } }`;
        const variables = { a: 'x'.repeat(6000) };
        await sendAll(
          connection,
          repeatedMessages(10, (id) => ({ id, type: 'subscribe', payload: { query: query(), variables } })),
        );
      },
    ],
    [
      'in a body that comes byte by byte',
      async (connection) => {
        await sendAll(connection, [Buffer.from(half('Transfer-Encoding: chunked\r\n\r\n'))]);
        await sendAll(connection, repeated(60, times(1000, Buffer.from('1\r\n \r\n'))));
      },
    ],
    [
      'in headers without an end',
      async (connection) => {
        await sendAll(connection, [Buffer.from(half(''))]);
        await sendAll(connection, repeated(100, Buffer.from('a: b\r\n'.repeat(100))));
      },
    ],
    [
      'in requests that it sends all at once',
      async (connection) => {
        connection.deafen();
        const body = '{"query":"{__typename}"}';
        const request = `${half(`Content-Length: ${body.length}\r\n\r\n`)}${body}`;
        await sendAll(connection, repeated(20, Buffer.from(request.repeat(400))));
      },
    ],
  ])('%s', async (_how, worst) => {
    expect(await bytesEach(worst)).toBeLessThan(BYTES_MOST);
  });

  test('in large answers that it does not read', async () => {
    const unread = async (connection: RawConnection) => {
      connection.deafen();
      const request = 'GET /playground/graphiql.js HTTP/1.1\r\nHost: localhost\r\n\r\n';
      await sendAll(connection, repeated(4, Buffer.from(request)));
    };
    // What is on its way to a connection is kept outside of what JavaScript knows of; the first round grows the rest.
    await bytesEach(unread, residentBytes);
    expect(await bytesEach(unread, residentBytes)).toBeLessThan(BYTES_MOST);
  });
});

function* repeatedBytes(bytes: Buffer): Generator<Buffer> {
  for (const byte of bytes) yield Buffer.from([byte]);
}

function* repeatedMessages(count: number, messageOf: (id: string) => object): Generator<Buffer> {
  for (let nth = 0; nth < count; nth += 1) yield frame(TEXT, JSON.stringify(messageOf(String(nth))));
}
