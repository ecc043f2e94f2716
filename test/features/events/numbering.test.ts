import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { numberEvents } from '../../../src/events/events.js';
import { webhooksOf } from '../../../src/outbox/webhooks.js';
import { type Connections, Database } from '../../../src/sql/database.js';
import { sql } from '../../../src/sql/statement.js';
import { openPool } from '../../../src/wiring/database.js';
import { TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let pool: Connections;

beforeAll(async () => {
  database = await TestDatabase.create();
  pool = openPool(database.url, pino({ level: 'silent' }));
});
afterAll(async () => {
  await pool.end();
  await database[Symbol.asyncDispose]();
});

const number = () => numberEvents(new Database(pool), (events) => webhooksOf(events, sql`true`));

test('events that were given a number between the look and the lock keep it, and are looked for again', async () => {
  await database.query(
    `insert into event (account_id, type) select gen_random_uuid(), 'SESSION_STARTED' from generate_series(1, 2)`,
  );
  const elsewhere = `with moved as (update event_log set head = head + 1, webhook_head = webhook_head + 1 returning head)
    update event set number = (select head from moved) where serial = (select min(serial) from event where number is null)`;
  await database.holding(elsewhere, [], async ({ waiters, release }) => {
    const outrun = number();
    await waiters(1);
    await release();
    expect(await outrun).toMatchObject({ isTaken: false, count: 0, mayBeMore: true });
  });
  expect(await number()).toMatchObject({ isTaken: false, count: 1, head: 2, mayBeMore: false });
  const numbered = await database.query('select number from event order by serial');
  expect(numbered).toEqual([{ number: '1' }, { number: '2' }]);
});
