import type { Limits } from '../config/limits.js';
import type { Sql } from '../sql/database.js';
import { countOf, rowOf } from '../sql/rows.js';
import { columns, type Fragment, raw, sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';
import { AccountRow } from './account.entity.js';
import { type FailureCount, failureCounts } from './failure-counts.js';

// The one writer of `account`. All but the opening of one stand behind its lock, taken by this transaction.

const MAX_PAUSE_SECONDS = 86_400;
/** The pause doubles with each so many failures more. */
const FAILURES_PER_DOUBLING = 5;

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

/**
 * Locks the account for which a password was proven to begin a challenge, as `lockAccount` does.
 * @param challenge SQL that is true for the challenge, which the statement calls `c`
 * @returns null if no password was proven for it, or the account's epoch is another by now
 */
export function lockAccountOf(tx: Tx, challenge: Fragment): Promise<AccountRow | null> {
  return rowOf<AccountRow>(
    tx,
    sql`select ${columns(AccountRow, 'a')} from challenge c join account a on a.id = c.account_id and a.epoch = c.epoch
        where ${challenge} for no key update of a`,
  );
}

/** Opens an account; who does it has it locked by that. @returns null if its address is taken */
export function openAccount(
  tx: Tx,
  { email, passwordHash, locale }: Pick<AccountRow, 'email' | 'passwordHash' | 'locale'>,
): Promise<AccountRow | null> {
  return rowOf<AccountRow>(
    tx,
    sql`insert into account (email, password_hash, locale) values (${email}, ${passwordHash}, ${locale})
        on conflict do nothing returning ${columns(AccountRow)}`,
  );
}

/**
 * Raises the account's epoch: first in every transaction that changes or resets the password, turns two-step on or off,
 * or ends any device's trust. Whatever was begun under the old one opens nothing any more.
 */
export async function raiseEpoch(tx: Tx, accountId: string): Promise<AccountRow> {
  const account = await change(tx, accountId, sql`epoch = epoch + 1`);
  tx.wake(`account:${accountId}`);
  return account;
}

/** Writes a new password's hash. Whoever guessed codes had the old one: the pause, or the stop, ends with it. */
export function setPassword(tx: Tx, accountId: string, passwordHash: string): void {
  tx.write(sql`update account set password_hash = ${passwordHash}, code_failures = 0, paused_until = null
        where id = ${accountId}`);
}

/** The same password, hashed anew: only over the hash that was compared, or one that was changed meanwhile would come back. */
export async function renewHash(db: Sql, account: AccountRow, passwordHash: string): Promise<void> {
  await countOf(
    db,
    sql`update account set password_hash = ${passwordHash}
        where id = ${account.id} and password_hash = ${account.passwordHash}`,
  );
}

/** Turns two-step verification on or off. */
export function setTwoStep(tx: Tx, accountId: string, isOn: boolean): Promise<AccountRow> {
  return change(tx, accountId, sql`two_step_enabled_at = ${isOn ? sql`clock_timestamp()` : sql`null`}`);
}

async function change(tx: Tx, accountId: string, changes: Fragment): Promise<AccountRow> {
  const account = await rowOf<AccountRow>(
    tx,
    sql`update account set ${changes} where id = ${accountId} returning ${columns(AccountRow)}`,
  );
  if (!account) throw new Error('a locked account is gone');
  return account;
}

/**
 * Counts a wrong code in advance, and sets the pause that follows from it.
 * @param challenge SQL that is true for the challenge, which the statement calls `c`
 * @returns false if none may be tried: there is none, it is paused, or the epoch under which it began is over
 */
export async function countCodeFailure(
  tx: Tx,
  count: FailureCount,
  challenge: Fragment,
  limits: Limits,
): Promise<boolean> {
  const { failures, pausedUntil, beforePause, beforeStop } = failureCounts[count];
  const { [beforePause]: before, ACCOUNT_PAUSE_SECONDS: pause } = limits;
  const counted = await countOf(
    tx,
    sql`update account a set ${failures} = ${failures} + 1,
          ${pausedUntil} = case
            when ${failures} + 1 >= ${before} and (${failures} + 1 - ${before}) % ${FAILURES_PER_DOUBLING} = 0
            then clock_timestamp() + make_interval(secs => least(${MAX_PAUSE_SECONDS},
              ${pause} * power(2::float8, (${failures} + 1 - ${before}) / ${FAILURES_PER_DOUBLING})))
            else ${pausedUntil} end
        from challenge c
        where ${challenge} and a.id = c.account_id and a.epoch = c.epoch
          and ${beforeStop === null ? raw('true') : sql`${failures} < ${limits[beforeStop]}`}
          and (${pausedUntil} is null or ${pausedUntil} <= clock_timestamp())`,
  );
  return counted === 1;
}

/** Takes the failures back, and with them the pause: one was verified. */
export function forgiveCodeFailures(tx: Tx, accountId: string, count: FailureCount): void {
  const { failures, pausedUntil } = failureCounts[count];
  tx.write(sql`update account set ${failures} = 0, ${pausedUntil} = null where id = ${accountId}`);
}

/** Notes that whoever reads the mail of a subject has typed a code that went there. @param email where it went */
export function proveAddress(tx: Tx, accountId: string, email: string): void {
  tx.write(sql`update account set address_proven_at = clock_timestamp()
        where id = ${accountId} and subject_email = ${email} and address_proven_at is null`);
}

/** Lets new devices wait from now on, where the condition holds. */
export function pauseWhere(tx: Tx, accountId: string, seconds: number, condition: Fragment): void {
  tx.write(
    sql`update account set paused_until = greatest(paused_until, clock_timestamp() + make_interval(secs => ${seconds}))
        where id = ${accountId} and ${condition}`,
  );
}

/**
 * After a reset: for a while codes go by mail only to the devices that were trusted at it, where any of them shows codes.
 * Where none does, mail was all that there was before.
 */
export function holdMail(tx: Tx, accountId: string, { RESET_HOLD_HOURS: hours }: Limits): void {
  tx.write(sql`update account set mail_held_until = clock_timestamp() + make_interval(hours => ${hours})
        where id = ${accountId} and ${hours > 0}
          and exists (select 1 from device d where d.account_id = ${accountId} and d.trusted_at_reset and d.receives_codes)`);
}

/** Notes the language that is read by whoever was let in. */
export function rememberLocale(tx: Tx, { id, locale: before }: AccountRow, locale: string): void {
  if (before !== locale) tx.write(sql`update account set locale = ${locale} where id = ${id}`);
}

/**
 * SQL that takes the number of the next entry of the login activity: `id` and `activity_count`, where the condition holds.
 * @param count of so many; then `activity_count` is the last of them
 */
export function numbering(accountId: string, condition: Fragment, count: Fragment = raw('1')): Fragment {
  return sql`update account set activity_count = activity_count + ${count}
        where id = ${accountId} and ${condition} returning id, activity_count`;
}

/** Lifts the stop by wrong codes, at most once a day: who can have it lifted has no endless tries by that. A pause stays. */
export function liftStop(tx: Tx, accountId: string, { ACCOUNT_TRIES_BEFORE_STOP: stop }: Limits): void {
  tx.write(sql`update account set code_failures = 0, stop_lifted_at = clock_timestamp()
        where id = ${accountId} and code_failures >= ${stop}
          and coalesce(stop_lifted_at < clock_timestamp() - interval '1 day', true)`);
}

/** What names a subject: the client that holds it, and that client's id for it. */
export interface SubjectName {
  readonly clientId: string;
  readonly externalId: string;
}

/** The same for a subject. @returns null if its client has none of that id */
export function lockSubject(tx: Tx, { clientId, externalId }: SubjectName): Promise<AccountRow | null> {
  return rowOf<AccountRow>(
    tx,
    sql`select ${columns(AccountRow)} from account
        where client_id = ${clientId} and external_id = ${externalId} for no key update`,
  );
}

/** Opens the account of a subject, at an address that nobody has proven yet. @returns null if there is one by now */
export function openSubject(
  tx: Tx,
  { clientId, externalId, email, locale }: SubjectName & { readonly email: string; readonly locale: string },
): Promise<AccountRow | null> {
  return rowOf<AccountRow>(
    tx,
    sql`insert into account (client_id, external_id, subject_email, locale)
        values (${clientId}, ${externalId}, ${email}, ${locale})
        on conflict do nothing returning ${columns(AccountRow)}`,
  );
}

/** Gives a subject another address. @param provenAt when somebody has proven to read it; null: nobody has */
export function setSubjectAddress(
  tx: Tx,
  accountId: string,
  email: string,
  provenAt: Date | null,
): Promise<AccountRow> {
  return change(tx, accountId, sql`subject_email = ${email}, address_proven_at = ${provenAt}`);
}

/** Deletes an account with all that belongs to it. */
export function deleteAccount(tx: Tx, accountId: string): void {
  tx.write(sql`delete from account where id = ${accountId}`);
  tx.wake(`account:${accountId}`);
}
