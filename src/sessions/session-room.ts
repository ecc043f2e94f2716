import type { Limits } from '../config/limits.js';
import { type Fragment, sql } from '../sql/statement.js';

/** A session that is about to be opened. */
interface Newcomer {
  readonly accountId: string;
  readonly deviceId: string;
  /** The one that it ends with: the last to make room for it. */
  readonly parentId: string | null;
}

/**
 * SQL for `ending`: the account's live sessions but one.
 * @param isLive SQL that is true of a live session `s`
 */
export function others(isLive: Fragment, accountId: string, keptSessionId: string | null): Fragment {
  return sql`select s.id, coalesce(s.last_used_at, s.created_at) as used_at
    from session s where s.account_id = ${accountId} and s.id is distinct from ${keptSessionId}::uuid and ${isLive}`;
}

/** SQL for `ending`: the live sessions of a device. @param isLive as for `others` */
export function ofDevice(isLive: Fragment, deviceId: string): Fragment {
  return sql`select s.id, coalesce(s.last_used_at, s.created_at) as used_at
    from session s where s.device_id = ${deviceId} and ${isLive}`;
}

/**
 * SQL for `ending`: the live sessions that have to end so that one more fits under `SESSIONS_PER_DEVICE` and
 * `SESSIONS_PER_ACCOUNT`: those unused longest. Those that their device has too many of do not count for the account.
 * @param isLive SQL that is true of a live session `s`
 */
export function tooManyFor(isLive: Fragment, limits: Limits, { accountId, deviceId, parentId }: Newcomer): Fragment {
  const { SESSIONS_PER_DEVICE: perDevice, SESSIONS_PER_ACCOUNT: perAccount } = limits;
  return sql`select id, used_at
    from (
      select id, used_at, fits, row_number() over (partition by fits order by used_at desc, id) as place
      from (
        select s.id, s.used_at,
          row_number() over (partition by s.device_id order by s.used_at desc, s.id)
            <= ${perDevice}::int - case when s.device_id = ${deviceId} then 1 else 0 end as fits
        from (
          select s.id, s.device_id,
            case when s.id = ${parentId}::uuid then 'infinity' else coalesce(s.last_used_at, s.created_at) end as used_at
          from session s where s.account_id = ${accountId} and ${isLive}) s) of_device) of_account
    where not fits or place >= ${perAccount}`;
}
