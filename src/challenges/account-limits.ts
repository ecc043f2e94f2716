import { type FailureCount, failureCounts } from '../accounts/failure-counts.js';
import type { Limits } from '../config/limits.js';
import { isTrusted } from '../devices/trust.js';
import type { Method } from '../outbox/delivery.entity.js';
import { type Counts, countsBy, isUsedUp } from '../rate-limits/shares.js';
import { msUntil } from '../sql/clock.js';
import type { Sql } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { constant, type Fragment, sql } from '../sql/statement.js';
import { type Wait, waitOf } from '../texts/times.js';
import type { Purpose } from './challenge.entity.js';
import { TemporarilyLocked } from './challenge.types.js';
import { purposeRules, startedAlike } from './challenge-purposes.js';
import { firstMethod } from './default-method.js';

/** How an account's door stands for a device that has to type a code; all of one moment. */
export interface Door {
  /** Nothing of the kind is asked there for now. */
  readonly locked: TemporarilyLocked | null;
  /** How long until the account may start a challenge of the kind again; null if it may now. */
  readonly retry: Wait | null;
  /** After a reset mail alone must not be enough, except for the devices that were trusted at that moment. */
  readonly isMailHeld: boolean;
  readonly method: Method;
  /** So many prompts stand unanswered on the trusted devices that one more would only wear people down. */
  readonly arePromptsPaused: boolean;
}

/** What there is to be said before a device has begun. */
export interface Outlook {
  readonly locked: TemporarilyLocked | null;
  /** No other trusted device can show the code, so that it has to be mailed. */
  readonly needsMail: boolean;
  readonly isMailHeld: boolean;
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
  async doorOf(
    db: Sql,
    accountId: string,
    purpose: Purpose,
    deviceId: string | null,
    ipAddress: string,
  ): Promise<Door> {
    const { failures, ways, prompt } = purposeRules[purpose];
    const found = await rowOf<LockFacts & StartFacts & { prompts: Counts; method: Method; isMailHeld: boolean }>(
      db,
      sql`select ${this.lockFacts(failures)}, started.*, ${firstMethod(this.limits, accountId, purpose, deviceId)} as method,
            (select ${countsBy('c.ip_address', ipAddress)} from challenge c
             where c.account_id = a.id and c.purpose = 'SIGN_IN' and not c.is_silent and c.state not in ('VERIFIED', 'DENIED')
               and c.created_at > clock_timestamp() - make_interval(secs => ${constant(this.limits.PROMPTS_WINDOW_SECONDS)})) as prompts,
            ${isMailHeld(deviceId)} as "isMailHeld"
          from account a cross join lateral (${startFacts(accountId, purpose, ipAddress)}) started where a.id = ${accountId}`,
    );
    if (!found) throw new Error('the door of an account that does not exist was looked at');
    return {
      locked: lockOf(found, failures),
      retry: this.retry(found, purpose),
      // What goes by mail alone proves the mailbox.
      isMailHeld: found.isMailHeld && ways !== 'EMAIL',
      method: found.method,
      arePromptsPaused: prompt === 'LOGIN_REQUEST' && isUsedUp(found.prompts, this.limits.PROMPTS_UNANSWERED),
    };
  }

  /** Whether what is counted there waits now, and until when: for SIGN_IN new devices. */
  async lockOf(db: Sql, accountId: string, count: FailureCount = 'SIGN_IN'): Promise<TemporarilyLocked | null> {
    const found = await rowOf<LockFacts>(
      db,
      sql`select ${this.lockFacts(count)} from account a where a.id = ${accountId}`,
    );
    return found && lockOf(found, count);
  }

  private lockFacts(count: FailureCount | null): Fragment {
    if (count === null)
      return sql`false as "isLocked", false as "isStopped", null as "pausedUntil", null as "pausedMs"`;
    const { failures, pausedUntil, beforeStop } = failureCounts[count];
    const isStopped = beforeStop === null ? sql`false` : sql`a.${failures} >= ${this.limits[beforeStop]}`;
    return sql`coalesce(a.${pausedUntil} > clock_timestamp(), false) or ${isStopped} as "isLocked",
      ${isStopped} as "isStopped", a.${pausedUntil} as "pausedUntil", ${msUntil(sql`a.${pausedUntil}`)} as "pausedMs"`;
  }

  /**
   * What stands in the way before any device has begun. One that is trusted is let in whatever new devices wait for, so for
   * a sign-in that counts only where there is none.
   * @param deviceId the device that will ask, where that is known
   */
  async outlookOf(db: Sql, accountId: string, purpose: Purpose, deviceId: string | null): Promise<Outlook> {
    const { failures, ways } = purposeRules[purpose];
    const found = await rowOf<LockFacts & { hasTrusted: boolean; method: Method; isMailHeld: boolean }>(
      db,
      sql`select ${this.lockFacts(failures)}, ${firstMethod(this.limits, accountId, purpose, deviceId)} as method,
            ${isMailHeld(deviceId)} as "isMailHeld", exists (
              select 1 from device d where d.account_id = a.id and ${isTrusted(this.limits, 'd')}) as "hasTrusted"
          from account a where a.id = ${accountId}`,
    );
    if (!found) throw new Error('the outlook of an account that does not exist was asked for');
    const isOpenToTrusted = purpose === 'SIGN_IN' && found.hasTrusted;
    return {
      locked: isOpenToTrusted ? null : lockOf(found, failures),
      needsMail: ways === 'APP_ELSE_EMAIL' && found.method === 'EMAIL',
      isMailHeld: found.isMailHeld,
    };
  }

  /** How long until the account may start a challenge of the kind again; null if it may now. */
  async nextChallenge(db: Sql, accountId: string, purpose: Purpose, ipAddress: string): Promise<Wait | null> {
    const started = await rowOf<StartFacts>(db, startFacts(accountId, purpose, ipAddress));
    return started && this.retry(started, purpose);
  }

  private retry({ challenges, nextAt, nextMs }: StartFacts, purpose: Purpose): Wait | null {
    const { startsPerHour } = purposeRules[purpose];
    return startsPerHour && isUsedUp(challenges, this.limits[startsPerHour]) ? waitOf(nextAt, nextMs) : null;
  }
}

function lockOf(facts: LockFacts, count: FailureCount | null): TemporarilyLocked | null {
  const { isLocked, isStopped, pausedUntil, pausedMs } = facts;
  if (!isLocked || !count) return null;
  return new TemporarilyLocked(isStopped ? null : waitOf(pausedUntil, pausedMs), count);
}

function startFacts(accountId: string, purpose: Purpose, ipAddress: string): Fragment {
  const nextAt = sql`(min(created_at) + interval '1 hour')`;
  return sql`select ${countsBy('ip_address', ipAddress)} as challenges, ${nextAt} as "nextAt", ${msUntil(nextAt)} as "nextMs" from challenge
    where account_id = ${accountId} and purpose = any(${startedAlike(purpose)})
      and created_at > clock_timestamp() - interval '1 hour'`;
}

/** SQL that is true where codes of the account `a` are not mailed for a device, after a reset. */
function isMailHeld(deviceId: string | null): Fragment {
  return sql`(coalesce(a.mail_held_until > clock_timestamp(), false) and not exists (
    select 1 from device d
    where d.id = ${deviceId}::uuid and d.account_id = a.id and d.trusted_at_reset))`;
}
