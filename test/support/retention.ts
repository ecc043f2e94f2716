import { pino } from 'pino';
import { databaseOf, openDatabase } from '../../src/wiring/database.js';
import { Retention } from '../../src/wiring/retention.js';
import type { Servers } from './servers.js';

/** Runs the scheduled job that deletes what is no longer kept, now. */
export async function cleanUp(servers: Servers, databaseUrl = servers.database.url): Promise<void> {
  const logger = pino({ level: 'silent' });
  const orm = await openDatabase(databaseUrl, logger);
  const retention = new Retention(await databaseOf(orm), servers.config().limits, logger);
  await retention.run();
  await retention.close();
  await orm.close(true);
}
