import { randomUUID } from 'node:crypto';
import type { NoticeKind } from '../mail/mail-data.js';
import type { SmtpReply } from '../mail/mail-fault.js';
import type { Sql } from '../sql/database.js';
import { countOf, rowOf, rowsOf } from '../sql/rows.js';
import { columns, type Fragment, sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';
import { unindexed } from '../sql/unindexed.js';
import { DeliveryRow, type NoticeFacts } from './delivery.entity.js';

/**
 * For how long no other worker takes a delivery up. The worker that has it renews this while it sends, so that a mail
 * waits no longer than this for a worker that died.
 */
const CLAIM_SECONDS = 15;
/** How long past its time a delivery waits before it counts as left behind. */
const LEFT_BEHIND_SECONDS = 2;

/** How often a mail is given to a mail server that does not say whether it took it. */
const SENDS_OF_UNKNOWN_FATE = 2;

/** What became of an attempt to send, and what the mail server answered. */
export type Outcome = SmtpReply & {
  /** Whether it may have taken the mail without a word. */
  readonly isFateUnknown?: true;
} & (
    | { readonly state: 'SENT' }
    | { readonly state: 'RETRYING'; readonly delayMs: number }
    /** No failure: nobody knows whether it did fail. */
    | { readonly state: 'FAILED'; readonly failure: 'ADDRESS_REFUSED' | 'MAIL_REFUSED' | 'TOO_LATE' | null }
  );

/** A code that goes out. */
export interface CodeDelivery {
  readonly challengeId: string;
  readonly method: 'APP' | 'EMAIL';
  readonly toAddress: string | null;
  readonly askedFrom: string | null;
  readonly locale: string;
  /** Written, but never sent: past a limit. */
  readonly isWithheld: boolean;
}

/** Writes the delivery of a code in the transaction that is its reason; a mail goes to the workers after the commit. */
export function deliverCode(tx: Tx, delivery: CodeDelivery): void {
  const id = randomUUID();
  const due = delivery.method === 'EMAIL' ? sql`clock_timestamp()` : sql`null`;
  tx.write(
    sql`insert into delivery (id, challenge_id, method, to_address, asked_from, locale, is_withheld, next_attempt_at)
        values (${id}, ${delivery.challengeId}, ${delivery.method}, ${delivery.toAddress}, ${delivery.askedFrom},
          ${delivery.locale}, ${delivery.isWithheld}, ${due})`,
  );
  // A withheld one is queued too, and dropped by the worker: the same work, whoever asks.
  if (delivery.method === 'EMAIL') tx.send(id);
}

/** Who is told of what happens to an account. */
export interface Told {
  readonly id: string;
  /** Null: nobody has proven to read its mail, so nothing is written. */
  readonly email: string | null;
  readonly locale: string;
}

/**
 * Writes a security notice to the account's address. The same within a minute goes out once; that codes are guessed, once
 * an hour, whatever the guessing devices call themselves.
 */
export function deliverNotice(tx: Tx, account: Told, notice: NoticeKind, facts: NoticeFacts): void {
  if (account.email === null) return;
  const id = randomUUID();
  const json = JSON.stringify(facts);
  const isTold =
    notice === 'WRONG_CODES'
      ? sql`created_at > clock_timestamp() - interval '1 hour'`
      : sql`facts = ${json}::jsonb and created_at > clock_timestamp() - interval '1 minute'`;
  tx.write(
    sql`insert into delivery (id, account_id, method, notice, facts, to_address, locale, next_attempt_at)
        select ${id}::uuid, ${account.id}::uuid, 'EMAIL', ${notice}::text, ${json}::jsonb, ${account.email}::text,
          ${account.locale}::text, clock_timestamp()
        where not exists (
          select 1 from delivery where account_id = ${account.id} and notice = ${notice} and ${isTold})`,
    ({ rowCount }) => {
      if (rowCount) tx.send(id);
    },
  );
}

/** Writes the mail that tells of a change which waits, and has a code to stop it. */
export function deliverHeldChange(tx: Tx, account: Told, heldChangeId: string): void {
  if (account.email === null) return;
  const id = randomUUID();
  const json = JSON.stringify({
    deviceName: null,
    platform: null,
    ipAddress: null,
    heldChangeId,
  } satisfies NoticeFacts);
  tx.write(
    sql`insert into delivery (id, account_id, method, notice, facts, to_address, locale, next_attempt_at)
        values (${id}, ${account.id}, 'EMAIL', 'HELD_CHANGE', ${json}::jsonb, ${account.email}, ${account.locale},
          clock_timestamp())`,
  );
  tx.send(id);
}

/** Deletes all that was written, or is still to be, to an account which goes. */
export function forgetDeliveries(tx: Tx, accountId: string): void {
  tx.write(
    sql`delete from delivery where account_id = ${accountId}
          or challenge_id in (select id from challenge where account_id = ${accountId})`,
  );
}

/** What is put together where there were too many notices: it names no device. */
const NO_FACTS = { deviceName: null, platform: null, ipAddress: null, more: 1 } satisfies NoticeFacts;

/**
 * Writes the notice that a new device has signed in. Past `mostPerHour` of them one more is written, which counts those
 * that follow until it leaves, an hour after the first. The account must be locked by this transaction.
 */
export function deliverNewDevice(tx: Tx, account: Told, facts: NoticeFacts, mostPerHour: number): void {
  if (account.email === null) return;
  const id = randomUUID();
  const [json, counting] = [facts, NO_FACTS].map((written) => JSON.stringify(written));
  tx.write(
    sql`with recent as (
          select facts, created_at from delivery
          where account_id = ${account.id} and notice = 'NEW_DEVICE' and not facts ? 'more'
            and created_at > clock_timestamp() - interval '1 hour'),
        told as (select count(*) >= ${mostPerHour} as enough, min(created_at) as since from recent),
        known as (
          select from recent where facts = ${json}::jsonb and created_at > clock_timestamp() - interval '1 minute'),
        counted as (
          update delivery set facts = jsonb_set(facts, '{more}', to_jsonb((facts ->> 'more')::int + 1))
          where account_id = ${account.id} and notice = 'NEW_DEVICE' and facts ? 'more'
            and ${unindexed(sql`state = 'QUEUED'`)} and attempts = 0 and (select enough from told) and not exists (select from known)
          returning 1)
        insert into delivery (id, account_id, method, notice, facts, to_address, locale, next_attempt_at)
        select ${id}::uuid, ${account.id}::uuid, 'EMAIL', 'NEW_DEVICE', case when enough then ${counting}::jsonb else ${json}::jsonb end,
          ${account.email}::text, ${account.locale}::text,
          case when enough then since + interval '1 hour' else clock_timestamp() end
        from told where not exists (select from known) and not exists (select from counted)
        returning facts ? 'more' as waits`,
    ({ rows }) => {
      // The sweeper finds the one that waits.
      if (rows[0]?.waits === false) tx.send(id);
    },
  );
}

/** Of a delivery that is found by its id. */
const isUnsent = unindexed(sql`state in ('QUEUED', 'RETRYING')`);

/** A delivery that a worker has taken up. */
export interface Claimed<Brand> extends DeliveryRow {
  /** Of whoever holds the account that it is about; null: nobody does. */
  readonly brand: Brand | null;
}

/**
 * Takes a delivery up for sending.
 * @param brand SQL for one value, over the row of `delivery`
 * @returns null if there is nothing to do: it was sent, given up, is withheld, not due yet, or another worker has it
 */
export function claimDelivery<Brand>(db: Sql, deliveryId: string, brand: Fragment): Promise<Claimed<Brand> | null> {
  return rowOf<Claimed<Brand>>(
    db,
    // Whoever had it after its data had begun died, or was cut off: what became of it is not known, and is told now.
    sql`update delivery set attempts = attempts + 1,
          unknown_sends = unknown_sends + case when data_begun_at is null then 0 else 1 end, data_begun_at = null,
          changed_at = case when data_begun_at is null then changed_at else clock_timestamp() end,
          claimed_until = clock_timestamp() + make_interval(secs => ${CLAIM_SECONDS})
        where id = ${deliveryId} and method = 'EMAIL' and ${isUnsent} and not is_withheld
          and next_attempt_at <= clock_timestamp() + interval '50 milliseconds'
          and (claimed_until is null or claimed_until <= clock_timestamp())
        returning ${columns(DeliveryRow)}, ${brand} as brand`,
  );
}

/** Whether it may have arrived as often as a mail may: it is not sent any more. */
export function isSentOut(claimed: DeliveryRow): boolean {
  return claimed.unknownSends >= SENDS_OF_UNKNOWN_FATE;
}

/**
 * Notes that the mail server is given the mail, before it is: a worker that dies from here on leaves it with its fate
 * unknown. @returns false if it is no longer this worker's
 */
export async function beginData(db: Sql, claimed: DeliveryRow): Promise<boolean> {
  const begun = await countOf(
    db,
    sql`update delivery set data_begun_at = clock_timestamp()
        where id = ${claimed.id} and attempts = ${claimed.attempts} and claimed_until is not null`,
  );
  return begun === 1;
}

/** Writes what became of a claimed delivery, unless another worker has taken it up since. */
export async function recordOutcome(db: Sql, claimed: DeliveryRow, outcome: Outcome): Promise<boolean> {
  const next =
    outcome.state === 'RETRYING'
      ? sql`clock_timestamp() + make_interval(secs => ${outcome.delayMs / 1000})`
      : sql`next_attempt_at`;
  const written = await countOf(
    db,
    sql`update delivery set state = ${outcome.state}, failure = ${outcome.state === 'FAILED' ? outcome.failure : null},
          reply_code = ${outcome.replyCode}, enhanced_status = ${outcome.enhancedStatus},
          unknown_sends = unknown_sends + ${outcome.isFateUnknown ? 1 : 0}, data_begun_at = null,
          next_attempt_at = ${next}, claimed_until = null, changed_at = clock_timestamp()
        where id = ${claimed.id} and attempts = ${claimed.attempts} and ${isUnsent}`,
  );
  return written === 1;
}

/** Keeps a claim for as long again. @returns false if it is no longer this worker's: another has taken the delivery up */
export async function renewClaim(db: Sql, claimed: DeliveryRow): Promise<boolean> {
  const renewed = await countOf(
    db,
    // A claim that ran out unnoticed, with the database away, is still this worker's; one that is over has no end.
    sql`update delivery set claimed_until = clock_timestamp() + make_interval(secs => ${CLAIM_SECONDS})
        where id = ${claimed.id} and attempts = ${claimed.attempts} and claimed_until is not null`,
  );
  return renewed === 1;
}

/** Gives a claim back, with nothing sent, for another worker to take up at once. */
export async function releaseClaim(db: Sql, claimed: DeliveryRow): Promise<void> {
  await countOf(
    db,
    sql`update delivery set claimed_until = null, data_begun_at = null
        where id = ${claimed.id} and attempts = ${claimed.attempts}`,
  );
}

/** SQL for mails, as `id` and `attempts`, that are due, that no worker has, and whose job may be lost. */
export function mailsLeftBehind(most: number): Fragment {
  return sql`select id, attempts from delivery
    where state in ('QUEUED', 'RETRYING') and method = 'EMAIL' and not is_withheld
      and next_attempt_at < statement_timestamp() - make_interval(secs => ${LEFT_BEHIND_SECONDS})
      and (claimed_until is null or claimed_until <= statement_timestamp())
    order by next_attempt_at limit ${most}`;
}

/**
 * The sends of a challenge, the newest first.
 * @param challenge SQL for its id
 */
export function deliveriesOf(db: Sql, challenge: Fragment): Promise<DeliveryRow[]> {
  return rowsOf<DeliveryRow>(
    db,
    sql`select ${columns(DeliveryRow)} from delivery where challenge_id = ${challenge} order by created_at desc, id`,
  );
}

/**
 * The last sends of several challenges, the newest first.
 * @param challenges SQL for their ids
 */
export function lastDeliveriesOf(db: Sql, challenges: Fragment, most: number): Promise<DeliveryRow[]> {
  return rowsOf<DeliveryRow>(
    db,
    sql`select ${columns(DeliveryRow)} from delivery where challenge_id in (${challenges})
        order by created_at desc, id limit ${most}`,
  );
}
