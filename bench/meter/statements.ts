import type { Database } from '../site/database.js';

/** How many statements each kind of process has run, BEGIN and COMMIT among them. */
export interface Statements {
  readonly server: number;
  readonly worker: number;
}

/** Counts from now on, in this database. */
export async function resetStatements(database: Database): Promise<void> {
  await database.query(
    'select pg_stat_statements_reset(0, (select oid from pg_database where datname = current_database()), 0)',
  );
}

/** What was counted since; the server and the worker are two users of PostgreSQL, each with its own count. */
export async function countStatements(database: Database): Promise<Statements> {
  const [row] = await database.query<Statements>(
    `select coalesce(sum(calls) filter (where userid = 'bench_server'::regrole), 0)::float8 as server,
       coalesce(sum(calls) filter (where userid = 'bench_worker'::regrole), 0)::float8 as worker
     from pg_stat_statements where dbid = (select oid from pg_database where datname = current_database())`,
  );
  return row ?? { server: 0, worker: 0 };
}
