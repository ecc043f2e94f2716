// npm run check:migrations: whether migrations/ makes exactly the tables that the entities want, and can undo them.
// On an embedded PostgreSQL of its own, in a temporary folder: nothing has to run, nothing is left behind.

import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { startPostgres } from '../dist/embedded/postgres.js';
import { migrateBy, openOrm } from '../dist/wiring/orm.js';

const logger = pino({ level: 'warn' });

/** What is wrong, a line or more each; the database is as it was before. */
async function faultsOf(orm) {
  const faults = [];
  if (await orm.migrator.checkSchema()) {
    faults.push('The entities have changed: run npm run migration:create -- --name <what changes>');
  }
  await migrateBy(orm, logger);
  const difference = await orm.schema.getUpdateSchemaSQL({ wrap: false });
  if (difference.trim()) faults.push(`The migrations do not make what the entities say, but for:\n${difference}`);

  await orm.migrator.down({ to: 0 });
  const left = await tablesOf(orm);
  if (left.length > 0) faults.push(`Going down to the beginning leaves tables behind: ${left.join(', ')}`);
  return faults;
}

async function tablesOf(orm) {
  const rows = await orm.em
    .fork()
    .execute("select tablename from pg_tables where schemaname = 'public' and tablename <> 'mikro_orm_migrations'");
  return rows.map(({ tablename }) => tablename);
}

await using cleanUp = new AsyncDisposableStack();
const folder = mkdtempSync(path.join(tmpdir(), 'doorstep-migrations-'));
cleanUp.defer(() => rmSync(folder, { recursive: true, force: true }));
// As root, PostgreSQL is run as another user, who has to get in.
chmodSync(folder, 0o755);
const postgres = await startPostgres({ dataDir: folder, log: (line) => process.stdout.write(`${line}\n`) });
cleanUp.defer(() => postgres.stop());
const orm = await openOrm(postgres.url, logger);
cleanUp.defer(() => orm.close(true));

const faults = await faultsOf(orm);
for (const fault of faults) process.stderr.write(`${fault}\n`);
if (faults.length > 0) process.exitCode = 1;
