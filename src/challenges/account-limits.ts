import type { Limits } from '../config/limits.js';
import type { Method } from '../outbox/delivery.entity.js';
import { type Counts, countsBy, isUsedUp } from '../rate-limits/shares.js';
import { msUntil } from '../sql/clock.js';
import type { Sql } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { type Fragment, sql } from '../sql/statement.js';
import { type Wait, waitOf } from '../texts/times.js';
import type { Purpose } from './challenge.entity.js';
import { TemporarilyLocked } from './challenge.types.js';
import { methodNow } from './default-method.js';

/** How an account's door stands for a device that has to type a code; all of one moment. */
export interface Door {
  /** New devices wait. */
  readonly locked: TemporarilyLocked | null;
  /** How long until the account may start a challenge again; null if it may now. */
  readonly retry: Wait | null;
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
  readonly pausedMs: number | null;
}

interface StartFacts {
  readonly challenges: Counts;
  readonly nextAt: Date | null;
  readonly nextMs: number | null;
}

/** What an account may do in a time, counted among its own rows; for a limit to hold, the account must be locked. */
export class AccountLimits {
  constructor(private readonly limits: Limits) {}

  /**
   * @param deviceId the device that asks, where the account knows it
   * @param ipAddress whence it asks
   */
  async doorOf(db: Sql, accountId: string, deviceId: string | null, ipAddress: string): Promise<Door> {
    const found = await rowOf<LockFacts & StartFacts & { prompts: Counts; method: Method; isMailHeld: boolean }>(
      db,
      sql`select ${this.lockFacts()}, started.*, ${methodNow(this.limits, accountId)} as method,
            (select ${countsBy('c.ip_address', ipAddress)} from challenge c
             where c.account_id = a.id and c.purpose = 'SIGN_IN' and not c.is_silent and c.state not in ('VERIFIED', 'DENIED')
               and c.created_at > clock_timestamp() - make_interval(secs => ${this.limits.PROMPTS_WINDOW_SECONDS})) as prompts,
            coalesce(a.mail_held_until > clock_timestamp(), false) and not exists (
              select 1 from device d
              where d.id = ${deviceId}::uuid and d.account_id = a.id and d.trusted_at_reset) as "isMailHeld"
          from account a cross join lateral (${startFacts(accountId, ipAddress)}) started where a.id = ${accountId}`,
    );
    if (!found) throw new Error('the door of an account that does not exist was looked at');
    return {
      locked: lockOf(found),
      retry: this.retry(found),
      isMailHeld: found.isMailHeld,
      method: found.method,
      arePromptsPaused: isUsedUp(found.prompts, this.limits.PROMPTS_UNANSWERED),
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
      ${isStopped} as "isStopped", a.paused_until as "pausedUntil", ${msUntil(sql`a.paused_until`)} as "pausedMs"`;
  }

  /** How long until the account may start a challenge again; null if it may now. @param purposes which count together */
  async nextChallenge(
    db: Sql,
    accountId: string,
    ipAddress: string,
    purposes = provenByPassword,
  ): Promise<Wait | null> {
    const started = await rowOf<StartFacts>(db, startFacts(accountId, ipAddress, purposes));
    return started && this.retry(started);
  }

  private retry({ challenges, nextAt, nextMs }: StartFacts): Wait | null {
    return isUsedUp(challenges, this.limits.CHALLENGES_PER_ACCOUNT_HOUR) ? waitOf(nextAt, nextMs) : null;
  }
}

function lockOf({ isLocked, isStopped, pausedUntil, pausedMs }: LockFacts): TemporarilyLocked | null {
  if (!isLocked) return null;
  return new TemporarilyLocked(isStopped ? null : waitOf(pausedUntil, pausedMs));
}

const provenByPassword: readonly Purpose[] = ['SIGN_IN', 'ENABLE_TWO_STEP'];

function startFacts(accountId: string, ipAddress: string, purposes = provenByPassword): Fragment {
  const nextAt = sql`(min(created_at) + interval '1 hour')`;
  return sql`select ${countsBy('ip_address', ipAddress)} as challenges, ${nextAt} as "nextAt", ${msUntil(nextAt)} as "nextMs" from challenge
    where account_id = ${accountId} and purpose = any(${purposes})
      and created_at > clock_timestamp() - interval '1 hour'`;
}
