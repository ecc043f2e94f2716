import type { Limits } from '../config/limits.js';
import { hasPush } from '../devices/push-subscriptions.js';
import { isOnline } from '../devices/trust.js';
import type { Method } from '../outbox/delivery.entity.js';
import type { Sql } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { type Fragment, sql } from '../sql/statement.js';
import type { Purpose } from './challenge.entity.js';
import { purposeRules } from './challenge-purposes.js';
import { mayShowCodes } from './code-devices.js';

/**
 * The way a code goes out when the client names none: APP while a trusted device that shows codes, with a live
 * session, has notifications on, can be woken or is online, else EMAIL.
 */
export async function defaultMethod(db: Sql, accountId: string, limits: Limits): Promise<Method> {
  const found = await rowOf<{ method: Method }>(db, sql`select ${methodNow(limits, accountId)} as method`);
  return found?.method ?? 'EMAIL';
}

/** The same as SQL. */
export function methodNow(limits: Limits, accountId: string): Fragment {
  return sql`case when exists (
      select 1 from device d
      where d.account_id = ${accountId} and ${mayShowCodes(limits, 'd')}
        and (d.notifications_enabled or ${hasPush(limits, 'd')} or ${isOnline(limits, 'd')}))
    then 'APP' else 'EMAIL' end`;
}

/**
 * SQL for the way in which a code of a purpose goes out first.
 * @param deviceId the device that asks
 */
export function firstMethod(limits: Limits, accountId: string, purpose: Purpose, deviceId: string | null): Fragment {
  switch (purposeRules[purpose].ways) {
    case 'EMAIL':
      return sql`'EMAIL'`;
    case 'EITHER':
      return methodNow(limits, accountId);
    case 'APP_ELSE_EMAIL':
      return sql`case when exists (
          select 1 from device d
          where d.account_id = ${accountId} and d.id is distinct from ${deviceId}::uuid and ${mayShowCodes(limits, 'd')})
        then 'APP' else 'EMAIL' end`;
  }
}
