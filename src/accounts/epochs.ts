import { rowOf } from '../sql/rows.js';
import { columns, sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';
import { AccountRow } from './account.entity.js';

/**
 * Raises the account's epoch: first in every transaction that changes or resets the password, turns two-step on or off,
 * or ends any device's trust. Whatever was begun under the old one opens nothing any more.
 */
export async function raiseEpoch(tx: Tx, accountId: string): Promise<AccountRow> {
  const account = await rowOf<AccountRow>(
    tx,
    sql`update account set epoch = epoch + 1 where id = ${accountId} returning ${columns(AccountRow)}`,
  );
  if (!account) throw new Error('the epoch of an account that does not exist was raised');
  tx.wake(`account:${accountId}`);
  return account;
}
