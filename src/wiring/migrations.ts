import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from 'pino';
import { migrationsFolder } from '../config/project.js';
import type { Sql } from '../sql/database.js';
import { rowsOf } from '../sql/rows.js';
import { sql } from '../sql/statement.js';

/** Whether every migration that this code knows has run. */
export async function isMigrated(db: Sql): Promise<boolean> {
  const [table] = await rowsOf<{ isThere: boolean }>(
    db,
    sql`select to_regclass('mikro_orm_migrations') is not null as "isThere"`,
  );
  if (!table?.isThere) return false;
  const done = await rowsOf<{ name: string }>(db, sql`select name from mikro_orm_migrations`);
  const names = new Set(done.map(({ name }) => name));
  const known = (await readdir(migrationsFolder)).filter((file) => /^Migration\d+\.ts$/.test(file));
  return known.every((file) => names.has(path.basename(file, '.ts')));
}

/** Brings the database to the newest migration, unless it is there. Any number of processes may do so at once. */
export async function migrate(db: Sql, databaseUrl: string, logger: Logger): Promise<void> {
  if (await isMigrated(db)) return;
  const { closeOrm, migrateBy, openOrm } = await import('./orm.js');
  const orm = await openOrm(databaseUrl, logger);
  try {
    await migrateBy(orm, logger);
  } finally {
    await closeOrm(orm);
  }
}
