import type { Limits } from '../config/limits.js';
import type { Method } from '../outbox/delivery.entity.js';
import type { Sql } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { type Fragment, sql } from '../sql/statement.js';
import { TemporarilyLocked } from './challenge.types.js';
import { methodNow } from './default-method.js';

/** How an account's door stands for a device that has to type a code; all of one moment. */
export interface Door {
  /** New devices wait. */
  readonly locked: TemporarilyLocked | null;
  /** When the account may start a challenge again; null if it may now. */
  readonly retryAt: Date | null;
  /** After a reset mail alone must not be enough, except for the devices that were trusted at that moment. */
  readonly isMailHeld: boolean;
  readonly method: Method;
  /** So many prompts stand unanswered on the trusted devices that one more would only wear people down. */
  readonly arePromptsPaused: boolean;
}

interface LockFacts {
  readonly isLocked: boolean;
  readonly isStopped: boolean;
  readonly pausedUntil: Date | null;
}

interface StartFacts {
  readonly challenges: number;
  readonly nextAt: Date | null;
}

/** What an account may do in a time, counted among its own rows; for a limit to hold, the account must be locked. */
export class AccountLimits {
  constructor(private readonly limits: Limits) {}

  /** @param deviceId the device that asks, where the account knows it */
  async doorOf(db: Sql, accountId: string, deviceId: string | null): Promise<Door> {
    const found = await rowOf<LockFacts & StartFacts & { prompts: number; method: Method; isMailHeld: boolean }>(
      db,
      sql`select ${this.lockFacts()}, started.*, ${methodNow(this.limits, accountId)} as method,
            (select count(*)::int from challenge c
             where c.account_id = a.id and c.purpose = 'SIGN_IN' and not c.is_silent and c.state not in ('VERIFIED', 'DENIED')
               and c.created_at > clock_timestamp() - make_interval(secs => ${this.limits.PROMPTS_WINDOW_SECONDS})) as prompts,
            coalesce(a.mail_held_until > clock_timestamp(), false) and not exists (
              select 1 from device d
              where d.id = ${deviceId}::uuid and d.account_id = a.id and d.trusted_at_reset) as "isMailHeld"
          from account a cross join lateral (${startFacts(accountId)}) started where a.id = ${accountId}`,
    );
    if (!found) throw new Error('the door of an account that does not exist was looked at');
    return {
      locked: lockOf(found),
      retryAt: this.retryAt(found),
      isMailHeld: found.isMailHeld,
      method: found.method,
      arePromptsPaused: found.prompts >= this.limits.PROMPTS_UNANSWERED,
    };
  }

  /** Whether new devices wait now, and until when. */
  async lockOf(db: Sql, accountId: string): Promise<TemporarilyLocked | null> {
    const found = await rowOf<LockFacts>(db, sql`select ${this.lockFacts()} from account a where a.id = ${accountId}`);
    return found && lockOf(found);
  }

  private lockFacts(): Fragment {
    const isStopped = sql`a.code_failures >= ${this.limits.ACCOUNT_TRIES_BEFORE_STOP}`;
    return sql`coalesce(a.paused_until > clock_timestamp(), false) or ${isStopped} as "isLocked",
      ${isStopped} as "isStopped", a.paused_until as "pausedUntil"`;
  }

  /** When the account may start a challenge again; null if it may now. */
  async nextChallengeAt(db: Sql, accountId: string): Promise<Date | null> {
    const started = await rowOf<StartFacts>(db, startFacts(accountId));
    return started && this.retryAt(started);
  }

  private retryAt({ challenges, nextAt }: StartFacts): Date | null {
    return challenges < this.limits.CHALLENGES_PER_ACCOUNT_HOUR ? null : nextAt;
  }
}

function lockOf({ isLocked, isStopped, pausedUntil }: LockFacts): TemporarilyLocked | null {
  if (!isLocked) return null;
  return new TemporarilyLocked(isStopped ? null : pausedUntil);
}

function startFacts(accountId: string): Fragment {
  return sql`select count(*)::int as challenges, min(created_at) + interval '1 hour' as "nextAt" from challenge
    where account_id = ${accountId} and purpose in ('SIGN_IN', 'ENABLE_TWO_STEP')
      and created_at > clock_timestamp() - interval '1 hour'`;
}
