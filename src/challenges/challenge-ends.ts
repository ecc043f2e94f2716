import { sql } from '@mikro-orm/core';
import { rowsOf } from '../rows.js';
import type { Tx } from '../transactions.js';
import { ChallengeRow } from './challenge.entity.js';

/** Ends all of the account's pending sign-ins: part of whatever raises its epoch. */
export async function cancelSignIns(tx: Tx, accountId: string): Promise<void> {
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
