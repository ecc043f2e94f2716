import { createHash } from 'node:crypto';
import { type Fragment, sql } from '../sql/statement.js';

/** Of one site so many wrong passwords count for an address, or it alone could use up what there is for all. */
const COUNTED_OF_SITE = 10;

/** What address is tried, and from which site. */
export interface Place {
  readonly email: string;
  readonly site: string;
}

/** A comparison that was counted. */
export interface Comparison extends Place {
  /** Whether it counts for the address, over all networks. */
  readonly isCounted: boolean;
}

// A row as it stands in this hour.
const isOver = sql`t.since <= now() - interval '1 hour'`;
const countNow = sql`case when ${isOver} then 0 else t.count end`;
const sinceNow = sql`case when ${isOver} then now() else t.since end`;

/**
 * SQL of `with`: counts a comparison for an address that a stranger's `attempt` was taken for. `tally` has a row if it may be
 * made, and `site` when the next one may be: past `perAddress` each site has one a minute, so that the owner's own still has
 * its.
 */
export function countComparison({ email, site }: Place, perAddress: number): Fragment {
  return sql`site as (
      insert into password_tally as t (key, count, since, due_at)
      select ${keyOf({ email, site })}::bytea, 1, now(), now() + interval '1 minute' from attempt where device_id is null
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
export function takeComparisonBack({ email, site, isCounted }: Comparison): Fragment {
  return sql`site as (
      update password_tally set count = greatest(count - 1, 0), due_at = now()
      where key = ${keyOf({ email, site })} and exists (select from attempt) returning 1),
    tally as (
      update password_tally set count = greatest(count - ${isCounted ? 1 : 0}, 0)
      where key = ${keyOf({ email })} and exists (select from site) returning 1)`;
}

/** SQL for the `key` of the tally of the known device whose `attempt` was taken; no row: a stranger's. */
export const tallyOfDevice = sql`select sha256(${Buffer.from('deviceId\0')}::bytea || convert_to(device_id::text, 'UTF8')) as key
  from attempt where device_id is not null`;

/**
 * SQL for the `key` of the tally of an account, if there is an `attempt`. Each epoch has one of its own: whoever used one up
 * knew the password, and another password gives it back.
 */
export function tallyOfAccount(accountId: string, epoch: number): Fragment {
  return sql`select ${keyOf({ accountId, epoch: String(epoch) })}::bytea as key from attempt`;
}

/** SQL that counts one, unless that were more than `most` in an hour: then it has no row. @param tally SQL for its `key` */
export function countUpTo(most: number, tally: Fragment): Fragment {
  return sql`insert into password_tally as t (key, count, since) select key, 1, now() from (${tally}) of_it
    on conflict (key) do update set count = ${countNow} + 1, since = ${sinceNow}
    where ${isOver} or t.count < ${most} returning 1`;
}

/** SQL for when the hour of a tally is over, as the statement found it. @param tally SQL for its `key` */
export function tallyEnd(tally: Fragment): Fragment {
  return sql`(select since + interval '1 hour' from password_tally where key = (${tally}))`;
}

/** SQL that takes back a try of a known device; `attempt` is locked before. */
export function takeTryBack(deviceId: string): Fragment {
  return sql`update password_tally set count = greatest(count - 1, 0) where key = ${keyOf({ deviceId })}
    and exists (select from attempt) returning 1`;
}

function keyOf(what: Readonly<Record<string, string>>): Buffer {
  const text = Object.entries(what).flat().join('\0');
  return createHash('sha256').update(text).digest();
}
