import { expect, test } from '@jest/globals';
import { pino } from 'pino';
import { MailQueue } from '../src/queue.js';
import { TestDatabase } from './support/database.js';
import { until } from './support/waiting.js';

const CUT = `select pg_terminate_backend(pid) as is_cut from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'`;

test('a connection that is cut while the queue makes its tables costs no more than another try', async () => {
  await using database = await TestDatabase.create();
  const logger = pino({ level: 'silent' });
  const queue = await database.holding('create schema bullmq', [], async (held) => {
    const opened = new MailQueue({ redisUrl: null, databaseUrl: database.url }, logger);
    await held.waiters(1);
    // Unheard, the error of a connection ends the process; here it would fail the test.
    expect(await database.query(CUT)).toEqual([{ is_cut: true }]);
    return opened;
  });
  await until(() => database.count('pg_tables', "schemaname = 'bullmq'"), 'the tables of the queue');
  await queue.close();
});
