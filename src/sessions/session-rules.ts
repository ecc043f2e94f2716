import type { Session, Standing } from '../api/session.js';
import type { Limits } from '../config/limits.js';
import { isTrusted, trustUntil } from '../devices/trust.js';
import { constant, type Fragment, raw, sql } from '../sql/statement.js';
import { unindexed } from '../sql/unindexed.js';

/**
 * SQL that is true where a session can be used now. That of a trusted device lasts longer while two-step is on: a phone that
 * lay in a drawer must still show codes. One that was handed over is live only while the one it came from is. Of a session
 * that is found by its token or its id `isUsable` asks; by its account or device, there is an index of the open ones.
 * @param session the table's alias in the statement
 */
export function isLive(limits: Limits, session: string): Fragment {
  const s = raw(session);
  return sql`(${isLiveItself(limits, s)} and (${s}.parent_id is null
    or exists (select 1 from session parent where parent.id = ${s}.parent_id and ${unindexed(isLiveItself(limits, raw('parent')))})))`;
}

/**
 * SQL that is true where a session `s`, found by its token or its id, can be used now: it is live, and its device `d` is not
 * removed. As long as there are no statistics PostgreSQL takes next to nothing for `null`, and would look at all sessions and
 * devices that are open rather than at the one that was found.
 */
export function isUsable(limits: Limits): Fragment {
  return unindexed(sql`d.removed_at is null and ${isLive(limits, 's')}`);
}

function isLiveItself(limits: Limits, s: Fragment): Fragment {
  return sql`(${s}.ended_at is null
    and (${s}.created_at > clock_timestamp() - make_interval(days => ${constant(limits.SESSION_MAX_DAYS)})
      and coalesce(${s}.last_used_at, ${s}.created_at) > clock_timestamp() - make_interval(days => ${constant(limits.SESSION_IDLE_DAYS)})
      or ${s}.created_at > clock_timestamp() - make_interval(days => ${constant(limits.TRUSTED_SESSION_MAX_DAYS)})
        and coalesce(${s}.last_used_at, ${s}.created_at) > clock_timestamp() - make_interval(days => ${constant(limits.TRUSTED_SESSION_IDLE_DAYS)})
        and ${isHeldByTrust(limits, s)})
    and (${s}.last_used_at is not null or ${s}.challenge_id is null and ${s}.parent_id is null
      or ${s}.created_at > clock_timestamp() - make_interval(secs => ${constant(limits.UNUSED_SESSION_SECONDS)})))`;
}

/** @param live the same session as it was read now; undefined: it is over */
export function standingOf(named: Session, live: Session | undefined): Standing {
  if (!live) return 'OVER';
  if (live.tokenHash !== named.tokenHash) return 'RENEWED';
  return live.isTrusted ? 'TRUSTED' : 'UNTRUSTED';
}

function isHeldByTrust(limits: Limits, s: Fragment): Fragment {
  return sql`exists (select 1 ${holdingTrust(limits, s)})`;
}

/**
 * SQL for the device `trusted` whose trust holds a session: only what lived when it began, since a session that was over by
 * then would come back to life with the next trust.
 */
function holdingTrust(limits: Limits, s: Fragment): Fragment {
  return sql`from device trusted join account a on a.id = trusted.account_id
    where trusted.id = ${s}.device_id and a.two_step_enabled_at is not null and ${isTrusted(limits, 'trusted')}
      and ${s}.created_at > trusted.trusted_at - make_interval(days => ${constant(limits.SESSION_MAX_DAYS)})
      and coalesce(${s}.last_used_at, ${s}.created_at) > trusted.trusted_at - make_interval(days => ${constant(limits.SESSION_IDLE_DAYS)})`;
}

/** SQL for when a session that is live is over if it is not used again. @param session as for `isLive` */
export function lapsesAt(limits: Limits, session: string): Fragment {
  const s = raw(session);
  return sql`least(${lapsesItselfAt(limits, s)},
    (select ${lapsesItselfAt(limits, raw('parent'))} from session parent where parent.id = ${s}.parent_id))`;
}

function lapsesItselfAt(limits: Limits, s: Fragment): Fragment {
  const lastUsedAt = sql`coalesce(${s}.last_used_at, ${s}.created_at)`;
  return sql`least(greatest(
    least(${s}.created_at + make_interval(days => ${constant(limits.SESSION_MAX_DAYS)}),
      ${lastUsedAt} + make_interval(days => ${constant(limits.SESSION_IDLE_DAYS)})),
    (select least(${s}.created_at + make_interval(days => ${constant(limits.TRUSTED_SESSION_MAX_DAYS)}),
       ${lastUsedAt} + make_interval(days => ${constant(limits.TRUSTED_SESSION_IDLE_DAYS)}), ${trustUntil(limits, 'trusted')})
     ${holdingTrust(limits, s)})),
    case when ${s}.last_used_at is null and (${s}.challenge_id is not null or ${s}.parent_id is not null)
      then ${s}.created_at + make_interval(secs => ${constant(limits.UNUSED_SESSION_SECONDS)}) end)`;
}

/**
 * SQL for when whoever has a session said last who they are: as a code was typed for it, else as it was opened. What an app
 * handed over goes by the session that it came from: to hand over proves nothing.
 * @param session as for `isLive`
 */
export function authenticatedAt(session: string): Fragment {
  const s = raw(session);
  return sql`coalesce(${s}.proven_at,
    (select coalesce(origin.proven_at, origin.created_at) from session origin where origin.id = ${s}.parent_id), ${s}.created_at)`;
}
