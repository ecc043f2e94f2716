import { surroundings } from '../places/client-network.js';
import { type Fragment, raw, sql } from '../sql/statement.js';

/** How many there are of what is limited: of the asker's home, of its site, and of all. */
export interface Counts {
  readonly ofHome: number;
  readonly ofSite: number;
  readonly ofAll: number;
}

/**
 * SQL that counts rows by where they came from, as one value.
 * @param address the column with their address, or network
 * @param filter what has to be true of a row
 */
export function countsBy(address: string, ipAddress: string, filter: Fragment = sql`true`): Fragment {
  const { home, site } = surroundings(ipAddress);
  const from = sql`nullif(${raw(address)}, '')::inet`;
  return sql`jsonb_build_object(
    'ofHome', count(*) filter (where ${filter} and ${from} <<= ${home}::inet),
    'ofSite', count(*) filter (where ${filter} and ${from} <<= ${site}::inet),
    'ofAll', count(*) filter (where ${filter}))`;
}

/**
 * Whether an account has none left of what one home may use `most` of: a site twice that, and all together three times. So
 * nobody, from one home or from one site, takes the last one of the account's owner, who is elsewhere.
 */
export function isUsedUp({ ofHome, ofSite, ofAll }: Counts, most: number): boolean {
  return ofHome >= most || ofSite >= 2 * most || ofAll >= 3 * most;
}

/**
 * The same where there is a number for all: whatever it is, one home and one site leave one of it, if it is not the only one.
 */
export function isShareUsedUp({ ofHome, ofSite, ofAll }: Counts, mostOfHome: number, mostOfAll: number): boolean {
  const leavingOne = Math.max(1, mostOfAll - 1);
  return (
    ofHome >= Math.min(mostOfHome, leavingOne) || ofSite >= Math.min(2 * mostOfHome, leavingOne) || ofAll >= mostOfAll
  );
}
