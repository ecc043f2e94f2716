import { describe, expect, test } from '@jest/globals';
import type { App } from '../src/app.js';
import { asA } from './support/outcomes.js';
import { Servers } from './support/servers.js';
import { DeafPeer } from './support/socket.js';
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
    using peer = await DeafPeer.ready(servers.client().socketUrl);
    await close(servers.app());
    await peer.cut();
  });

  test('may be told so twice', async () => {
    await using servers = await Servers.start();
    await Promise.all([close(servers.app()), close(servers.app())]);
  });
});
