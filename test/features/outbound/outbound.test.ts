import { once } from 'node:events';
import http, { type RequestListener } from 'node:http';
import https from 'node:https';
import { type AddressInfo, createServer, type Server } from 'node:net';
import tls from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import { loadConfig } from '../../../src/config/config.js';
import { Outbound } from '../../../src/outbound/outbound.js';
import { Certificates } from '../../support/certificates.js';
import { NameServer } from '../../support/name-server.js';
import { until } from '../../support/waiting.js';

// What is posted to addresses that others chose, over real sockets: to whom, and what is made of the answer.

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen<T extends Server>(server: T, host = '127.0.0.1', port = 0): Promise<number> {
  servers.push(server);
  server.listen(port, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Answers over HTTP in clear. */
const web = (answer: RequestListener) => listen(http.createServer(answer));

/** Says some bytes to whoever has asked. */
const rawly = (text: string) =>
  listen(
    createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.write(text));
    }),
  );

/** Says nothing, and counts who comes. */
async function silent(host?: string): Promise<{ port: number; connections: () => number }> {
  let count = 0;
  const server = createServer(() => {
    count += 1;
  });
  return { port: await listen(server, host), connections: () => count };
}

const outboundTo = (list: string, names?: NameServer) =>
  new Outbound(loadConfig({ WEBHOOK_ALLOW: list }).webhookAllow, names?.resolver());

const MESSAGE = { headers: { 'content-type': 'application/json' }, body: '{"grüße":1}' };
const soon = (ms = 5_000) => AbortSignal.timeout(ms);
const post = (outbound: Outbound, url: string, ms?: number) => outbound.post(url, MESSAGE, soon(ms));
const here = outboundTo('127.0.0.1');

describe('an answer', () => {
  test('is its status; what was posted came whole', async () => {
    const got: string[] = [];
    const port = await web(async (request, response) => {
      got.push(
        `${request.method} ${request.url} ${request.headers['content-type']} ${await new Response(request as never).text()}`,
      );
      response.writeHead(202, { 'retry-after': '7' }).end('thank you');
    });
    expect(await post(here, `http://127.0.0.1:${port}/hook?a=b`)).toEqual({ status: 202, retryAfterMs: 7000 });
    expect(got).toEqual([`POST /hook?a=b application/json ${MESSAGE.body}`]);
  });

  test.each([301, 302, 303, 307, 308])('of %i leads nowhere', async (status) => {
    let asked = 0;
    const port = await web((request, response) => {
      asked += 1;
      response
        .writeHead(status, { location: `http://127.0.0.1:${(request.socket.address() as AddressInfo).port}/` })
        .end();
    });
    expect(await post(here, `http://127.0.0.1:${port}/`)).toMatchObject({ status });
    expect(asked).toBe(1);
  });

  test('is read for 4 KiB at most, and ends there', async () => {
    let written = 0;
    let isClosed = false;
    const port = await web((_request, response) => {
      response.on('close', () => {
        isClosed = true;
      });
      const more = () => {
        // Far more than all buffers on the way hold.
        while (written < 64 * 1024 * 1024 && !response.destroyed) {
          written += 65_536;
          if (!response.write(Buffer.alloc(65_536))) return void response.once('drain', more);
        }
      };
      more();
    });
    expect(await post(here, `http://127.0.0.1:${port}/`)).toMatchObject({ status: 200 });
    await until(() => isClosed, 'the end');
    expect(written).toBeLessThan(32 * 1024 * 1024);
  });

  test('counts by its status, where its rest never comes', async () => {
    const port = await web((_request, response) => void response.writeHead(200).write('and then'));
    expect(await post(here, `http://127.0.0.1:${port}/`, 300)).toMatchObject({ status: 200 });
  });

  test.each([
    ['headers without end', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(5000)}\r\n\r\n`],
    ['another protocol', 'SSH-2.0-OpenSSH_9.9\r\n'],
    [
      'a switch of protocols that nobody asked for',
      'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
    ],
  ])('that is %s is none', async (_what, text) => {
    const port = await rawly(text);
    await expect(post(here, `http://127.0.0.1:${port}/`)).rejects.toMatchObject({ kind: 'BAD_ANSWER' });
  });

  test('is waited for no longer than was said', async () => {
    const port = await rawly('HTTP/1.1 100 Continue\r\n\r\n');
    await expect(post(here, `http://127.0.0.1:${port}/`, 300)).rejects.toMatchObject({ kind: 'NO_ANSWER_IN_TIME' });
  });

  test('does not come where nobody listens', async () => {
    const port = await web(() => undefined);
    for (const server of servers.splice(0)) server.close();
    await expect(post(here, `http://127.0.0.1:${port}/`)).rejects.toMatchObject({ kind: 'NO_CONNECTION' });
  });

  test.each([
    ['12', 12_000],
    ['Mon, 30 Nov 2026 10:00:30 GMT', 30_000],
    ['Mon, 30 Nov 2026 09:00:00 GMT', 0],
    ['soon', null],
    ['-1', null],
    ['99999999999999', null],
  ])('of 503 with Retry-After: %s is understood, by its own clock', async (text, retryAfterMs) => {
    const port = await web((_request, response) => {
      response.writeHead(503, { 'retry-after': text, date: 'Mon, 30 Nov 2026 10:00:00 GMT' }).end();
    });
    expect(await post(here, `http://127.0.0.1:${port}/`)).toEqual({ status: 503, retryAfterMs });
  });
});

describe('nothing is sent', () => {
  test.each(['http://127.0.0.1', 'https://127.0.0.1', 'http://[::1]', 'http://localhost', 'http://user@shop.example'])(
    'to %s, unless it is allowed',
    async (origin) => {
      const { port, connections } = await silent();
      await expect(post(outboundTo(''), `${origin}:${port}/`)).rejects.toMatchObject({ kind: 'NOT_ALLOWED' });
      expect(connections()).toBe(0);
    },
  );

  test.each([
    ['private', ['127.0.0.1']],
    ['public and private', ['93.184.215.14', '127.0.0.1']],
  ])('to a host whose addresses are %s', async (_what, addresses) => {
    await using names = await NameServer.start(addresses);
    await expect(post(outboundTo('', names), 'https://shop.example/')).rejects.toMatchObject({ kind: 'NOT_ALLOWED' });
    expect(names.asked).toBe(1);
  });

  test('to a host one of whose addresses is allowed, and another is not', async () => {
    const { port, connections } = await silent('127.0.0.2');
    await using names = await NameServer.start(['127.0.0.2', '127.0.0.3']);
    const outbound = outboundTo('127.0.0.2', names);
    await expect(post(outbound, `http://shop.example:${port}/`)).rejects.toMatchObject({ kind: 'NOT_ALLOWED' });
    expect(connections()).toBe(0);
  });

  test('to a host that has none', async () => {
    await using names = await NameServer.start([]);
    await expect(post(outboundTo('', names), 'https://shop.example/')).rejects.toMatchObject({ kind: 'UNKNOWN_HOST' });
  });
});

test('the address that was judged is the one that is connected to, whatever the host resolves to a moment later', async () => {
  const asked: string[] = [];
  const answering = (name: string) =>
    http.createServer((_request, response) => {
      asked.push(name);
      response.end();
    });
  const port = await listen(answering('judged'), '127.0.0.2');
  await listen(answering('another'), '127.0.0.1', port);
  await using names = await NameServer.start(['127.0.0.2'], ['127.0.0.1']);
  const outbound = outboundTo('127.0.0.2/32', names);
  expect(await post(outbound, `http://shop.example:${port}/`)).toMatchObject({ status: 200 });
  expect({ asked, lookUps: names.asked }).toEqual({ asked: ['judged'], lookUps: 1 });
  // And the next time it is judged anew.
  await expect(post(outbound, `http://shop.example:${port}/`)).rejects.toMatchObject({ kind: 'NOT_ALLOWED' });
  expect({ asked, lookUps: names.asked }).toEqual({ asked: ['judged'], lookUps: 2 });
});

test('the other side of TLS is who it has to be', async () => {
  using certificates = new Certificates();
  const [authority, stranger] = [certificates.authority(), certificates.authority()];
  const secure = async (names: string, by = authority) => {
    const { cert, key } = certificates.server(names, by);
    const port = await listen(https.createServer({ cert, key }, (_request, response) => void response.end()));
    return `https://shop.example:${port}/`;
  };
  await using names = await NameServer.start(['127.0.0.1']);
  const outbound = outboundTo('127.0.0.0/8', names);
  const known = tls.getCACertificates('default');
  tls.setDefaultCACertificates([...known, authority.cert]);
  try {
    expect(await post(outbound, await secure('DNS:shop.example'))).toMatchObject({ status: 200 });
    for (const wrong of [await secure('DNS:other.example'), await secure('DNS:shop.example', stranger)]) {
      await expect(post(outbound, wrong)).rejects.toMatchObject({ kind: 'TLS' });
    }
    const inClear = await web(() => undefined);
    await expect(post(outbound, `https://shop.example:${inClear}/`)).rejects.toMatchObject({ kind: 'TLS' });
  } finally {
    tls.setDefaultCACertificates(known);
  }
});
