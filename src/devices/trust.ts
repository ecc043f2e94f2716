import { raw } from '@mikro-orm/core';
import type { Limits } from '../config/limits.js';

/**
 * SQL that is true where a device skips the second step now: trusted, not removed, used lately enough, and not trusted
 * too long ago (`TRUST_IDLE_DAYS`, `TRUST_MAX_DAYS`).
 * @param device the table's alias in the statement
 */
export function isTrusted(limits: Limits, device: string) {
  return raw(
    `(${device}.trusted_at is not null and ${device}.removed_at is null
      and ${device}.trusted_at > clock_timestamp() - make_interval(days => ?)
      and ${device}.last_seen_at > clock_timestamp() - make_interval(days => ?))`,
    [limits.TRUST_MAX_DAYS, limits.TRUST_IDLE_DAYS],
  );
}

/** SQL that is true where a device holds an open subscription on any server that still renews its presence. */
export function isOnline(limits: Limits, device: string) {
  return raw(
    `exists (select 1 from presence pr where pr.device_id = ${device}.id
      and pr.renewed_at > clock_timestamp() - make_interval(secs => ?))`,
    [3 * limits.PRESENCE_SECONDS],
  );
}
