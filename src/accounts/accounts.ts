import type { Sql } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { columns, sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';
import { AccountRow } from './account.entity.js';

/** The account's row, whatever its state. */
export function findAccount(db: Sql, accountId: string): Promise<AccountRow | null> {
  return rowOf<AccountRow>(db, sql`select ${columns(AccountRow)} from account where id = ${accountId}`);
}

/**
 * Locks the account's row for the rest of the transaction; always the first lock that a transaction takes.
 * `FOR NO KEY UPDATE` rather than `FOR SHARE`: two sign-ins that both write afterwards would deadlock on shared locks.
 * @param epoch what the caller has seen; null if it relies on nothing seen before
 * @returns null if there is no such account, or its epoch is another by now
 */
export function lockAccount(tx: Tx, accountId: string, epoch: number | null): Promise<AccountRow | null> {
  const unchanged = epoch === null ? sql`true` : sql`epoch = ${epoch}`;
  return rowOf<AccountRow>(
    tx,
    sql`select ${columns(AccountRow)} from account where id = ${accountId} and ${unchanged} for no key update`,
  );
}
