import { pino } from 'pino';
import { migrate, openDatabase } from '../../src/database.js';
import { createDatabase, TEMPLATE } from './database.js';
import { startTestPostgres } from './postgres.js';
import { ofTheRun } from './run.js';

/** Starts the one PostgreSQL of the run, and migrates the database that each test file's own is copied from. */
export default async function setUp(): Promise<void> {
  const postgres = await startTestPostgres();
  ofTheRun.postgres = postgres;
  // Workers inherit the environment: it is all that jest hands on to them.
  process.env.TEST_POSTGRES_URL = postgres.url;
  const url = await createDatabase(TEMPLATE, null);
  const logger = pino({ level: 'silent' });
  const orm = await openDatabase(url, logger);
  await migrate(orm, logger);
  // A database that somebody is connected to cannot be copied.
  await orm.close(true);
}
