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

/** Connects lazily: the first statement opens the first connection. */
export function openPool(databaseUrl: string, logger: Logger): Connections {
  const pool = new Pool({ ...readPostgresUrl(databaseUrl), ...connectionOptions, max: 10 });
  // Of connections that nobody has: the next one is another.
  pool.on('error', (error) => logger.debug({ err: error }, 'a connection to the database was lost'));
  return pool;
}
