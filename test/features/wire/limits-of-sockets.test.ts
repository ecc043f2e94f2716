import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { streamOf } from '../../support/activity.js';
import type { Handset } from '../../support/handset.js';
import { asA } from '../../support/outcomes.js';
import { deviceOf } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';
import { HandSocket } from '../../support/socket.js';
import { until } from '../../support/waiting.js';

/** As if the handset's sessions had not been used for long: over, and nobody was told. */
async function lapse({ database }: Servers, { owner }: Handset): Promise<void> {
  await database.query(
    `update session set created_at = created_at - interval '31 days'
     where account_id = (select id from account where email = $1)`,
    [owner.email],
  );
}

describe('a socket whose session lapsed', () => {
  let often: Servers;
  let seldom: Servers;

  beforeAll(async () => {
    often = await Servers.start({ limits: { WS_RECHECK_SECONDS: 1, PRESENCE_SECONDS: 1 } });
    seldom = await Servers.start({ limits: { WS_RECHECK_SECONDS: 300 } });
  });
  afterAll(async () => {
    await often[Symbol.asyncDispose]();
    await seldom[Symbol.asyncDispose]();
  });

  test('is closed within WS_RECHECK_SECONDS, though nobody says anything', async () => {
    const phone = await often.signedUp();
    await using socket = await HandSocket.ready(often.client().socketUrl, phone.sessionToken);
    const lapsedAt = performance.now();
    await lapse(often, phone);
    expect(await socket.closed()).toEqual({ code: 4401, reason: 'Session ended' });
    expect(performance.now() - lapsedAt).toBeLessThan(5000);
  });

  test('is told no entry of the activity any more', async () => {
    const phone = await seldom.signedUp();
    await using entries = streamOf(phone);
    await until(async () => (await deviceOf(phone)).isOnline, 'the phone online');
    await lapse(seldom, phone);
    asA('SignedIn', await phone.another('Laptop').signIn());
    expect(await entries.closed()).toMatchObject({ code: 4401 });
    expect(entries.unread).toEqual([]);
  });

  test('is at a server that was renewed every PRESENCE_SECONDS until then', async () => {
    const phone = await often.signedUp();
    await using entries = streamOf(phone);
    await until(async () => (await deviceOf(phone)).isOnline, 'the phone online');
    const renewedAt = async () => {
      const [row] = await often.database.query<{ at: Date }>(
        `select max(renewed_at) as at from api_server where id in (
           select server_id from presence
           where device_id in (select id from device where account_id = (select id from account where email = $1)))`,
        [phone.owner.email],
      );
      return row?.at?.getTime() ?? 0;
    };
    for (let nth = 0; nth < 2; nth += 1) {
      const before = await renewedAt();
      await until(async () => (await renewedAt()) > before, 'its server, renewed', 5000);
    }
    await lapse(often, phone);
    expect((await entries.closed()).code).toBe(4401);
  });

  test('is online again though other servers had taken its server for dead', async () => {
    const phone = await often.signedUp();
    await using _entries = streamOf(phone);
    await until(async () => (await deviceOf(phone)).isOnline, 'the phone online');
    // As they do where it stood still for long.
    await often.database.query('delete from presence');
    await often.database.query('delete from api_server');
    expect((await deviceOf(phone)).isOnline).toBe(false);
    await until(async () => (await deviceOf(phone)).isOnline, 'the phone online again', 5000);
  });

  test('outlives servers that were killed, which are forgotten with all that was there', async () => {
    const phone = await often.signedUp();
    const { id } = await deviceOf(phone);
    const [killed] = await often.database.query<{ id: string }>(
      `with killed as (
         insert into api_server (id, renewed_at) values (gen_random_uuid(), clock_timestamp() - interval '7 seconds') returning id)
       insert into presence (device_id, server_id, renewed_at) select $1, id, 'infinity' from killed returning server_id as id`,
      [id],
    );
    await using _entries = streamOf(phone);
    const left = async (table: string, column: string) =>
      (await often.database.count(table, `${column} = $1`, [killed?.id])) > 0;
    await until(async () => !(await left('presence', 'server_id')), 'the end of its presences', 5000);
    expect(await left('api_server', 'id')).toBe(false);
    await until(async () => (await deviceOf(phone)).isOnline, 'the phone online');
  });
});

describe('a message on a socket', () => {
  let servers: Servers;

  beforeAll(async () => {
    servers = await Servers.start({ limits: { WS_PAYLOAD_BYTES: 1024, WS_INIT_SECONDS: 1, WS_SUBSCRIPTIONS: 2 } });
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  test('has WS_PAYLOAD_BYTES bytes, and one more closes it with 1009', async () => {
    const around = JSON.stringify({ type: 'ping', payload: { x: '' } }).length;
    await using socket = await HandSocket.ready(servers.client().socketUrl);
    socket.send({ type: 'ping', payload: { x: 'x'.repeat(1024 - around) } });
    expect((await socket.next()).type).toBe('pong');
    socket.send({ type: 'ping', payload: { x: 'x'.repeat(1025 - around) } });
    expect((await socket.closed()).code).toBe(1009);
  });

  test('that opens it comes within WS_INIT_SECONDS; what is open stays open after that', async () => {
    await using open = await HandSocket.ready(servers.client().socketUrl);
    await using late = await HandSocket.open(servers.client().socketUrl);
    const openedAt = performance.now();
    expect((await late.closed()).code).toBe(4408);
    expect(performance.now() - openedAt).toBeGreaterThan(900);
    open.send({ type: 'ping' });
    expect((await open.next()).type).toBe('pong');
  });
});
