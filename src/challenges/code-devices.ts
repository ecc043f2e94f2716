import type { Limits } from '../config/limits.js';
import { isTrusted } from '../devices/trust.js';
import { isLive } from '../sessions/session-rules.js';
import { type Fragment, raw, sql } from '../sql/statement.js';

/**
 * SQL that is true where a device may show codes now: it is trusted, its owner wants codes on it, and it has a live session.
 * @param device the table's alias in the statement
 */
export function mayShowCodes(limits: Limits, device: string): Fragment {
  const d = raw(device);
  return sql`(${d}.receives_codes and ${isTrusted(limits, device)}
    and exists (select 1 from session s where s.device_id = ${d}.id and ${isLive(limits, 's')}))`;
}
