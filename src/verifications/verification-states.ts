import type { Limits } from '../config/limits.js';
import { changeAndTell } from '../events/events.js';
import type { Method } from '../outbox/delivery.entity.js';
import { rowOf } from '../sql/rows.js';
import { columns, constant, type Fragment, sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';
import { VerificationRow } from './verification.entity.js';

// The one writer of `verification`: all of it but the redeeming stands behind the account's lock, taken by this transaction.

/** What a backend asks for. */
export type NewVerification = Pick<
  VerificationRow,
  | 'id'
  | 'clientId'
  | 'requestId'
  | 'accountId'
  | 'purpose'
  | 'epoch'
  | 'sessionId'
  | 'action'
  | 'inputHash'
  | 'tokenHash'
  | 'keyId'
  | 'salt'
>;

/**
 * Notes what is asked for; it waits `CHALLENGE_SECONDS` for a device to begin.
 * @returns false if the client has asked for something else by that id
 */
export async function addVerification(tx: Tx, row: NewVerification, limits: Limits): Promise<boolean> {
  const added = await rowOf(
    tx,
    sql`insert into verification (id, client_id, request_id, account_id, purpose, epoch, session_id, action,
          input_hash, token_hash, key_id, salt, expires_at)
        values (${row.id}, ${row.clientId}, ${row.requestId}, ${row.accountId}, ${row.purpose},
          ${row.epoch}, ${row.sessionId}, ${row.action && JSON.stringify(row.action)}::jsonb, ${row.inputHash}, ${row.tokenHash},
          ${row.keyId}, ${row.salt}, clock_timestamp() + make_interval(secs => ${constant(limits.CHALLENGE_SECONDS)}))
        on conflict (client_id, request_id) do nothing returning id`,
  );
  return added !== null;
}

/** Notes that a device has begun, and with which challenge it goes on. */
export function beginWith(tx: Tx, id: string, challengeId: string): void {
  tx.write(sql`update verification set challenge_id = ${challengeId} where id = ${id} and challenge_id is null`);
}

/** Ends one that waits; its challenge, if there is one, is ended beside it. */
export function cancelVerification(tx: Tx, id: string): void {
  tx.write(sql`update verification set cancelled_at = clock_timestamp()
        where id = ${id} and verified_at is null and cancelled_at is null`);
}

/** How something was proven, and what its receipt is good for. */
export interface Proof {
  /** Null: a trusted device, no code. */
  readonly method: Method | null;
  /** The session that was opened; null: none was. */
  readonly sessionId: string | null;
  readonly deviceId: string | null;
  /** SHA-256 of the receipt. */
  readonly receiptHash: Buffer;
}

/**
 * Notes that one is verified, and the receipt of that: it is good under the epoch that this transaction leaves, so whatever
 * raises it is written before.
 * @param which SQL that is true for it, which is called `v`
 */
export function verifyWhere(tx: Tx, which: Fragment, proof: Proof, limits: Limits): void {
  const verified = sql`update verification v
        set verified_at = clock_timestamp(), method = ${proof.method},
          verified_session_id = ${proof.sessionId}, receipt_hash = ${proof.receiptHash}, receipt_epoch = a.epoch,
          receipt_expires_at = clock_timestamp() + make_interval(secs => ${constant(limits.RECEIPT_SECONDS)})
        from account a where a.id = v.account_id and ${which} and v.verified_at is null and v.cancelled_at is null
        returning v.account_id, v.request_id, v.purpose, coalesce(v.verified_session_id, v.session_id) as session_id`;
  tx.write(
    changeAndTell(tx, verified, {
      type: 'VERIFIED',
      accountId: sql`h.account_id`,
      sessionId: sql`h.session_id`,
      deviceId: proof.deviceId,
      requestId: sql`h.request_id`,
      purpose: sql`h.purpose`,
    }),
  );
}

/**
 * Redeems a receipt: in time, once, and under the epoch that its own transaction left.
 * @param which SQL of all that has to be true besides, of the verification `v` and its account `a`
 */
export function redeemWhere(tx: Tx, which: Fragment): Promise<RedeemedVerification | null> {
  return rowOf<RedeemedVerification>(
    tx,
    sql`update verification v set redeemed_at = clock_timestamp() from account a
        where a.id = v.account_id and ${which} and v.redeemed_at is null and v.receipt_expires_at > clock_timestamp()
          and v.receipt_epoch = a.epoch
        returning ${columns(VerificationRow, 'v')}, a.external_id as "externalId"`,
  );
}

/** What a receipt was good for, and the client's id of the subject, where there is one. */
export type RedeemedVerification = VerificationRow & { readonly externalId: string | null };
