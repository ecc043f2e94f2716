import type { PersonName } from '../accounts/reach.js';
import type { Caller } from '../api/caller.js';
import type { Sql } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { sql } from '../sql/statement.js';

/** Whether a subject of the caller's was deleted lately; its id tells nothing of an account that has it since. */
export async function isSubjectDeleted(db: Sql, caller: Caller, { externalId }: PersonName): Promise<boolean> {
  const found = await rowOf<{ isDeleted: boolean }>(
    db,
    sql`select exists (select 1 from deleted_subject
          where client_id = ${caller.clientId} and external_id = ${externalId ?? null}) as "isDeleted"`,
  );
  return found?.isDeleted ?? false;
}
