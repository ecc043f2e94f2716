import type { Caller } from '../api/caller.js';
import { type Fragment, raw, sql } from '../sql/statement.js';

/**
 * SQL that is true where an account is one of an API client's people: a subject of its own, or where it was added with
 * `--own-accounts` an account that somebody opened. All that the client reads or ends goes through this.
 * @param account the table's alias in the statement
 */
export function isOf({ clientId, ownAccounts }: Caller, account: string): Fragment {
  const holder = sql`${raw(account)}.client_id`;
  return sql`(${holder} = ${clientId} or (${holder} is null and ${ownAccounts}::boolean))`;
}
