import { pino } from 'pino';
import { Database } from '../../src/sql/database.js';
import { openPool } from '../../src/wiring/database.js';
import { Retention } from '../../src/wiring/retention.js';
import type { Servers } from './servers.js';

/** Runs the scheduled job that deletes what is no longer kept, now. */
export async function cleanUp(servers: Servers, databaseUrl = servers.database.url): Promise<void> {
  const logger = pino({ level: 'silent' });
  const pool = openPool(databaseUrl, logger);
  const retention = new Retention(new Database(pool), servers.config().limits, logger);
  await retention.run();
  await retention.close();
  await pool.end();
}
