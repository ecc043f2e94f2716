import type { Guard } from './guard.js';

/** What keeps the faults of stores from being those of people. */
export const faultGuards: readonly Guard[] = [
  {
    name: 'late-answers-of-postgresql',
    keeps: 'a PostgreSQL that hangs holds a request up for seconds only',
    edits: [{ file: 'wiring/database.ts', find: '  query_timeout: 8_000,\n', replace: '' }],
    noticedBy: ['postgres-faults', 'that hangs holds a request up for ten seconds at most, and all is well by itself'],
    breaks: true,
  },
  {
    name: 'late-answers-of-redis',
    keeps: 'a Redis that hangs holds a sign-in up for two seconds at most',
    edits: [{ file: 'rate-limits/rate-limits.ts', find: '    commandTimeout: COMMAND_TIMEOUT_MS,\n', replace: '' }],
    noticedBy: ['redis-faults', '%s, people sign in, live codes arrive, mail waits and goes when it is well again'],
    breaks: true,
  },
  {
    name: 'connections-being-opened',
    keeps: 'a connection to PostgreSQL that is being opened does not hold up a shutdown',
    edits: [{ file: 'wiring/database.ts', find: 'await pool.end();', replace: 'void pool;\n  await orm.close(true);' }],
    noticedBy: ['closing', 'gives a query its answer whose connection is still being opened'],
  },
  {
    name: 'told-of-what-may-be-true',
    keeps: 'what was committed is told although the answer to COMMIT was lost',
    edits: [
      {
        file: 'sql/transactions.ts',
        find: 'if (isDone && !isRefused(error)) tell();',
        replace: 'void [isDone, isRefused];',
      },
    ],
    noticedBy: ['lost-answers', 'a device that was removed is gone, and its sockets are told so'],
  },
  {
    name: 'retention-in-batches',
    keeps: 'a backlog is deleted in batches, all of them in one run',
    edits: [
      {
        file: 'wiring/retention.ts',
        find: 'while (changed >= BATCH) changed = await this.runOnce((tx) => countOf(tx, statement));',
        replace: 'changed = await this.runOnce((tx) => countOf(tx, statement));',
      },
    ],
    noticedBy: ['retention', 'a backlog of many batches goes in one run, and what is still kept stays'],
  },
];
