import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Handset } from '../support/handset.js';
import { CHALLENGE_CHANGES } from '../support/operations.js';
import { asA } from '../support/outcomes.js';
import { RawConnection } from '../support/raw-connection.js';
import { Servers } from '../support/servers.js';
import { HandSocket } from '../support/socket.js';
import { until } from '../support/waiting.js';

// What no WebSocket library sends (RFC 6455), and what no client of graphql-transport-ws does.

let servers: Servers;
let phone: Handset;

beforeAll(async () => {
  servers = await Servers.start({ limits: { WS_INIT_SECONDS: 1, WS_MESSAGES_PER_MINUTE: 20 } });
  phone = await servers.signedUp();
});
afterAll(() => servers[Symbol.asyncDispose]());

const TEXT = 0x1;
const BINARY = 0x2;
const PING = 0x9;
const PONG = 0xa;

/** A frame under a mask of zeros, as clients send them. */
function frame(opcode: number, payload: string | Buffer, { fin = true, rsv1 = false, masked = true } = {}): Buffer {
  const bytes = Buffer.from(payload);
  const first = (fin ? 0x80 : 0) | (rsv1 ? 0x40 : 0) | opcode;
  const mask = masked ? 0x80 : 0;
  const length = bytes.length < 126 ? [mask | bytes.length] : [mask | 126, bytes.length >> 8, bytes.length & 0xff];
  return Buffer.concat([Buffer.from([first, ...length]), Buffer.alloc(masked ? 4 : 0), bytes]);
}

/** A socket on a bare connection. */
async function upgraded(headers: Record<string, string> = {}): Promise<RawConnection> {
  const connection = await RawConnection.open(servers.client().url);
  const all = {
    Host: 'localhost',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    'Sec-WebSocket-Protocol': 'graphql-transport-ws',
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  connection.write(`GET /graphql HTTP/1.1\r\n${lines.join('')}\r\n`);
  await until(() => connection.heard.includes('\r\n\r\n'), 'the upgrade');
  return connection;
}

/** The frames of the server: each opcode with its payload. */
function framesIn(heard: string): { opcode: number; payload: Buffer }[] {
  let rest = Buffer.from(heard.slice(heard.indexOf('\r\n\r\n') + 4), 'latin1');
  const frames: { opcode: number; payload: Buffer }[] = [];
  while (rest.length >= 2) {
    const short = rest.readUInt8(1);
    const [start, length] = short === 126 ? [4, rest.readUInt16BE(2)] : [2, short];
    frames.push({ opcode: rest.readUInt8(0) & 0xf, payload: rest.subarray(start, start + length) });
    rest = rest.subarray(start + length);
  }
  return frames;
}

/** The code of the server's close; waits for the end of the connection. */
async function closeOf(connection: RawConnection): Promise<number | undefined> {
  return framesIn(await connection.ended())
    .find(({ opcode }) => opcode === 0x8)
    ?.payload.readUInt16BE(0);
}

const init = JSON.stringify({ type: 'connection_init' });
const tooMuch = 'x'.repeat(10_000);

describe('a frame', () => {
  test.each<[string, Buffer[], number]>([
    ['without a mask', [frame(TEXT, init, { masked: false })], 1002],
    ['of a kind that is not there', [frame(0x3, init)], 1002],
    ['that says it is compressed, though nothing was agreed on', [frame(TEXT, init, { rsv1: true })], 1002],
    ['that goes on with nothing', [frame(0x0, init)], 1002],
    ['that begins while another goes on', [frame(TEXT, '{', { fin: false }), frame(TEXT, '}')], 1002],
    ['of control that is split', [frame(PING, 'a', { fin: false })], 1002],
    ['of control that is long', [frame(PING, 'a'.repeat(126))], 1002],
    ['that is no UTF-8', [frame(TEXT, Buffer.from([0xff, 0xfe]))], 1007],
    ['that is half, with no other half', [frame(TEXT, init).subarray(0, 10)], 4408],
    ['that is one byte', [Buffer.from([0x81])], 4408],
    ['in parts that are too long together', [frame(TEXT, tooMuch, { fin: false }), frame(0x0, tooMuch)], 1009],
    [
      'longer than memory',
      [Buffer.from([0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])],
      1009,
    ],
  ])('%s ends the socket, and is no fault of ours', async (_what, frames, code) => {
    const { length } = servers.log;
    using connection = await upgraded();
    for (const each of frames) connection.write(each);
    expect(await closeOf(connection)).toBe(code);
    expect(servers.log.slice(length).filter((line) => JSON.parse(line).level >= 40)).toEqual([]);
  });

  test('in parts, with a ping between them, is a message', async () => {
    using connection = await upgraded();
    connection.write(frame(TEXT, init.slice(0, 9), { fin: false }));
    connection.write(frame(PING, 'still there?'));
    connection.write(frame(0x0, init.slice(9)));
    await until(() => connection.heard.includes('connection_ack'), 'the acknowledgement');
    expect(connection.heard).toContain('still there?');
  });

  test('of bytes is read like one of text, or ends the socket', async () => {
    using connection = await upgraded();
    connection.write(frame(BINARY, init));
    await until(() => connection.heard.includes('connection_ack'), 'the acknowledgement');
    connection.write(frame(BINARY, Buffer.from([0xff, 0xfe, 0x00])));
    expect(await closeOf(connection)).toBe(4400);
  });

  test('is compressed on no socket, whatever is offered', async () => {
    using connection = await upgraded({ 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' });
    expect(connection.heard).not.toMatch(/sec-websocket-extensions/i);
  });

  test.each([
    ['ping', PING],
    ['pong', PONG],
  ])('of %s, twice as many in a minute as messages, is taken, and one more ends the socket', async (_kind, opcode) => {
    using connection = await upgraded();
    connection.write(frame(TEXT, init));
    await until(() => connection.heard.includes('connection_ack'), 'the acknowledgement');
    connection.write(Buffer.concat(Array.from({ length: 40 }, () => frame(opcode, 'x'))));
    connection.write(frame(TEXT, JSON.stringify({ type: 'ping' })));
    await until(() => connection.heard.includes('"pong"'), 'the answer');
    connection.write(frame(opcode, 'x'));
    expect(await closeOf(connection)).toBe(1008);
  });

  test('of ping, far more at once than can be answered, ends the socket', async () => {
    using connection = await upgraded();
    connection.write(frame(TEXT, init));
    await until(() => connection.heard.includes('connection_ack'), 'the acknowledgement');
    connection.write(Buffer.concat(Array.from({ length: 1000 }, () => frame(PING, 'x'.repeat(100)))));
    await connection.ended();
  });
});

test.each([
  ['graphql-ws, graphql-transport-ws', 'graphql-transport-ws'],
  ['nonsense, graphql-transport-ws', 'graphql-transport-ws'],
])('of the protocols %s the socket speaks %s', async (offered, spoken) => {
  using connection = await upgraded({ 'Sec-WebSocket-Protocol': offered });
  expect(connection.heard).toMatch(new RegExp(`^sec-websocket-protocol: ${spoken}\\r$`, 'im'));
});

describe('a message', () => {
  test.each<[string, string]>([
    ['that is no JSON', 'hello'],
    ['that is null', 'null'],
    ['that is a list', '[]'],
    ['of no type', '{}'],
    ['of a type that is not there', '{"type":"start"}'],
    ['that only a server sends', '{"type":"next","id":"1","payload":{}}'],
    ['that acknowledges', '{"type":"connection_ack"}'],
    ['that subscribes without an id', '{"type":"subscribe","payload":{"query":"subscription{loginRequests{id}}"}}'],
    [
      'that subscribes under no name',
      '{"type":"subscribe","id":"","payload":{"query":"subscription{loginRequests{id}}"}}',
    ],
    [
      'that subscribes under a number',
      '{"type":"subscribe","id":1,"payload":{"query":"subscription{loginRequests{id}}"}}',
    ],
    ['that subscribes to nothing', '{"type":"subscribe","id":"1"}'],
    ['that subscribes to a number', '{"type":"subscribe","id":"1","payload":{"query":1}}'],
    ['whose variables are a list', '{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":[]}}'],
    ['in layers without end', '['.repeat(16_000)],
  ])('%s closes the socket with 4400, and is no fault of ours', async (_what, text) => {
    const { length } = servers.log;
    using connection = await upgraded();
    connection.write(frame(TEXT, init));
    await until(() => connection.heard.includes('connection_ack'), 'the acknowledgement');
    connection.write(frame(TEXT, text));
    expect(await closeOf(connection)).toBe(4400);
    expect(servers.log.slice(length).filter((line) => JSON.parse(line).level >= 50)).toEqual([]);
  });

  test('that opens the socket a second time closes it with 4429', async () => {
    await using socket = await HandSocket.ready(servers.client().socketUrl, phone.sessionToken);
    socket.init((await servers.signedUp()).sessionToken);
    expect((await socket.closed()).code).toBe(4429);
  });

  test.each([1, true, {}, [], 'x'.repeat(10_000), 'Bearer', 'Basic YTpi', '\u0000'])(
    'that opens it with the authorization %j closes it with 4401',
    async (authorization) => {
      await using socket = await HandSocket.open(servers.client().socketUrl);
      socket.send({ type: 'connection_init', payload: { authorization } });
      expect((await socket.closed()).code).toBe(4401);
    },
  );

  test('that ends a subscription which is not there, or answers a ping that nobody sent, changes nothing', async () => {
    const { token } = asA('Challenge', await servers.stranger().signUp());
    await using socket = await HandSocket.ready(servers.client().socketUrl);
    socket.send({ type: 'complete', id: 'nothing' });
    socket.send({ type: 'pong' });
    socket.subscribe('1', CHALLENGE_CHANGES, { token });
    expect(await socket.next()).toMatchObject({ type: 'next', id: '1' });
  });

  test('whose variables hold what every object has changes no object', async () => {
    using connection = await upgraded();
    connection.write(frame(TEXT, init));
    await until(() => connection.heard.includes('connection_ack'), 'the acknowledgement');
    const query = 'subscription ($token: String!) { challenge(token: $token) { id } }';
    const variables = '{"token":"chl_","__proto__":{"isAdmin":true}}';
    connection.write(
      frame(TEXT, `{"type":"subscribe","id":"1","payload":{"query":"${query}","variables":${variables}}}`),
    );
    await until(() => connection.heard.includes('NOT_FOUND'), 'the refusal');
    expect({}).not.toHaveProperty('isAdmin');
  });
});
