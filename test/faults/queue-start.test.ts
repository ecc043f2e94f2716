import { expect, jest, test } from '@jest/globals';
import { pino } from 'pino';
import { JobQueue } from '../../src/outbox/queue.js';
import { TestDatabase } from '../support/database.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { Process, START_MS } from '../support/processes.js';
import { Servers } from '../support/servers.js';
import { until } from '../support/waiting.js';

// A real process starts here, which is two seconds of work.
jest.setTimeout(90_000);

const CUT = `select pg_terminate_backend(pid) as is_cut from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'`;

test('a connection that is cut while the queue makes its tables costs no more than another try', async () => {
  await using database = await TestDatabase.create();
  const logger = pino({ level: 'silent' });
  const queue = await database.holding('create schema bullmq', [], async (held) => {
    const opened = new JobQueue({ redisUrl: null, redisPrefix: 'doorstep', databaseUrl: database.url }, logger);
    opened.open();
    await held.waiters(1);
    // Unheard, the error of a connection ends the process; here it would fail the test.
    expect(await database.query(CUT)).toEqual([{ is_cut: true }]);
    return opened;
  });
  await until(() => database.count('pg_tables', "schemaname = 'bullmq'"), 'the tables of the queue');
  await queue.close();
});

test('a worker that loses PostgreSQL while its queue makes its tables stays, and takes jobs once it is back', async () => {
  await using servers = await Servers.start({ count: 0 });
  const { database } = servers;
  using way = await FaultProxy.start(database.url);
  const env = servers.environment({ DATABASE_URL: way.url, LOG_LEVEL: 'debug' });
  await using worker = await database.holding('create schema bullmq', [], async (held) => {
    const launched = await Process.launch('worker', env);
    // Its queue and its worker. By then it has found the tables of the product, and stays for nothing else.
    await held.waiters(2, START_MS);
    await way.refuse();
    way.cut();
    return launched;
  });
  // Between its tries nothing is open that an event loop waits for.
  await worker.logged('worker: still cannot use the queue');
  await way.heal();
  await worker.ready();
  expect(await worker.terminate()).toMatchObject({ code: 0, signal: null });
});
