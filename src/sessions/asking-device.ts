import type { Limits } from '../config/limits.js';
import { DeviceRow } from '../devices/device.entity.js';
import type { Sql } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { columns, sql } from '../sql/statement.js';
import { isUsable } from './session-rules.js';

/** The device of a session, for what it asks. @returns null if the session is over, or not the account's */
export function askingDevice(
  db: Sql,
  accountId: string,
  sessionId: string | null,
  limits: Limits,
): Promise<DeviceRow | null> {
  return rowOf<DeviceRow>(
    db,
    sql`select ${columns(DeviceRow, 'd')} from session s join device d on d.id = s.device_id
        where s.id = ${sessionId}::uuid and s.account_id = ${accountId} and ${isUsable(limits)}`,
  );
}
