import { Pool } from 'pg';
import type { Logger } from 'pino';
import { readPostgresUrl } from '../config/postgres-url.js';
import { writableOnly } from '../postgres/read-only.js';
import type { Connections } from '../sql/database.js';
import { PooledClient } from '../sql/pooled-client.js';

/**
 * A database that is away or hangs turns into an error, not into a request that waits for ever. PostgreSQL gives up on a
 * statement a little before the client does, so that what is merely slow is told from what does not answer.
 */
export const connectionOptions = {
  Client: PooledClient,
  ...writableOnly,
  pipeline: true,
  connectionTimeoutMillis: 5_000,
  statement_timeout: 7_000,
  query_timeout: 8_000,
  idle_in_transaction_session_timeout: 10_000,
  keepAlive: true,
};

/**
 * Settings of each connection. A statement is planned once: else PostgreSQL plans the larger ones at each run, which takes
 * several times what running them does. Such a plan has to be as good when its tables have grown, so no table is read from end
 * to end where there is an index, not even one that is empty yet; compiling a plan never pays for rows that are few.
 */
const planning = {
  plan_cache_mode: 'force_generic_plan',
  random_page_cost: '1',
  enable_seqscan: 'off',
  jit: 'off',
};

/** Said by a statement: a pooler in between refuses what it does not know at the start of a connection. */
const PLANNING = `select ${Object.entries(planning)
  .map(([name, value]) => `set_config('${name}', '${value}', false)`)
  .join(', ')}`;

/** Connects lazily: the first statement opens the first connection. */
export function openPool(databaseUrl: string, logger: Logger): Connections {
  const pool = new Pool({ ...readPostgresUrl(databaseUrl), ...connectionOptions, max: 10 });
  // Ahead of whatever it is opened for; where it fails, so does that.
  pool.on('connect', (client) => client.query(PLANNING).catch(() => undefined));
  // Of connections that nobody has: the next one is another.
  pool.on('error', (error) => logger.debug({ err: error }, 'a connection to the database was lost'));
  return pool;
}
