import type { Sql } from './database.js';
import type { Fragment } from './statement.js';

/** Runs a statement and returns its rows under the names that the SQL gives their columns; instants are `Date`. */
export async function rowsOf<Row extends object>(db: Sql, statement: Fragment): Promise<Row[]> {
  const { rows } = await db.run(statement);
  return rows as Row[];
}

/** The one row of a statement that matches one or none, such as a guarded `UPDATE ... RETURNING`. */
export async function rowOf<Row extends object>(db: Sql, statement: Fragment): Promise<Row | null> {
  const { rows } = await db.run(statement);
  return (rows[0] as Row | undefined) ?? null;
}

/** Runs a statement and returns how many rows it matched. */
export async function countOf(db: Sql, statement: Fragment): Promise<number> {
  const { rowCount } = await db.run(statement);
  return rowCount ?? 0;
}
