import type { AccountRow } from '../accounts/account.entity.js';
import { raiseEpoch } from '../accounts/accounts.js';
import type { Tx } from '../sql/transactions.js';
import { cancelPending } from './challenge-states.js';

/**
 * Raises the account's epoch and ends its pending sign-ins and set-ups, which were made under the one before: the
 * beginning of whatever changes the password, turns two-step on or off, or ends trust.
 */
export function shutDoor(tx: Tx, accountId: string): Promise<AccountRow> {
  const raised = raiseEpoch(tx, accountId);
  cancelPending(tx, accountId);
  return raised;
}
