import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildClientSchema, type GraphQLSchema, getIntrospectionQuery } from 'graphql';
import { projectRoot } from '../../src/config/project.js';
import type { Handset } from '../support/handset.js';
import { SIGN_IN } from '../support/operations.js';
import { RawConnection } from '../support/raw-connection.js';
import { Servers } from '../support/servers.js';
import { HandSocket } from '../support/socket.js';
import { textPlacesOf } from '../support/text-places.js';
import { until } from '../support/waiting.js';

// Whatever a client does wrong is its own fault: it is refused, and the log has no error of ours for it.

let servers: Servers;
let phone: Handset;
let schema: GraphQLSchema;

beforeAll(async () => {
  servers = await Servers.start({ limits: { WS_MESSAGES_PER_MINUTE: 10_000 } });
  phone = await servers.signedUp();
  schema = buildClientSchema(await phone.client.data(getIntrospectionQuery()));
});
afterAll(() => servers[Symbol.asyncDispose]());

/** What is logged meanwhile as a warning or worse. */
async function complaintsDuring(work: () => Promise<void>): Promise<string[]> {
  const { length } = servers.log;
  await work();
  return servers.log.slice(length).filter((line) => JSON.parse(line).level >= 40);
}

/** Resolves when the server has done what it does about a connection that is gone: what began later is done, too. */
async function untilGone(): Promise<void> {
  await phone.another('Tablet').signIn();
  await phone.viewer();
}

/** Resolves when a socket was told something, or closed. */
async function answered(socket: HandSocket): Promise<void> {
  let isClosed = false;
  void socket.closed().then(() => {
    isClosed = true;
  });
  await until(() => isClosed || socket.unread.length > 0, 'an answer or the end');
}

const odd: readonly unknown[] = [
  null,
  1,
  -1.5,
  true,
  [],
  ['a', ['b']],
  {},
  { toString: 1 },
  { toString: null, valueOf: 1, toJSON: 1, length: -1, constructor: 1 },
  { $ref: '#' },
  '',
  '\u0000',
  '\ud800',
  '__proto__',
  '%s %d {{x}} $t(a)',
];

describe('a value of an odd kind', () => {
  test.each(odd)('is no fault of ours, wherever a text is wanted: %j', async (value) => {
    const complaints = await complaintsDuring(async () => {
      const { overHttp, overWebSocket } = textPlacesOf(schema);
      for (const { query, variables } of overHttp) {
        const { data, errors } = await phone.graphql(query, variables(value));
        for (const { extensions } of errors) expect(extensions.code).not.toBe('INTERNAL_SERVER_ERROR');
        // Some of them are right: a device without a model, an account signed out.
        expect(data ?? errors).toBeTruthy();
        if (data && !(await phone.viewer())) await phone.signIn();
      }
      await using socket = await HandSocket.ready(phone.client.socketUrl, phone.sessionToken);
      for (const [nth, { query, variables }] of overWebSocket.entries()) {
        socket.subscribe(String(nth), query, variables(value));
        if (value !== null) await socket.next();
      }
    });
    expect(complaints).toEqual([]);
  });

  test.each(odd)('is no fault of ours in what opens a socket: %j', async (value) => {
    const complaints = await complaintsDuring(async () => {
      const payloads = [
        value,
        { authorization: value },
        { 'accept-language': value },
        { [String(JSON.stringify(value))]: value },
      ];
      for (const payload of payloads) {
        await using socket = await HandSocket.open(phone.client.socketUrl);
        socket.send({ type: 'connection_init', payload } as never);
        await answered(socket);
      }
    });
    expect(complaints).toEqual([]);
  });

  test.each(odd)('is no fault of ours in any member of a message: %j', async (value) => {
    const complaints = await complaintsDuring(async () => {
      const subscription = { id: '1', type: 'subscribe', payload: { query: 'subscription { loginRequests { id } }' } };
      const messages = [
        value,
        { type: value },
        { ...subscription, id: value },
        { ...subscription, payload: value },
        ...['query', 'variables', 'operationName', 'extensions'].map((member) => ({
          ...subscription,
          payload: { ...subscription.payload, [member]: value },
        })),
        { type: 'ping', payload: value },
        { type: 'pong', payload: value },
        { type: 'complete', id: value },
      ];
      for (const message of messages) {
        await using socket = await HandSocket.ready(phone.client.socketUrl);
        socket.send(message as never);
        socket.send({ type: 'ping' });
        await answered(socket);
      }
    });
    expect(complaints).toEqual([]);
  });

  test.each(odd)('is no fault of ours in any member of a body: %j', async (value) => {
    const complaints = await complaintsDuring(async () => {
      const members = ['query', 'variables', 'operationName', 'extensions', 'id', '__proto__'];
      const bodies = [value, [value], ...members.map((member) => ({ query: '{ __typename }', [member]: value }))];
      for (const body of bodies) {
        const response = await fetch(phone.client.graphqlUrl, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
        expect(response.status).toBeLessThan(500);
      }
    });
    expect(complaints).toEqual([]);
  });
});

/** The web client's largest file: too large for what the system keeps of a connection, so that it is sent in parts. */
function largestAsset(): string {
  const folder = path.join(projectRoot, 'dist-web', 'assets');
  const files = readdirSync(folder).filter((file) => file.endsWith('.js'));
  return files.sort((a, b) => statSync(path.join(folder, b)).size - statSync(path.join(folder, a)).size)[0] ?? '';
}

describe('a client that is gone', () => {
  const body = () =>
    JSON.stringify({
      query: SIGN_IN,
      variables: { input: { ...phone.owner, device: { name: 'Laptop', platform: 'OTHER' } } },
    });
  const post = (headers: string, rest: string) =>
    `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${headers}\r\n\r\n${rest}`;
  const upgrade = (address = '/graphql') =>
    `GET ${address} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n';

  const requests: [string, () => string][] = [
    ['before anything', () => ''],
    ['in the middle of a line', () => 'POST /gra'],
    ['in the middle of its headers', () => 'POST /graphql HTTP/1.1\r\nHost: localh'],
    ['before its body', () => post('Content-Length: 100', '')],
    ['in the middle of its body', () => post('Content-Length: 100', '{"query":')],
    ['in the middle of a piece of its body', () => post('Transfer-Encoding: chunked', '64\r\n{"query"')],
    ['between the pieces of its body', () => post('Transfer-Encoding: chunked', '2\r\n{}\r\n')],
    ['after its request', () => post(`Content-Length: ${Buffer.byteLength(body())}`, body())],
    ['after two requests', () => post(`Content-Length: ${Buffer.byteLength(body())}`, body()).repeat(2)],
    ['after asking for a page', () => 'GET /playground/graphiql.js HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['after asking for a file', () => 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['in the middle of a large file', () => `GET /assets/${largestAsset()} HTTP/1.1\r\nHost: localhost\r\n\r\n`],
    ['after asking for what is not there', () => 'GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['after asking for a socket', () => upgrade()],
    ['after asking for a socket where there is none', () => upgrade('/')],
    ['in the middle of a frame', () => `${upgrade()}\x81\xfe`],
  ];

  test.each(requests)('%s is no fault of ours, whether it ends or resets the connection', async (_when, text) => {
    const complaints = await complaintsDuring(async () => {
      for (const end of ['destroy', 'reset'] as const) {
        for (const waitsForAnswer of [false, true]) {
          using connection = await RawConnection.open(phone.client.url);
          connection.write(Buffer.from(text(), 'latin1'));
          if (waitsForAnswer && !/gra$|localh$|Content-Length: 100|chunked/.test(text()) && text() !== '') {
            await connection.begun();
          }
          connection.cut(end);
        }
      }
      await untilGone();
    });
    expect(complaints).toEqual([]);
  });
});
