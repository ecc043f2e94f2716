import { startTestPostgres } from './postgres.js';
import { ofTheRun } from './run.js';
import { createTemplate } from './template.js';

/** Starts the one PostgreSQL of the run, and migrates the database that each test file's own is copied from. */
export default async function setUp(): Promise<void> {
  const postgres = await startTestPostgres();
  ofTheRun.postgres = postgres;
  // Workers inherit the environment: it is all that jest hands on to them.
  process.env.TEST_POSTGRES_URL = postgres.url;
  await createTemplate();
}
