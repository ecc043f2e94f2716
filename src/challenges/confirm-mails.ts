import type { Limits } from '../config/limits.js';
import type { Sql } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { sql } from '../sql/statement.js';
import { type Purpose, purposes } from './challenge.entity.js';
import { purposeRules } from './challenge-purposes.js';

/** Whose codes stand for an action: their mails are counted by themselves, so that they use up none of those that sign in. */
export const actionBound: readonly Purpose[] = purposes.filter(
  (purpose) => purposeRules[purpose].ways === 'APP_ELSE_EMAIL',
);

export function isActionBound(purpose: Purpose): boolean {
  return actionBound.includes(purpose);
}

/** Whether no more of their codes may be mailed for an account within the hour; for it to hold, behind the account's lock. */
export async function areConfirmMailsUsedUp(db: Sql, accountId: string, limits: Limits): Promise<boolean> {
  const mailed = await rowOf<{ count: number }>(
    db,
    sql`select count(*)::int as count from challenge c join delivery d on d.challenge_id = c.id
        where c.account_id = ${accountId} and c.purpose = any(${actionBound})
          and c.created_at > clock_timestamp() - interval '2 hours' and d.method = 'EMAIL' and not d.is_withheld
          and d.created_at > clock_timestamp() - interval '1 hour'`,
  );
  return mailed !== null && mailed.count >= limits.CONFIRM_MAILS_PER_ACCOUNT_HOUR;
}
