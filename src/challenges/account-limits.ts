import { AccountRow } from '../accounts/account.entity.js';
import type { Limits } from '../config/limits.js';
import type { Sql } from '../sql/database.js';
import { rowOf, rowsOf } from '../sql/rows.js';
import { columns, sql } from '../sql/statement.js';
import { TemporarilyLocked } from './challenge.types.js';

/** What an account may do in a time, counted among its own rows; for a limit to hold, the account must be locked. */
export class AccountLimits {
  constructor(private readonly limits: Limits) {}

  /** Whether new devices wait now, and until when. */
  async lockOf(db: Sql, accountId: string): Promise<TemporarilyLocked | null> {
    const account = await rowOf<AccountRow>(
      db,
      sql`select ${columns(AccountRow)} from account where id = ${accountId}
          and (paused_until > clock_timestamp() or code_failures >= ${this.limits.ACCOUNT_TRIES_BEFORE_STOP})`,
    );
    if (!account) return null;
    const isStopped = account.codeFailures >= this.limits.ACCOUNT_TRIES_BEFORE_STOP;
    return new TemporarilyLocked(isStopped ? null : (account.pausedUntil ?? null));
  }

  /** When the account may start a challenge again; null if it may now. */
  async nextChallengeAt(db: Sql, accountId: string): Promise<Date | null> {
    const [started] = await rowsOf<{ challenges: number; nextAt: Date | null }>(
      db,
      sql`select count(*)::int as challenges, min(created_at) + interval '1 hour' as "nextAt" from challenge
          where account_id = ${accountId} and purpose in ('SIGN_IN', 'ENABLE_TWO_STEP')
            and created_at > clock_timestamp() - interval '1 hour'`,
    );
    if (!started?.nextAt || started.challenges < this.limits.CHALLENGES_PER_ACCOUNT_HOUR) return null;
    return started.nextAt;
  }

  /** Whether so many prompts stand unanswered on the trusted devices that one more would only wear people down. */
  async arePromptsPaused(db: Sql, accountId: string): Promise<boolean> {
    const [found] = await rowsOf<{ prompts: number }>(
      db,
      sql`select count(*)::int as prompts from challenge
          where account_id = ${accountId} and purpose = 'SIGN_IN' and not is_silent and state not in ('VERIFIED', 'DENIED')
            and created_at > clock_timestamp() - make_interval(secs => ${this.limits.PROMPTS_WINDOW_SECONDS})`,
    );
    return (found?.prompts ?? 0) >= this.limits.PROMPTS_UNANSWERED;
  }
}
