import type { EntityName, RawQueryFragment } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';

/**
 * Runs a statement and returns its rows as plain data of an entity's shape: columns by their property names, instants
 * as Date. Columns that are not the entity's come along as they are.
 */
export async function rowsOf<Row extends object>(
  em: EntityManager,
  entity: EntityName<Row>,
  statement: RawQueryFragment,
): Promise<Row[]> {
  const meta = em.getMetadata().get(entity);
  const rows = await em.execute<Record<string, unknown>[]>(statement);
  return rows.map((row) => em.getDriver().mapResult<Row>(row as never, meta) as unknown as Row);
}

/** The one row of a statement that matches one or none, such as a guarded `UPDATE ... RETURNING`. */
export async function rowOf<Row extends object>(
  em: EntityManager,
  entity: EntityName<Row>,
  statement: RawQueryFragment,
): Promise<Row | null> {
  const [row] = await rowsOf(em, entity, statement);
  return row ?? null;
}

/** Runs a statement whose columns are no entity's: text, numbers and booleans under the names that the SQL gives them. */
export function valuesOf<Values extends object>(em: EntityManager, statement: RawQueryFragment): Promise<Values[]> {
  return em.execute<Values[]>(statement);
}

/** Runs a statement and returns how many rows it matched. */
export async function countOf(em: EntityManager, statement: RawQueryFragment): Promise<number> {
  const { affectedRows } = await em.execute<{ affectedRows: number }>(statement, [], 'run');
  return affectedRows;
}
