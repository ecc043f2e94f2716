import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import type { App } from '../src/app.js';
import { asA } from './support/outcomes.js';
import { Servers } from './support/servers.js';
import { within } from './support/waiting.js';

/** What a process may take for it: its signal handler gives up a little later. */
const CLOSE_MS = 5_000;

describe('a server that closes', () => {
  const close = (app: App) => within(app.close(), 'the end of the server', CLOSE_MS);

  test('finishes the request that it is answering, and does not wait for the connection to be left', async () => {
    await using servers = await Servers.start();
    const phone = await servers.signedUp();
    const account = 'select 1 from account where email = $1 for update';
    await servers.database.holding(account, [phone.owner.email], async (held) => {
      const entering = phone.signIn();
      await held.waiters(1);
      const closing = close(servers.app());
      await held.release();
      asA('SignedIn', await entering);
      await closing;
    });
  });

  test('tells its sockets with 1001 to come back elsewhere', async () => {
    await using servers = await Servers.start();
    const phone = await servers.trusted();
    await using requests = phone.loginRequests();
    await phone.another('Laptop').challenged();
    await requests.next();
    const closing = close(servers.app());
    expect(await requests.closed()).toMatchObject({ code: 1001, reason: 'Going away' });
    await closing;
  });

  test('takes its devices offline', async () => {
    await using servers = await Servers.start();
    const phone = await servers.trusted();
    await using requests = phone.loginRequests();
    await phone.another('Laptop').challenged();
    await requests.next();
    await close(servers.app());
    expect(await servers.database.count('presence')).toBe(0);
  });

  test('does not wait for a peer that ignores it', async () => {
    await using servers = await Servers.start();
    const { port } = new URL(servers.client().url);
    const peer = connect(Number(port), '127.0.0.1');
    peer.on('error', () => {});
    peer.write(
      `GET /graphql HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n' +
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    const [answer] = await within(once(peer, 'data'), 'the upgrade');
    expect(String(answer)).toContain('101 Switching Protocols');
    peer.write(maskedFrame('{"type":"connection_init"}'));
    await within(once(peer, 'data'), 'the acknowledgement');
    await close(servers.app());
    peer.destroy();
  });

  test('may be told so twice', async () => {
    await using servers = await Servers.start();
    await Promise.all([close(servers.app()), close(servers.app())]);
  });
});

/** A text frame of a client (RFC 6455, 5.2), under a mask of zeros. */
function maskedFrame(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
}
