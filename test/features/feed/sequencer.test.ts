import { randomUUID } from 'node:crypto';
import { describe, expect, jest, test } from '@jest/globals';
import pg from 'pg';
import { pino } from 'pino';
import { lockAccount } from '../../../src/accounts/accounts.js';
import { tell } from '../../../src/events/events.js';
import { type Connections, Database } from '../../../src/sql/database.js';
import { countOf } from '../../../src/sql/rows.js';
import { sql } from '../../../src/sql/statement.js';
import { Transactions } from '../../../src/sql/transactions.js';
import { openPool } from '../../../src/wiring/database.js';
import { Backend } from '../../support/backend.js';
import { createDatabase } from '../../support/database.js';
import { type FeedEvent, feedOf, happened, openFeed } from '../../support/feed.js';
import { Process } from '../../support/processes.js';
import { backEnds, Servers } from '../../support/servers.js';
import { until, within } from '../../support/waiting.js';

// Real processes start here, each of them two seconds of work.
jest.setTimeout(90_000);

const TRANSACTIONS = 300;
const ACCOUNTS = 12;
/** Each has a pool of ten connections. */
const POOLS = 4;
const LANES = 10 * POOLS;
const HELD_MOST_SECONDS = 0.15;
/** The promise is two seconds; the machine has other work too. */
const MOVED_MS = 4_000;

describe.each(backEnds)('on $name,', ({ redis }) => {
  test('the feed loses nothing of 300 overlapping transactions, and tells each account in the order of its commits', async () => {
    await using servers = await Servers.start({ redis, count: 2 });
    const shop = await Backend.add(servers, { ownAccounts: true }, 1);
    await using pools = Pools.open(servers);
    await using _elsewhere = await LongTransaction.begin();
    const accountIds = await servers.database.query<{ id: string }>(
      `insert into account (email, password_hash) select gen_random_uuid() || '@example.com', 'none'
       from generate_series(1, ${ACCOUNTS}) returning id`,
    );

    let started = 0;
    const lane = async (nth: number) => {
      while (started < TRANSACTIONS) {
        started += 1;
        const { id } = accountIds[Math.floor(Math.random() * ACCOUNTS)] ?? { id: '' };
        await pools.write(nth, id, Math.random() < 0.1);
      }
    };
    const writing = Promise.all(Array.from({ length: LANES }, (_, nth) => lane(nth)));

    const told: FeedEvent[] = [];
    let { feed, opened } = await openFeed(shop);
    let after = opened.cursor;
    let isWritten = false;
    const written = writing.then(() => {
      isWritten = true;
    });
    const rows = () =>
      servers.database.query<{ id: string; account: string; turn: number }>(
        `select id, account_id as account, extract(epoch from expires_at)::int as turn from event order by serial`,
      );
    for (let cut = 1; ; ) {
      const event = await feed.next();
      after = event.cursor;
      if (event.type !== 'HEARTBEAT') told.push(event);
      if (cut <= 5 && told.length >= cut * 40) {
        cut += 1;
        await feed[Symbol.asyncDispose]();
        feed = feedOf(shop, { after });
      }
      if (isWritten && event.type === 'HEARTBEAT' && told.length >= (await rows()).length) break;
    }
    await written;
    await feed[Symbol.asyncDispose]();

    const all = await rows();
    expect(all.length).toBeGreaterThan(TRANSACTIONS / 2);
    expect(told.map(({ id }) => id).sort()).toEqual(all.map(({ id }) => id).sort());
    for (const { id: account } of accountIds) {
      const own = all.filter((row) => row.account === account);
      // Counted behind the account's lock: the order of its commits, whatever the rows say.
      const inTurn = [...own].sort((one, other) => one.turn - other.turn).map(({ id }) => id);
      expect(told.filter(({ accountId }) => accountId === account).map(({ id }) => id)).toEqual(inTurn);
    }
  });

  test('the feed goes on within the promised time when the worker is killed that gave its order', async () => {
    await using servers = await Servers.start({ redis, worker: false });
    const shop = await Backend.add(servers, { ownAccounts: true });
    await using pools = Pools.open(servers);
    const { id } = await servers.database.row<{ id: string }>(
      `insert into account (email, password_hash) values ('somebody@example.com', 'none') returning id`,
    );
    const { feed } = await openFeed(shop);
    await using _ = feed;
    const workers = await Promise.all([0, 1].map(() => Process.worker(servers.environment())));
    try {
      for (const _worker of workers) {
        for (let nth = 0; nth < 5; nth += 1) {
          await pools.write(0, id);
          await within(happened(feed), 'the event', MOVED_MS);
        }
        if (_worker !== workers.at(-1)) await _worker.kill();
      }
    } finally {
      for (const worker of workers) await worker[Symbol.asyncDispose]();
    }
  });

  test('a worker that stands by takes over when nobody gives events their order, and no heartbeat comes before', async () => {
    await using servers = await Servers.start({ redis });
    const shop = await Backend.add(servers, { ownAccounts: true });
    const { feed } = await openFeed(shop);
    await using _ = feed;
    const { n: lock } = await servers.database.row<{ n: string }>(`select ${SEQUENCER_LOCK}::text as n`);
    await servers.database.holding(`select pg_advisory_xact_lock($1::bigint)`, [lock], async ({ release }) => {
      await servers.signedUp();
      const waiting = () =>
        servers.database.row<{ since: Date; stuck: boolean }>(
          `select min(occurred_at) as since, coalesce(min(occurred_at) < clock_timestamp() - interval '4 seconds', false) as stuck
           from event where number is null`,
        );
      await until(async () => (await waiting()).stuck, 'the time in which it is noticed');
      // For one second at most the head still stood for all that had happened.
      const latest = (await waiting()).since.getTime() + 2_000;
      const beats = feed.unread.filter(({ type }) => type === 'HEARTBEAT');
      expect(beats.filter(({ occurredAt }) => Date.parse(occurredAt) > latest)).toEqual([]);
      expect(feed.unread.filter(({ type }) => type !== 'HEARTBEAT')).toEqual([]);
      await release();
      expect((await within(happened(feed), 'the event', MOVED_MS)).type).toBe('SESSION_STARTED');
    });
  });
});

test('a head that is gone is told of, and tried again once a second; no event is lost by it', async () => {
  await using servers = await Servers.start();
  const { database } = servers;
  const told = () => servers.log.filter((line) => line.includes('sequencer: events cannot be numbered now'));
  const unnumbered = () => database.count('event', 'number is null');
  await servers.signedUp();
  await until(async () => (await unnumbered()) === 0, 'the numbers');
  const { head } = await database.row<{ head: string }>('delete from event_log returning head');
  await servers.signedUp();
  await until(() => told().length > 0, 'the fault');
  await database.query('insert into event_log (head, webhook_head) values ($1, $1)', [head]);
  await until(async () => (await unnumbered()) === 0, 'the numbers', MOVED_MS);
  expect(told()).toHaveLength(1);
  expect(JSON.parse(told()[0] ?? '{}').err.message).toBe('event_log has lost its row');
});

/** As in events.ts. */
const SEQUENCER_LOCK = 7_366_883_267;

/** Connections of the product's own, on which transactions are held open. */
class Pools implements AsyncDisposable {
  private constructor(
    private readonly pools: readonly Connections[],
    private readonly transactions: readonly Transactions[],
  ) {}

  static open(servers: Servers): Pools {
    const pools = Array.from({ length: POOLS }, () => openPool(servers.database.url, pino({ level: 'silent' })));
    // Nobody is told: what is missed is found by looking.
    const nobody = { publish: () => undefined, enqueue: () => undefined, push: () => undefined };
    return new Pools(
      pools,
      pools.map((pool) => new Transactions(new Database(pool), nobody)),
    );
  }

  /** A transaction that tells of an account, and is held open for a while before and after that. */
  async write(nth: number, accountId: string, isRolledBack = false): Promise<void> {
    const hold = () => sql`select pg_sleep(${Math.random() * HELD_MOST_SECONDS})`;
    class RolledBack extends Error {}
    const work = this.transactions[nth % POOLS]?.run(async (tx) => {
      await tx.run(hold());
      await lockAccount(tx, accountId, null);
      await countOf(tx, sql`update account set activity_count = activity_count + 1 where id = ${accountId}`);
      tell(tx, {
        type: 'PASSWORD_CHANGED',
        accountId,
        sessionId: randomUUID(),
        expiresAt: sql`(select to_timestamp(activity_count) from account where id = ${accountId})`,
      });
      await tx.run(hold());
      if (isRolledBack) throw new RolledBack();
    });
    await work?.catch((error) => {
      if (!(error instanceof RolledBack)) throw error;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pool of this.pools) await pool.end();
  }
}

/** A transaction of another database of the same cluster that has a number, and stays open. */
class LongTransaction implements AsyncDisposable {
  private constructor(private readonly client: InstanceType<typeof pg.Client>) {}

  static async begin(): Promise<LongTransaction> {
    const url = await createDatabase(`elsewhere_${randomUUID().replaceAll('-', '')}`, null);
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query('begin');
    await client.query('select txid_current()');
    return new LongTransaction(client);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.client.end();
  }
}
