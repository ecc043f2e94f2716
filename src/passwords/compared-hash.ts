import { AccountRow } from '../accounts/account.entity.js';
import type { OwnAccount } from '../accounts/addresses.js';
import type { Sql } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { columns, type Fragment, sql } from '../sql/statement.js';
import type { Passwords } from './passwords.js';

/** What a password that was typed for an address is compared with. */
export interface Compared {
  /** Null where nobody has the address: then the hash is a decoy's. */
  readonly account: OwnAccount | null;
  readonly hash: string;
}

/**
 * The account of an address and its hash, by the same statement and for the same work whether or not somebody has it. The
 * hashes that are stored differ in what they cost, once the costs in force have changed: each is made anew when its owner
 * signs in. So a decoy takes its costs from them, and not from the configuration.
 */
export async function comparedHash(db: Sql, passwords: Passwords, email: string): Promise<Compared> {
  const found = await rowOf<Nullable<AccountRow> & { decoyCosts: string | null }>(
    db,
    sql`select ${columns(AccountRow, 'a')}, ${decoyCosts(email)} as "decoyCosts"
        from (select 1) one left join account a on a.email = ${email}`,
  );
  const decoy = passwords.decoy(found?.decoyCosts ?? null);
  if (!found || found.id === null) return { account: null, hash: decoy };
  // What has an address of its own has a password.
  const account = found as OwnAccount;
  return { account, hash: account.passwordHash };
}

type Nullable<Row> = { [Name in keyof Row]: Row[Name] | null };

/**
 * The costs of an address that nobody has: always the same for one address, and of all such addresses as many have them as
 * of the accounts. A secret number from 0 to 1 belongs to each address; the shares of the costs divide that range, the
 * newest first. So while accounts are hashed anew, addresses go over to newer costs, one by one and never back, as if
 * somebody signed in there.
 */
function decoyCosts(email: string): Fragment {
  return sql`(
    select share.costs from (
      select costs, sum(sum(accounts)) over (order by min(first_seen_at) desc, costs) as upto, sum(sum(accounts)) over () as total
      from password_cost group by costs having sum(accounts) > 0) share
    where share.upto > share.total * (
      select ('x' || left(encode(sha256(secret || convert_to(${email}, 'UTF8')), 'hex'), 12))::bit(48)::bigint / 2::float8 ^ 48
      from decoy_secret)
    order by share.upto limit 1)`;
}
