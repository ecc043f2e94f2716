import type { Limits } from '../config/limits.js';
import { msUntil } from '../sql/clock.js';
import type { Sql } from '../sql/database.js';
import { countOf, rowOf, rowsOf } from '../sql/rows.js';
import { columns, constant, type Fragment, raw, sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';
import { type Wait, waitOf } from '../texts/times.js';
import { HeldChangeRow } from './held-change.entity.js';

// The one writer of `held_change`. All of it but reading stands behind the account's lock, taken by this transaction.

/** A change that has not come into force, and how long it waits by the database's clock; 0: for nothing but its proof. */
export type HeldChange = HeldChangeRow & { readonly msLeft: number };

/** What is asked for. */
export type NewHeldChange = Pick<HeldChangeRow, 'id' | 'accountId' | 'kind' | 'email' | 'keyId' | 'salt'>;

const isOpen = sql`h.ended_at is null`;

/** SQL that is true where an account is about to be deleted. @param account the table's alias in the statement */
export function isDeletionWaiting(account: string): Fragment {
  return sql`exists (select 1 from held_change h
    where h.account_id = ${raw(account)}.id and h.kind = 'DELETION' and ${isOpen})`;
}

/** SQL that is true where a change `h` has waited long enough, and nothing else is missing. */
const isDue = sql`(${isOpen} and h.waits_until <= clock_timestamp() and (h.kind = 'DELETION' or h.proven_at is not null))`;

const held = sql`${columns(HeldChangeRow, 'h')}, greatest(${msUntil(sql`h.waits_until`)}, 0) as "msLeft"`;

/** The changes of an account that are not in force, the oldest first. */
export function heldChanges(db: Sql, accountId: string): Promise<HeldChange[]> {
  return rowsOf<HeldChange>(
    db,
    sql`select ${held} from held_change h where h.account_id = ${accountId} and ${isOpen} order by h.asked_at, h.id`,
  );
}

/** The same of every subject that has an address; it may be that of several, of as many clients. */
export function heldChangesOfAddress(db: Sql, email: string): Promise<HeldChange[]> {
  return rowsOf<HeldChange>(
    db,
    sql`select ${held} from account a join held_change h on h.account_id = a.id
        where a.subject_email = ${email} and ${isOpen} order by h.asked_at, h.id`,
  );
}

/** Lets a change wait for `RESET_HOLD_HOURS`. There must be none of its kind that waits. */
export async function holdChange(tx: Tx, change: NewHeldChange, limits: Limits): Promise<HeldChange> {
  return add(tx, change, sql`h.asked_at + make_interval(hours => ${constant(limits.RESET_HOLD_HOURS)})`, sql`null`);
}

/** Notes an address that is in force at once. */
export async function noteAddress(tx: Tx, change: NewHeldChange): Promise<void> {
  await add(tx, change, sql`h.asked_at`, sql`h.asked_at`);
}

async function add(tx: Tx, row: NewHeldChange, waitsUntil: Fragment, endedAt: Fragment): Promise<HeldChange> {
  const added = await rowOf<HeldChange>(
    tx,
    sql`insert into held_change as h (id, account_id, kind, email, key_id, salt, asked_at, waits_until, ended_at)
        select ${row.id}::uuid, ${row.accountId}::uuid, ${row.kind}::text, ${row.email}::text, ${row.keyId}::text,
          ${row.salt}::bytea, h.asked_at, ${waitsUntil}, ${endedAt}
        from (select clock_timestamp() as asked_at) h returning ${held}`,
  );
  if (!added) throw new Error('an insert returned no row');
  tx.wake(`account:${row.accountId}`);
  return added;
}

/** Ends a change before it is in force. @returns false if it is over already, one way or the other */
export async function endHeldChange(
  tx: Tx,
  { id, accountId }: Pick<HeldChangeRow, 'id' | 'accountId'>,
): Promise<boolean> {
  const ended = await countOf(
    tx,
    sql`update held_change h set ended_at = clock_timestamp()
        where h.id = ${id} and h.account_id = ${accountId} and ${isOpen}`,
  );
  tx.wake(`account:${accountId}`);
  return ended === 1;
}

/** Notes that whoever reads the mail of the address that is wanted has typed a code. @returns false if it is not wanted any more */
export async function proveHeldAddress(tx: Tx, accountId: string, email: string): Promise<boolean> {
  const proven = await countOf(
    tx,
    sql`update held_change h set proven_at = clock_timestamp()
        where h.account_id = ${accountId} and h.kind = 'ADDRESS' and h.email = ${email} and ${isOpen}`,
  );
  return proven === 1;
}

/** Ends the changes of an account that are due, of which each is in force from now on: once. */
export function takeDueChanges(tx: Tx, accountId: string): Promise<HeldChangeRow[]> {
  return rowsOf<HeldChangeRow>(
    tx,
    sql`update held_change h set ended_at = clock_timestamp()
        where h.account_id = ${accountId} and ${isDue} returning ${columns(HeldChangeRow, 'h')}`,
  );
}

/** The accounts that have changes which are due, those first that have waited longest. */
export async function accountsWithDueChanges(db: Sql, most: number, after: string | null = null): Promise<string[]> {
  const due = await rowsOf<Pick<HeldChangeRow, 'accountId'>>(
    db,
    sql`select distinct h.account_id as "accountId" from held_change h
        where ${isDue} and (${after}::uuid is null or h.account_id > ${after}::uuid) order by 1 limit ${most}`,
  );
  return due.map(({ accountId }) => accountId);
}

/** How long until another change of the kind may be asked for an account; null if it may now. */
export async function nextChange(
  db: Sql,
  accountId: string,
  kind: HeldChangeRow['kind'],
  limits: Limits,
): Promise<Wait | null> {
  const until = sql`(min(asked_at) + interval '1 day')`;
  const asked = await rowOf<{ count: number; until: Date | null; ms: number | null }>(
    db,
    sql`select count(*)::int as count, ${until} as until, ${msUntil(until)} as ms
        from (select asked_at from held_change where account_id = ${accountId} and kind = ${kind}
                and asked_at > clock_timestamp() - interval '1 day'
              order by asked_at desc limit ${constant(limits.ADDRESS_CHANGES_DAY)}) lately`,
  );
  return asked && asked.count >= limits.ADDRESS_CHANGES_DAY ? waitOf(asked.until, asked.ms) : null;
}
