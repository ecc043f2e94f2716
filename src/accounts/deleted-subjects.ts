import type { Limits } from '../config/limits.js';
import type { Sql } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { columns, constant, sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';
import { DeletedSubjectRow } from './account.entity.js';
import type { SubjectName } from './accounts.js';
import { isDeletionWaiting } from './held-changes.js';
import { isExternalId } from './reach.js';

// The one writer of `deleted_subject`.

/**
 * Whether a subject of that name was deleted in the last `EVENTS_DAYS`: its backend may not have heard of it yet. Asked
 * behind the lock of the account, or behind the look that found none.
 */
export async function wasDeleted(db: Sql, { clientId, externalId }: SubjectName, limits: Limits): Promise<boolean> {
  const found = await rowOf<DeletedSubjectRow>(
    db,
    sql`select ${columns(DeletedSubjectRow)} from deleted_subject
        where client_id = ${clientId} and external_id = ${externalId}
          and deleted_at > clock_timestamp() - make_interval(days => ${constant(limits.EVENTS_DAYS)})`,
  );
  return found !== null;
}

/** The same, and of one that is about to be deleted: whoever takes its id for nobody's must not let its person in. */
export async function isGoingOrGone(db: Sql, { clientId, externalId }: SubjectName, limits: Limits): Promise<boolean> {
  if (!isExternalId(externalId)) return false;
  const [isGone, going] = await Promise.all([
    wasDeleted(db, { clientId, externalId }, limits),
    rowOf(
      db,
      sql`select a.id from account a
          where a.client_id = ${clientId} and a.external_id = ${externalId} and ${isDeletionWaiting('a')}`,
    ),
  ]);
  return isGone || going !== null;
}

/** Notes that a subject goes, whose account is still there. @returns when */
export async function noteDeleted(tx: Tx, accountId: string): Promise<Date> {
  const noted = await rowOf<Pick<DeletedSubjectRow, 'deletedAt'>>(
    tx,
    sql`insert into deleted_subject (client_id, external_id)
        select client_id, external_id from account where id = ${accountId}
        on conflict (client_id, external_id) do update set deleted_at = excluded.deleted_at
        returning deleted_at as "deletedAt"`,
  );
  if (!noted) throw new Error('an account that is nobody’s subject was to be deleted');
  return noted.deletedAt;
}
