import { createHash } from 'node:crypto';
import { type Fragment, sql } from '../sql/statement.js';

/** Of one site so many wrong passwords count for an address, or it alone could use up what there is for all. */
const COUNTED_OF_SITE = 10;

/** What is counted by the hour. */
export type Tally =
  | { readonly email: string }
  | { readonly email: string; readonly site: string }
  | { readonly deviceId: string }
  | { readonly accountId: string };

// A row as it stands in this hour.
const isOver = sql`t.since <= now() - interval '1 hour'`;
const countNow = sql`case when ${isOver} then 0 else t.count end`;
const sinceNow = sql`case when ${isOver} then now() else t.since end`;

/**
 * SQL of `with`: counts a comparison for an address that an `attempt` was taken for. `tally` has a row if it may be made, and
 * `site` when the next one may be: past `perAddress` each site has one a minute, so that the owner's own still has its.
 */
export function countComparison(email: string, site: string, perAddress: number): Fragment {
  return sql`site as (
      insert into password_tally as t (key, count, since, due_at)
      select ${keyOf({ email, site })}::bytea, 1, now(), now() + interval '1 minute' from attempt
      on conflict (key) do update set count = ${countNow} + 1, since = ${sinceNow},
        due_at = case when t.due_at > now() then t.due_at else now() + interval '1 minute' end
      returning count <= ${COUNTED_OF_SITE} as counts, due_at = now() + interval '1 minute' as is_due, due_at),
    tally as (
      insert into password_tally as t (key, count, since)
      select ${keyOf({ email })}::bytea, counts::int, now() from site
      on conflict (key) do update set count = ${countNow} + excluded.count, since = ${sinceNow}
      where ${isOver} or t.count < ${perAddress} or (select is_due from site)
      returning 1)`;
}

/** SQL of `with`: takes back what `countComparison` counted; `attempt` is locked before. */
export function takeComparisonBack(email: string, site: string, wasCounted: boolean): Fragment {
  return sql`site as (
      update password_tally set count = greatest(count - 1, 0), due_at = now()
      where key = ${keyOf({ email, site })} and exists (select from attempt) returning 1),
    tally as (
      update password_tally set count = greatest(count - ${wasCounted ? 1 : 0}, 0)
      where key = ${keyOf({ email })} and exists (select from site) returning 1)`;
}

/** SQL that counts one, unless that were more than `most` in an hour: then it has no row. */
export function countUpTo(most: number, what: Tally): Fragment {
  return sql`insert into password_tally as t (key, count, since) select ${keyOf(what)}::bytea, 1, now() from attempt
    on conflict (key) do update set count = ${countNow} + 1, since = ${sinceNow}
    where ${isOver} or t.count < ${most} returning 1`;
}

/** SQL for when the hour of a tally is over, as the statement found it. */
export function endOfHour(what: Tally): Fragment {
  return sql`(select since + interval '1 hour' from password_tally where key = ${keyOf(what)})`;
}

/** SQL that takes one back. */
export function takeOneBack(what: Tally): Fragment {
  return sql`update password_tally set count = greatest(count - 1, 0) where key = ${keyOf(what)} and exists (select from attempt)
    returning 1`;
}

function keyOf(what: Tally): Buffer {
  const text = Object.entries(what).flat().join('\0');
  return createHash('sha256').update(text).digest();
}
