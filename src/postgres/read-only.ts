import { type ClientBase, DatabaseError } from 'pg';

const READ_ONLY_TRANSACTION = '25006';

/** What a connection runs to learn whether it may write: on a standby, or where it was told so, it may not. */
export const READS_ONLY = `select pg_is_in_recovery() or current_setting('transaction_read_only')::boolean as "readsOnly"`;

/** PostgreSQL takes no writes: what it says may be old, and what others have ended may still stand there. */
export class ReadOnlyDatabase extends Error {
  override readonly name = 'ReadOnlyDatabase';

  constructor() {
    super('the database is read-only');
  }
}

/**
 * Looks whether a connection that was just opened may write. After a fail-over the way may lead to a standby for a while,
 * and whoever stayed there would go on to read what was true before it.
 * @throws ReadOnlyDatabase
 */
export async function requireWritable(client: Pick<ClientBase, 'query'>): Promise<void> {
  const { rows } = await client.query<{ readsOnly: boolean }>(READS_ONLY);
  if (rows[0]?.readsOnly !== false) throw new ReadOnlyDatabase();
}

/** The option of a pool that looks so at each connection that it opens. */
export const writableOnly = { onConnect: requireWritable };

/** Whether something failed because its connection may not write. */
export function isReadOnly(error: unknown): boolean {
  return error instanceof ReadOnlyDatabase || (error as { code?: unknown } | null)?.code === READ_ONLY_TRANSACTION;
}

/**
 * Connection exceptions and shutdowns, and a prepared statement that is of no more use there: what it returns has changed
 * ("cached plan must not change result type"), or it is gone (SQLSTATE). What else PostgreSQL answers leaves a connection as
 * it was.
 */
const ends = /^(08|57P0|0A000|26000)/;

/** Whether a connection is of no more use after an error: it is lost, its answer is overdue, it may not write, or prepares no more. */
export function endsConnection(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return true;
  const isFatal = error.severity === 'FATAL' || error.severity === 'PANIC';
  return isFatal || isReadOnly(error) || ends.test(error.code ?? '');
}
