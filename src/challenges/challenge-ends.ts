import type { AccountRow } from '../accounts/account.entity.js';
import { raiseEpoch } from '../accounts/epochs.js';
import type { Session } from '../sessions/sessions.js';
import { type Fragment, sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';

/**
 * Raises the account's epoch and ends its pending sign-ins and set-ups, which were made under the one before: the
 * beginning of whatever changes the password, turns two-step on or off, or ends trust.
 */
export function shutDoor(tx: Tx, accountId: string): Promise<AccountRow> {
  const raised = raiseEpoch(tx, accountId);
  cancel(tx, sql`account_id = ${accountId} and purpose in ('SIGN_IN', 'ENABLE_TWO_STEP')`);
  return raised;
}

/** Ends the set-ups that a session has begun: a newer one takes their place. */
export function cancelSetUps(tx: Tx, { accountId, id }: Pick<Session, 'accountId' | 'id'>): void {
  cancel(tx, sql`account_id = ${accountId} and purpose = 'ENABLE_TWO_STEP' and session_id = ${id}`);
}

/**
 * Makes the codes of the account's other resets wrong once one is done. The challenges themselves go on, like those of an
 * address that nobody has: whoever asked for one must not learn that the account exists.
 */
export function withdrawResetCodes(tx: Tx, accountId: string): void {
  tx.write(sql`update challenge set code_given_at = null
        where account_id = ${accountId} and purpose = 'RESET_PASSWORD' and state = 'PENDING'`);
}

/** One whose time is over stays EXPIRED: somebody may have been told so. */
function cancel(tx: Tx, which: Fragment): void {
  tx.write(
    sql`update challenge set state = 'CANCELLED', ended_at = clock_timestamp()
        where ${which} and state = 'PENDING' and expires_at > clock_timestamp() returning id`,
    ({ rows }) => {
      for (const { id } of rows) tx.wake(`challenge:${id}`);
    },
  );
}
