import { isOf } from '../accounts/reach.js';
import type { Caller } from '../api/caller.js';
import { isUuid } from '../api/ids.js';
import type { Sql } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { sql } from '../sql/statement.js';
import type { Session } from './sessions.js';

/** A session, live or over, whose it is and where. @returns null if there is none among the caller's people */
export async function findSession(
  db: Sql,
  caller: Caller,
  sessionId: string,
): Promise<Pick<Session, 'id' | 'accountId' | 'deviceId'> | null> {
  if (!isUuid(sessionId)) return null;
  return rowOf(
    db,
    sql`select s.id, s.account_id as "accountId", s.device_id as "deviceId"
        from session s join account a on a.id = s.account_id where s.id = ${sessionId} and ${isOf(caller, 'a')}`,
  );
}
