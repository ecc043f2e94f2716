import type { Limits } from '../config/limits.js';
import { constant, type Fragment, raw, sql } from '../sql/statement.js';

/**
 * SQL that is true where a device skips the second step now: trusted, not removed, used lately enough, and not trusted
 * too long ago (`TRUST_IDLE_DAYS`, `TRUST_MAX_DAYS`).
 * @param device the table's alias in the statement
 */
export function isTrusted(limits: Limits, device: string): Fragment {
  const d = raw(device);
  return sql`(${d}.trusted_at is not null and ${d}.removed_at is null
    and ${d}.trusted_at > clock_timestamp() - make_interval(days => ${constant(limits.TRUST_MAX_DAYS)})
    and ${d}.last_seen_at > clock_timestamp() - make_interval(days => ${constant(limits.TRUST_IDLE_DAYS)}))`;
}

/** SQL for when the trust of a device that is trusted lapses if it is not used again. @param device the table's alias */
export function trustUntil(limits: Limits, device: string): Fragment {
  const d = raw(device);
  return sql`least(${d}.trusted_at + make_interval(days => ${constant(limits.TRUST_MAX_DAYS)}),
    ${d}.last_seen_at + make_interval(days => ${constant(limits.TRUST_IDLE_DAYS)}))`;
}

/**
 * SQL that is true where a device holds an open subscription on any server that lives: one that has renewed its own row, or
 * in an older version the device's.
 */
export function isOnline(limits: Limits, device: string): Fragment {
  return sql`exists (select 1 from presence pr left join api_server sv on sv.id = pr.server_id
    where pr.device_id = ${raw(device)}.id
      and case when pr.renewed_at = 'infinity' then sv.renewed_at else pr.renewed_at end
        > clock_timestamp() - make_interval(secs => ${constant(3 * limits.PRESENCE_SECONDS)}))`;
}
