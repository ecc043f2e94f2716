import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { activityOf, pageOf, streamOf } from '../../support/activity.js';
import type { Handset } from '../../support/handset.js';
import { asA } from '../../support/outcomes.js';
import { deviceOf, removeDevice, resetByMail, SIGN_OUT_OTHERS } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';

const PER_DEVICE = 2;
const PER_ACCOUNT = 5;
const NEW_PASSWORD = 'velvet-harbour-57-kettle';

let servers: Servers;

beforeAll(async () => {
  servers = await Servers.start({
    count: 2,
    limits: { SESSIONS_PER_DEVICE: PER_DEVICE, SESSIONS_PER_ACCOUNT: PER_ACCOUNT, PASSWORD_FAILURES_FREE: 100 },
  });
  await servers.database.query('create extension pg_stat_statements');
});
afterAll(() => servers[Symbol.asyncDispose]());

const openOf = ({ owner }: Handset) =>
  servers.database.count('session', 'ended_at is null and account_id = (select id from account where email = $1)', [
    owner.email,
  ]);

/** The sessions of one device, each as if on a device of its own. */
async function sessionsOf(phone: Handset, count: number): Promise<Handset[]> {
  const all: Handset[] = [];
  for (let nth = 0; nth < count; nth += 1) {
    asA('SignedIn', await phone.signIn());
    all.push(phone.twin(servers.client(nth % 2)));
  }
  return all;
}

/** As many sessions as an older version let in, on one device. */
async function fill(handset: Handset, count: number, endedAt: string | null): Promise<void> {
  const { id } = await deviceOf(handset);
  await servers.database.query(
    `insert into session (account_id, device_id, token_hash, reason, made_device, ended_at)
     select d.account_id, d.id, sha256((d.id::text || nth || $3)::bytea), 'NO_SECOND_STEP', false, $2::timestamptz
     from device d, generate_series(1, $4) nth where d.id = $1`,
    [id, endedAt, String(endedAt), count],
  );
}

// Other suites at work at the same time have databases of their own in the same PostgreSQL, which counts for all of them.
const ofThisDatabase = '(select oid from pg_database where datname = current_database())';

/** What PostgreSQL counted of the statements that end many sessions, while work went on. */
async function endings(work: () => Promise<unknown>): Promise<{ readonly calls: number; readonly blocks: number }> {
  await servers.database.query(`select pg_stat_statements_reset(0, ${ofThisDatabase}, 0)`);
  await work();
  return servers.database.row(
    `select sum(calls)::int as calls, sum(shared_blks_hit + shared_blks_read)::int as blocks from pg_stat_statements
     where dbid = ${ofThisDatabase} and query ~ 'update session s set ended_at'`,
  );
}

describe('live sessions', () => {
  test('of a device are SESSIONS_PER_DEVICE: for one more the one unused longest ends, and its socket closes', async () => {
    const phone = await servers.signedUp();
    const [first, second] = (await sessionsOf(phone, PER_DEVICE)) as [Handset, Handset];
    // That a session was used is noted once a minute.
    await servers.database.query("update session set last_used_at = last_used_at - interval '2 minutes'");
    expect(await second.viewer()).not.toBeNull();
    // Used last, though it was opened first.
    expect(await first.viewer()).not.toBeNull();
    await using closing = streamOf(second);
    // From where it stands: it may begin to listen after what it is to hear.
    const { pageInfo } = await pageOf(first, { first: 1 });
    await using open = streamOf(first, pageInfo.startCursor);
    const { id } = await deviceOf(first);
    const third = phone.twin();
    asA('SignedIn', await third.signIn());
    expect((await closing.closed()).code).toBe(4401);
    expect(await second.viewer()).toBeNull();
    for (const live of [first, third]) expect(await live.viewer()).not.toBeNull();
    expect(await open.next()).toMatchObject({ type: 'SIGNED_OUT', device: { id }, isNewLocation: false });
    expect(await open.next()).toMatchObject({ type: 'SIGNED_IN' });
  });

  test('of an account are SESSIONS_PER_ACCOUNT: for one more the one unused longest ends', async () => {
    const phone = await servers.signedUp();
    expect(await phone.viewer()).not.toBeNull();
    const others: Handset[] = [];
    for (let nth = 1; nth < PER_ACCOUNT; nth += 1) {
      const other = phone.another(`Laptop ${nth}`, servers.client(nth % 2));
      asA('SignedIn', await other.signIn());
      others.push(other);
    }
    expect(await openOf(phone)).toBe(PER_ACCOUNT);
    asA('SignedIn', await phone.another('One more').signIn());
    expect(await phone.viewer()).toBeNull();
    for (const other of others) expect(await other.viewer()).not.toBeNull();
    const [last] = others as [Handset];
    const entries = await activityOf(last, { first: 2 });
    expect(entries.map(({ type, deviceName }) => [type, deviceName])).toEqual([
      ['SIGNED_IN', 'One more'],
      ['SIGNED_OUT', 'Phone'],
    ]);
  });

  test('that a device has too many of make room for it alone', async () => {
    const phone = await servers.signedUp();
    await sessionsOf(phone, PER_DEVICE);
    const laptops = Array.from({ length: PER_ACCOUNT - PER_DEVICE }, (_, nth) => phone.another(`Laptop ${nth}`));
    for (const laptop of laptops) asA('SignedIn', await laptop.signIn());
    asA('SignedIn', await phone.signIn());
    expect(await openOf(phone)).toBe(PER_ACCOUNT);
    for (const laptop of laptops) expect(await laptop.viewer()).not.toBeNull();
  });

  test('stay within both numbers, however many are opened at once over two servers', async () => {
    const phone = await servers.signedUp();
    const known = Array.from({ length: 8 }, (_, nth) => phone.twin(servers.client(nth % 2)));
    const unknown = Array.from({ length: 8 }, (_, nth) => phone.another(`Laptop ${nth}`, servers.client(nth % 2)));
    const outcomes = await Promise.all([...known, ...unknown].map((handset) => handset.signIn()));
    for (const outcome of outcomes) asA('SignedIn', outcome);
    expect(await openOf(phone)).toBe(PER_ACCOUNT);
    const [most] = await servers.database.query<{ most: number }>(
      `select max(count)::int as most from (select count(*) from session where ended_at is null group by device_id) d`,
    );
    expect(most?.most).toBe(PER_DEVICE);
  });
});

describe('ending sessions', () => {
  test('of an account works with any number: a statement takes 10,000 of them at most', async () => {
    const phone = await servers.signedUp();
    await fill(phone, 25_000, null);
    const { calls } = await endings(async () => expect(await resetByMail(phone, NEW_PASSWORD)).toBe(25_001));
    expect(calls).toBe(3);
    expect(await openOf(phone)).toBe(0);
  });

  test('and so does that of a device, of which those used last are told of', async () => {
    const phone = await servers.signedUp();
    const laptop = phone.another('Laptop');
    asA('SignedIn', await laptop.signIn());
    const { id: deviceId } = await deviceOf(laptop);
    await fill(laptop, 10_000, null);
    const { calls } = await endings(async () =>
      expect((await removeDevice(phone, deviceId)).sessionsEnded).toBe(10_001),
    );
    expect(calls).toBe(2);
    expect(await openOf(phone)).toBe(1);
    expect(await servers.database.count('event', "device_id = $1 and type = 'SESSION_ENDED'", [deviceId])).toBe(1_000);
  });

  test('a sign-in brings 10,000 of them down to SESSIONS_PER_DEVICE', async () => {
    const phone = await servers.signedUp();
    await fill(phone, 10_000, null);
    asA('SignedIn', await phone.signIn());
    expect(await openOf(phone)).toBe(PER_DEVICE);
    expect(await phone.viewer()).not.toBeNull();
  });

  test('costs no more with what ended long ago', async () => {
    const phone = await servers.signedUp();
    const costOf = async (work: () => Promise<unknown>) => (await endings(work)).blocks;
    const everyEnd = async () => {
      asA('SignedIn', await phone.signIn());
      await phone.ask(SIGN_OUT_OTHERS);
      await phone.signOut();
      asA('SignedIn', await phone.signIn());
    };
    await everyEnd();
    const before = await costOf(everyEnd);
    await fill(phone, 20_000, '2026-01-01');
    await servers.database.query('analyze session');
    expect(before).toBeGreaterThan(0);
    expect(await costOf(everyEnd)).toBeLessThan(3 * before);
  });
});
