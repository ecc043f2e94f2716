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
        find: 'while (changed >= BATCH) changed = await this.runOnce(chore.run);',
        replace: 'changed = await this.runOnce(chore.run);',
      },
    ],
    noticedBy: ['retention', 'a backlog of many batches goes in one run, and what is still kept stays'],
  },
  {
    name: 'keys-of-the-others',
    keeps: 'a process that has another key under an id of the others does not start',
    edits: [
      {
        file: 'key-rings/key-rings.ts',
        find: 'if (foreign.length > 0) throw',
        replace: 'if (foreign.length > 99) throw',
      },
    ],
    noticedBy: ['key-rings', 'of many processes that start with different keys of one id at the same moment, one does'],
  },
  {
    name: 'keys-entered-once',
    keeps: 'the first process says which key an id means',
    edits: [
      {
        file: 'key-rings/key-rings.ts',
        find: 'on conflict do nothing',
        replace: 'on conflict (ring, id) do update set fingerprint = excluded.fingerprint',
      },
    ],
    noticedBy: [
      'key-rings',
      'a key that nobody has met is entered by whoever has it first, and one that is taken out stays',
    ],
  },
  {
    name: 'keys-before-codes',
    keeps: 'no code is derived before it is known that the keys are the right ones',
    edits: [
      {
        file: 'wiring/foundation.ts',
        find: 'config.databasePrepare, readiness.requireOpen',
        replace: 'config.databasePrepare',
      },
    ],
    noticedBy: ['key-rings', 'a process that has another key makes and shows no code, however long it takes to end'],
  },
  {
    name: 'end-of-a-late-start',
    keeps: 'a process whose keys turn out to be wrong ends, also long after its start',
    edits: [{ file: 'wiring/process.ts', find: 'await started.ready;', replace: 'void started;' }],
    noticedBy: ['key-rings', 'that comes while the database is away does not stay when it is back'],
    breaks: true,
  },
  {
    name: 'ready-with-the-same-keys',
    keeps: 'a process whose keys are not those of the others any more is not ready',
    edits: [{ file: 'wiring/readiness.ts', find: 'if (foreign.length > 0)', replace: 'if (foreign.length > 99)' }],
    noticedBy: [
      'key-rings',
      'once a wrong first one is forgotten the right one starts, and the wrong one that still runs is not ready',
    ],
  },
  {
    name: 'ready-to-write',
    keeps: 'a process whose database takes no writes is not ready',
    edits: [
      {
        file: 'postgres/read-only.ts',
        find: 'if (rows[0]?.readsOnly !== false) throw',
        replace: 'if (rows.length > 1) throw',
      },
      {
        file: 'sql/database.ts',
        find: 'if (rows[0]?.readsOnly === false) return;',
        replace: 'if (rows.length === 1) return;',
      },
    ],
    noticedBy: [
      'key-rings',
      'a database that takes no writes makes a server not ready, at its start and later, and the server says so',
    ],
    breaks: true,
  },
  {
    name: 'acts-with-their-audit',
    keeps: 'what is done by the command line is written down',
    edits: [
      {
        file: 'admin/office.ts',
        find: 'await noteAct(tx, { actor: actor(), act, subject });',
        replace: 'void noteAct;\n          void actor;\n          void act;\n          void subject;',
      },
    ],
    noticedBy: [
      'admin',
      'key list and key forget show and take out keys, in words and as JSON, and audit shows who did it',
    ],
  },
];
