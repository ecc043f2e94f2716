import { isOf } from '../accounts/reach.js';
import type { Caller } from '../api/caller.js';
import { isUuid } from '../api/ids.js';
import type { Sql } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { sql } from '../sql/statement.js';

/** Whose a device is that was not removed. @returns null if there is none among the caller's people */
export async function ownerOfDevice(db: Sql, caller: Caller, deviceId: string): Promise<string | null> {
  if (!isUuid(deviceId)) return null;
  const found = await rowOf<{ accountId: string }>(
    db,
    sql`select d.account_id as "accountId" from device d join account a on a.id = d.account_id
        where d.id = ${deviceId} and d.removed_at is null and ${isOf(caller, 'a')}`,
  );
  return found?.accountId ?? null;
}
