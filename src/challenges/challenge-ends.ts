import { sql } from '@mikro-orm/core';
import type { AccountRow } from '../accounts/account.entity.js';
import { raiseEpoch } from '../accounts/epochs.js';
import { rowsOf } from '../rows.js';
import type { Tx } from '../transactions.js';
import { ChallengeRow } from './challenge.entity.js';

/**
 * Raises the account's epoch and ends its pending sign-ins: the beginning of whatever changes the password, turns
 * two-step on or off, or ends trust.
 */
export async function shutDoor(tx: Tx, accountId: string): Promise<AccountRow> {
  const account = await raiseEpoch(tx, accountId);
  await cancelSignIns(tx, accountId);
  return account;
}

async function cancelSignIns(tx: Tx, accountId: string): Promise<void> {
  const cancelled = await rowsOf(
    tx.em,
    ChallengeRow,
    sql`update challenge set state = 'CANCELLED', ended_at = clock_timestamp()
        where account_id = ${accountId} and purpose = 'SIGN_IN' and state = 'PENDING' returning *`,
  );
  for (const { id } of cancelled) tx.wake(`challenge:${id}`);
  tx.wake(`account:${accountId}`);
}

/** Ends the set-ups that a session has begun: a newer one takes their place, or two-step is on. */
export async function cancelSetUps(tx: Tx, accountId: string, sessionId: string | null): Promise<void> {
  const bySession = sessionId === null ? sql`true` : sql`session_id = ${sessionId}`;
  const cancelled = await rowsOf(
    tx.em,
    ChallengeRow,
    sql`update challenge set state = 'CANCELLED', ended_at = clock_timestamp()
        where account_id = ${accountId} and purpose = 'ENABLE_TWO_STEP' and state = 'PENDING' and ${bySession} returning *`,
  );
  for (const { id } of cancelled) tx.wake(`challenge:${id}`);
}
