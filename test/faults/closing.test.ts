import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { Presence } from '../../src/devices/presence.js';
import { Database, type Sql } from '../../src/sql/database.js';
import { rowsOf } from '../../src/sql/rows.js';
import { sql } from '../../src/sql/statement.js';
import type { App } from '../../src/wiring/app.js';
import { openPool } from '../../src/wiring/database.js';
import { createFoundation } from '../../src/wiring/foundation.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { asA } from '../support/outcomes.js';
import { Servers } from '../support/servers.js';
import { DeafPeer } from '../support/socket.js';
import { until, within } from '../support/waiting.js';

/** What a process may take for it: its signal handler gives up a little later. */
const CLOSE_MS = 5_000;

/** A presence beside those of the servers, and how often it has turned to the database. */
async function presenceOn(servers: Servers) {
  const foundation = await createFoundation(servers.config(), pino({ level: 'silent' }));
  foundation.readiness.open();
  let times = 0;
  const counted = (db: Sql): Sql => ({
    run: (statement) => {
      times += 1;
      return db.run(statement);
    },
    together: (work) => db.together((connection) => work(counted(connection))),
  });
  const { bus, config } = foundation;
  const warn = (fault: unknown) => foundation.logger.warn(fault);
  const presence = new Presence(counted(foundation.db), bus, randomUUID(), config.limits, warn, {
    add: () => undefined,
  });
  return { foundation, presence, asked: () => times };
}

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
    expect(await servers.database.count('api_server')).toBe(0);
  });

  test('leaves the database alone once its devices are offline, however late a subscription ends', async () => {
    await using servers = await Servers.start();
    const account = await (await servers.signedUp()).viewer();
    const { foundation, presence, asked } = await presenceOn(servers);
    const deviceId = account?.currentDevice.id ?? '';
    presence.comes(account?.id ?? '', deviceId);
    await until(() => servers.database.count('presence'), 'its presence');
    await presence.close();
    expect(await servers.database.count('presence')).toBe(0);
    const before = asked();
    presence.goes(deviceId);
    await presence.close();
    expect(asked()).toBe(before);
    await foundation.close();
  });

  test('does not look for the devices of nobody in tables that may not be there yet', async () => {
    await using servers = await Servers.start();
    const { foundation, presence, asked } = await presenceOn(servers);
    await presence.close();
    expect(asked()).toBe(0);
    await foundation.close();
  });

  test('gives a query its answer whose connection is still being opened', async () => {
    await using servers = await Servers.start({ count: 0 });
    using way = await FaultProxy.start(servers.database.url);
    const pool = openPool(way.url, pino({ level: 'silent' }));
    way.blackHole();
    const answer = rowsOf(new Database(pool), sql`select 1 as n`);
    await until(() => way.connections, 'the connection');
    const closing = pool.end();
    await way.heal();
    expect(await answer).toEqual([{ n: 1 }]);
    await within(closing, 'the end of the connections', CLOSE_MS);
  });

  test('does not wait for a connection that was opened in advance', async () => {
    await using servers = await Servers.start();
    const { port } = new URL(servers.client().url);
    const spare = connect(Number(port), '127.0.0.1').on('error', () => {});
    await once(spare, 'connect');
    // What comes after it is answered: the server has it.
    await servers.client().graphql('{ viewer { id } }');
    await close(servers.app());
    spare.destroy();
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
