import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { newToken, tokenHash } from '../../../src/codes/tokens.js';
import { loadConfig } from '../../../src/config/config.js';
import { numberEvents } from '../../../src/events/events.js';
import { beginData, claimDelivery, mailsLeftBehind, recordOutcome } from '../../../src/outbox/outbox.js';
import { claimPushes, originsOf, recordPushes } from '../../../src/outbox/pushes.js';
import { claimWebhooks, recordWebhooks, webhooksOf } from '../../../src/outbox/webhooks.js';
import { readTargets } from '../../../src/push/push-targets.js';
import { Sessions } from '../../../src/sessions/sessions.js';
import { type Connections, Database } from '../../../src/sql/database.js';
import { rowsOf } from '../../../src/sql/rows.js';
import { sql } from '../../../src/sql/statement.js';
import { openPool } from '../../../src/wiring/database.js';
import { TestDatabase } from '../../support/database.js';

// A statement is planned once on a connection, of a worker that starts on a new database while next to nothing is in its
// tables. What it reads must not grow with what was done before. Nobody cleans up meanwhile, and no statistics are renewed.

const SOME = 10;
const MANY = 150;
/** Autovacuum looks at no table before 50 of its rows have changed. */
const LOOKED_AT = 60;
const ORIGIN = 'https://push.example';
const URL = 'https://shop.example/hook';
const TABLES = [
  'account',
  'device',
  'session',
  'delivery',
  'event',
  'event_log',
  'webhook',
  'push',
  'api_client',
  'push_subscription',
];

let database: TestDatabase;
let pool: Connections;
let db: Database;

beforeEach(async () => {
  database = await TestDatabase.create();
  for (const table of TABLES) await database.query(`alter table ${table} set (autovacuum_enabled = off)`);
  connect();
});
function connect(): void {
  pool = openPool(database.url, pino({ level: 'silent' }));
  db = new Database(pool);
}
afterEach(async () => {
  await pool.end();
  await database[Symbol.asyncDispose]();
});

/** The rows that the product has read up to now, those of indexes that were dead included. */
async function rowsRead(): Promise<number> {
  await db.run(sql`select pg_stat_force_next_flush()`);
  const { n } = await database.row<{ n: number }>(
    `select (select coalesce(sum(idx_tup_read), 0) from pg_stat_user_indexes)::int
       + (select coalesce(sum(seq_tup_read), 0) from pg_stat_user_tables)::int as n`,
  );
  return n;
}

/** What is read by doing something some times. */
async function readBy(times: number, work: () => Promise<unknown>): Promise<number> {
  const before = await rowsRead();
  for (let nth = 0; nth < times; nth += 1) await work();
  return (await rowsRead()) - before;
}

/** @param known so many rows were there when the tables were looked at */
async function expectNoGrowth(isAnalyzed: boolean, work: () => Promise<unknown>, known = SOME): Promise<void> {
  if (isAnalyzed) {
    await readBy(known, work);
    await database.query(`vacuum analyze ${TABLES.join()}`);
    await pool.end();
    connect();
  }
  const first = await readBy(SOME, work);
  await readBy(MANY, work);
  const last = await readBy(SOME, work);
  expect(first).toBeGreaterThan(0);
  // By where on its page a row happens to lie; a read of all that was before would be more than ten times as much.
  expect(last).toBeLessThanOrEqual(2 * first);
}

async function mail(): Promise<string> {
  const { id } = await database.row<{ id: string }>(
    `insert into delivery (account_id, method, notice, facts, locale, to_address, next_attempt_at)
     values (gen_random_uuid(), 'EMAIL', 'NEW_DEVICE', '{}', 'en', 'somebody@example.com', clock_timestamp()) returning id`,
  );
  return id;
}

/** A message of a new device to itself, of an account that has nothing else. @returns the id of the push */
async function ownMessage(): Promise<string> {
  const { id } = await database.row<{ id: string }>(
    `with owner as (
       insert into account (email, password_hash) values (gen_random_uuid() || '@example.com', 'none') returning id),
     phone as (
       insert into device (account_id, name, platform, notifications_enabled, trusted_at, last_ip_address)
       select id, 'Phone', 'IOS', true, clock_timestamp(), '192.0.2.1' from owner returning id, account_id),
     signed_in as (
       insert into session (account_id, device_id, token_hash, reason, made_device, last_used_at)
       select account_id, id, uuid_send(gen_random_uuid()), 'SIGN_IN', true, clock_timestamp() from phone returning id, device_id),
     subscribed as (
       insert into push_subscription (device_id, session_id, endpoint, origin, p256dh, auth, key_id)
       select device_id, id, $1 || '/' || id, $1, '', '', 'key' from signed_in returning device_id)
     insert into push (challenge_id, device_id, origin, is_test, expires_at)
     select gen_random_uuid(), device_id, $1, true, clock_timestamp() + interval '1 minute' from subscribed returning id`,
    [ORIGIN],
  );
  return id;
}

async function sendMail(): Promise<void> {
  const claimed = await claimDelivery(db, await mail(), sql`null`);
  if (!claimed) throw new Error('it cannot be taken up');
  await beginData(db, claimed);
  await recordOutcome(db, claimed, { state: 'SENT', replyCode: 250, enhancedStatus: '2.0.0' });
}

describe.each([
  { known: 'nothing is known of the tables', isAnalyzed: false },
  { known: 'some is known of them', isAnalyzed: true },
])('what is read, planned when $known, does not grow', ({ isAnalyzed }) => {
  test('for a mail with the mails before it, nor with what somebody else keeps from being cleaned up', async () => {
    await database.holding('declare kept cursor for select 1', [], () => expectNoGrowth(isAnalyzed, sendMail));
  });

  test('for a look into the outbox with the codes that went to apps', async () => {
    const look = () => rowsOf(db, mailsLeftBehind(500));
    await database.query(
      `insert into delivery (challenge_id, method, locale) select gen_random_uuid(), 'APP', 'en' from generate_series(1, 500)`,
    );
    expect(await readBy(1, look)).toBeLessThan(10);
  });

  test('for an event that is numbered, and its webhook that is sent, with those before', async () => {
    const { id: clientId } = await database.row<{ id: string }>(
      `insert into api_client (name, scopes, own_accounts, audiences, webhooks)
       values ('shop', '{events}', true, '{}', $1) returning id`,
      [[URL]],
    );
    const times = { claimSeconds: 15, worthDays: 3 };
    await expectNoGrowth(isAnalyzed, async () => {
      await database.query(`insert into event (account_id, type) values (gen_random_uuid(), 'SESSION_STARTED')`);
      const numbered = await numberEvents(db, (events) => webhooksOf(events, sql`true`));
      expect(numbered).toMatchObject({ count: 1, clientIds: [clientId] });
      const { webhooks } = await claimWebhooks(db, { clientId, url: URL }, 10, times);
      expect(webhooks).toHaveLength(1);
      const outcomes = webhooks.map((webhook) => ({ webhook, statusCode: 204, fault: null, delayMs: null }));
      await recordWebhooks(db, outcomes, times);
    });
  });

  test('for whom a push goes to, and whether it still may, with the devices and sessions that there are', async () => {
    const { limits } = loadConfig({});
    await expectNoGrowth(isAnalyzed, async () => {
      const id = await ownMessage();
      const target = (await readTargets(db, limits, [id])).get(id);
      expect(target?.subscription?.keyId).toBe('key');
    });
  });

  test('for a session that is named by its token or its id, with the sessions and devices that there are', async () => {
    const sessions = new Sessions(loadConfig({}).limits);
    await expectNoGrowth(
      isAnalyzed,
      async () => {
        const token = newToken('ses');
        await database.query(
          `with owner as (
           insert into account (email, password_hash) values (gen_random_uuid() || '@example.com', 'none') returning id),
         phone as (
           insert into device (account_id, name, platform, notifications_enabled, last_ip_address)
           select id, 'Phone', 'IOS', true, '192.0.2.1' from owner returning id, account_id)
         insert into session (account_id, device_id, token_hash, reason, made_device, last_used_at)
         select account_id, id, $1, 'SIGN_IN', true, clock_timestamp() from phone`,
          [tokenHash('ses', token)],
        );
        const [found] = await sessions.findAll(db, [{ token, ipAddress: '192.0.2.1' }]);
        if (!found) throw new Error('it is not found');
        expect(await sessions.check(db, [found.session.id])).toHaveLength(1);
        expect(await sessions.named(db, [found.session])).toHaveLength(1);
      },
      LOOKED_AT,
    );
  });

  test('for a push with those before', async () => {
    await expectNoGrowth(isAnalyzed, async () => {
      const challengeId = randomUUID();
      await database.query(
        `insert into push (challenge_id, device_id, origin, expires_at)
         values ($1, gen_random_uuid(), $2, clock_timestamp() + interval '10 minutes')`,
        [challengeId, ORIGIN],
      );
      expect(await originsOf(db, challengeId)).toEqual([ORIGIN]);
      const { items } = await claimPushes(db, ORIGIN, 20, { claimSeconds: 15, keyIds: ['key'] });
      expect(items.map((push) => push.challengeId)).toEqual([challengeId]);
      const outcomes = items.map((push) => ({
        push,
        state: 'TAKEN' as const,
        statusCode: 201,
        fault: null,
        delayMs: null,
      }));
      await recordPushes(db, outcomes);
    });
  });
});
