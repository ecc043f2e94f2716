import { isOf } from '../accounts/reach.js';
import type { Caller } from '../api/caller.js';
import type { State } from '../challenges/challenge.entity.js';
import { stateNow as challengeStateNow } from '../challenges/challenge-rules.js';
import type { Sql } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { columns, type Fragment, sql } from '../sql/statement.js';
import { isRequestId } from './request-id.js';
import { VerificationRow } from './verification.entity.js';

/** A verification as it stands now. */
export interface VerificationView {
  readonly row: VerificationRow;
  /** The client's id of the subject; null: the account is somebody's own. */
  readonly externalId: string | null;
  readonly state: State;
  /** When it is over: its challenge, once there is one. */
  readonly expiresAt: Date;
}

type ViewRow = VerificationRow & {
  readonly externalId: string | null;
  readonly seenState: State;
  readonly seenExpiresAt: Date;
};

/**
 * SQL for how a verification `v` of the account `a` stands: once there is a challenge `c` as that does, until then by its own
 * time and the epoch that it was asked for under.
 */
const stateNow: Fragment = sql`case
  when v.verified_at is not null then 'VERIFIED'
  when v.cancelled_at is not null then 'CANCELLED'
  when c.id is not null then ${challengeStateNow()}
  when v.expires_at <= clock_timestamp() then 'EXPIRED'
  when v.epoch <> a.epoch then 'CANCELLED'
  else 'PENDING' end`;

const selection = sql`select ${columns(VerificationRow, 'v')}, a.external_id as "externalId", ${stateNow} as "seenState",
    coalesce(c.expires_at, v.expires_at) as "seenExpiresAt"
  from verification v join account a on a.id = v.account_id left join challenge c on c.id = v.challenge_id`;

function viewOf(found: ViewRow | null): VerificationView | null {
  if (!found) return null;
  const { externalId, seenState, seenExpiresAt, ...row } = found;
  return { row, externalId, state: seenState, expiresAt: seenExpiresAt };
}

/** What a backend has started by this id. @returns null if it has started none, or sees the person no more */
export async function findVerification(db: Sql, caller: Caller, requestId: string): Promise<VerificationView | null> {
  if (!isRequestId(requestId)) return null;
  return viewOf(
    await rowOf<ViewRow>(
      db,
      sql`${selection} where v.client_id = ${caller.clientId} and v.request_id = ${requestId} and ${isOf(caller, 'a')}`,
    ),
  );
}

/** What a challenge's token is for, before and after its challenge is there. @param tokenHash its SHA-256 */
export async function findByToken(db: Sql, tokenHash: Buffer): Promise<VerificationView | null> {
  return viewOf(await rowOf<ViewRow>(db, sql`${selection} where v.token_hash = ${tokenHash}`));
}
