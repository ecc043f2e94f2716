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
 * A statement is planned once a connection. Else PostgreSQL plans the larger ones at each run, which takes several times what
 * running them does; and with every row found by an index, a plan that was made while a table was small stays good when it
 * is not. Said by a statement, since a pooler in between refuses what it does not know at the start.
 */
const PLANNING =
  "select set_config('plan_cache_mode', 'force_generic_plan', false), set_config('enable_seqscan', 'off', false)";

/** Connects lazily: the first statement opens the first connection. */
export function openPool(databaseUrl: string, logger: Logger): Connections {
  const pool = new Pool({ ...readPostgresUrl(databaseUrl), ...connectionOptions, max: 10 });
  // Ahead of whatever it is opened for; where it fails, so does that.
  pool.on('connect', (client) => client.query(PLANNING).catch(() => undefined));
  // Of connections that nobody has: the next one is another.
  pool.on('error', (error) => logger.debug({ err: error }, 'a connection to the database was lost'));
  return pool;
}
