import { pino } from 'pino';
import { closeOrm, migrateBy, openOrm } from '../../src/wiring/orm.js';
import { createDatabase, TEMPLATE } from './database.js';

/** Makes the migrated database that each test's own is a copy of, in the PostgreSQL of the run. */
export async function createTemplate(): Promise<void> {
  const url = await createDatabase(TEMPLATE, null);
  const logger = pino({ level: 'silent' });
  const orm = await openOrm(url, logger);
  await migrateBy(orm, logger);
  // A database that somebody is connected to cannot be copied.
  await closeOrm(orm);
}
