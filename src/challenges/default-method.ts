import type { Limits } from '../config/limits.js';
import { isOnline, isTrusted } from '../devices/trust.js';
import type { Method } from '../outbox/delivery.entity.js';
import { isLive } from '../sessions/session-rules.js';
import type { Sql } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { type Fragment, sql } from '../sql/statement.js';

/**
 * The way a code goes out when the client names none: APP while a trusted device with a live session has notifications
 * on or is online, else EMAIL.
 */
export async function defaultMethod(db: Sql, accountId: string, limits: Limits): Promise<Method> {
  const found = await rowOf<{ method: Method }>(db, sql`select ${methodNow(limits, accountId)} as method`);
  return found?.method ?? 'EMAIL';
}

/** The same as SQL. */
export function methodNow(limits: Limits, accountId: string): Fragment {
  return sql`case when exists (
      select 1 from device d
      where d.account_id = ${accountId} and ${isTrusted(limits, 'd')}
        and (d.notifications_enabled or ${isOnline(limits, 'd')})
        and exists (select 1 from session s where s.device_id = d.id and ${isLive(limits, 's')}))
    then 'APP' else 'EMAIL' end`;
}
