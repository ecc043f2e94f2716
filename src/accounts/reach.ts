import type { Caller } from '../api/caller.js';
import { isUuid } from '../api/ids.js';
import type { Sql } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { columns, type Fragment, raw, sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';
import { AccountRow } from './account.entity.js';

/** Whose people: of a client that was read before, or by SQL that reads it. */
interface Reach {
  readonly clientId: Caller['clientId'] | Fragment;
  readonly ownAccounts: Caller['ownAccounts'] | Fragment;
}

/**
 * SQL that is true where an account is one of an API client's people: a subject of its own, or where it was added with
 * `--own-accounts` an account that somebody opened. All that the client reads, is told or ends goes through this.
 * @param account the table's alias in the statement
 */
export function isOf({ clientId, ownAccounts }: Reach, account: string): Fragment {
  const holder = sql`${raw(account)}.client_id`;
  return sql`(${holder} = ${clientId} or (${holder} is null and ${ownAccounts}::boolean))`;
}

/** What may be a name: the command line takes less. */
const clientNameForm = /^[!-~]{1,64}$/;

/**
 * The same where nobody brings a key, and the client is named by whoever stands in front of it. It must not have ended, and
 * may check sessions.
 * @param client its id or its name, and what is written as an id is one; null: no client, so the accounts that people opened
 *   themselves, and nobody whom a client holds
 */
export function isAmong(client: string | null, account: string): Fragment {
  if (client === null) return sql`${raw(account)}.client_id is null`;
  if (!clientNameForm.test(client)) return sql`false`;
  const isNamed = isUuid(client) ? sql`c.id = ${client}` : sql`c.name = ${client}`;
  const people = isOf({ clientId: sql`c.id`, ownAccounts: sql`c.own_accounts` }, account);
  return sql`exists (select 1 from api_client c
    where ${isNamed} and c.ended_at is null and 'check' = any(c.scopes) and ${people})`;
}

/** As the table holds them to it: visible ASCII, compared byte by byte. */
const externalIdForm = /^[!-~]{1,128}$/;

/** Whether it can be a client's id for a subject; what cannot names nobody, and much of it is no text to PostgreSQL. */
export function isExternalId(text: string): boolean {
  return externalIdForm.test(text);
}

/** What names one of a client's people: one of the two is given. */
export interface PersonName {
  readonly accountId?: string | null;
  /** The client's own id for a subject. */
  readonly externalId?: string | null;
}

/** @returns null if the caller has no such person */
export async function findPerson(db: Sql, caller: Caller, name: PersonName): Promise<AccountRow | null> {
  const person = selection(caller, name);
  return person && rowOf(db, person);
}

/** The same, locked for the rest of the transaction; always its first lock, see `lockAccount`. */
export async function lockPerson(tx: Tx, caller: Caller, name: PersonName): Promise<AccountRow | null> {
  const person = selection(caller, name);
  return person && rowOf(tx, sql`${person} for no key update of a`);
}

/** @returns null where the name can be nobody's */
function selection(caller: Caller, { accountId, externalId }: PersonName): Fragment | null {
  const ofClient = sql`select ${columns(AccountRow, 'a')} from account a where ${isOf(caller, 'a')}`;
  if (accountId != null) return isUuid(accountId) ? sql`${ofClient} and a.id = ${accountId}` : null;
  if (externalId == null || !isExternalId(externalId)) return null;
  // Others' ids say nothing of ours: an own account has none, and two clients may have the same.
  return sql`${ofClient} and a.client_id = ${caller.clientId} and a.external_id = ${externalId}`;
}
