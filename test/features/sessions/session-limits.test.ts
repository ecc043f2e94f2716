import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { activityOf, streamOf } from '../../support/activity.js';
import type { Handset } from '../../support/handset.js';
import { asA } from '../../support/outcomes.js';
import { deviceOf, resetByMail, SIGN_OUT_OTHERS } from '../../support/owner.js';
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

/** As many sessions as an older version let in, on the one device of the account. */
const fill = ({ owner }: Handset, count: number, endedAt: string | null) =>
  servers.database.query(
    `insert into session (account_id, device_id, token_hash, reason, made_device, ended_at)
     select d.account_id, d.id, sha256((d.id::text || nth || $3)::bytea), 'NO_SECOND_STEP', false, $2::timestamptz
     from account a join device d on d.account_id = a.id, generate_series(1, $4) nth where a.email = $1`,
    [owner.email, endedAt, String(endedAt), count],
  );

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
    await using open = streamOf(first);
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

describe('ending the sessions of an account', () => {
  test('works with a quarter of a million of them', async () => {
    const phone = await servers.signedUp();
    await fill(phone, 250_000, null);
    expect(await resetByMail(phone, NEW_PASSWORD)).toBe(250_001);
    expect(await openOf(phone)).toBe(0);
  });

  test('a sign-in brings as many down to SESSIONS_PER_DEVICE', async () => {
    const phone = await servers.signedUp();
    await fill(phone, 20_000, null);
    asA('SignedIn', await phone.signIn());
    expect(await openOf(phone)).toBe(PER_DEVICE);
    expect(await phone.viewer()).not.toBeNull();
  });

  test('costs no more with what ended long ago', async () => {
    const phone = await servers.signedUp();
    const costOf = async (work: () => Promise<unknown>) => {
      await servers.database.query('select pg_stat_statements_reset()');
      await work();
      const { blocks } = await servers.database.row<{ blocks: number }>(
        `select sum(shared_blks_hit + shared_blks_read)::int as blocks from pg_stat_statements
         where query ~ 'update session s set ended_at' and calls > 0`,
      );
      return blocks;
    };
    const endings = async () => {
      asA('SignedIn', await phone.signIn());
      await phone.ask(SIGN_OUT_OTHERS);
      await phone.signOut();
      asA('SignedIn', await phone.signIn());
    };
    await endings();
    const before = await costOf(endings);
    await fill(phone, 20_000, '2026-01-01');
    await servers.database.query('analyze session');
    expect(before).toBeGreaterThan(0);
    expect(await costOf(endings)).toBeLessThan(3 * before);
  });
});
