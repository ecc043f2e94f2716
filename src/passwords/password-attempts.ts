import { createHash } from 'node:crypto';
import { RateLimited } from '../api/errors.js';
import type { Limits } from '../config/limits.js';
import { msUntil } from '../sql/clock.js';
import type { Sql } from '../sql/database.js';
import { countOf, rowOf } from '../sql/rows.js';
import { type Fragment, sql } from '../sql/statement.js';
import { Wait, waitOf } from '../texts/times.js';
import { countComparison, countUpTo, endOfHour, takeComparisonBack, takeOneBack } from './password-tallies.js';

/** Who tries: a stranger by the address typed, the network and its site; a known device by itself. */
export type AttemptKey =
  | { readonly email: string; readonly network: string; readonly site: string }
  | { readonly deviceId: string };

/** A try that was counted. */
export interface TakenAttempt {
  readonly failures: number;
  readonly retry: Wait | null;
  /** Whether it counts for the address, over all networks. */
  readonly isCounted: boolean;
}

/** A try that was counted, or how long none is taken. */
export type Attempt = TakenAttempt | { readonly refused: Wait };

interface Begun {
  readonly failures: number;
  readonly delayedUntil: Date | null;
  readonly delayedMs: number | null;
  readonly isTaken: boolean;
  readonly isCounted: boolean;
  readonly nextAt: Date | null;
  readonly nextMs: number | null;
}

/** Slows down wrong passwords, the same for addresses that exist and that do not; nobody is locked out for good. */
export class PasswordAttempts {
  constructor(private readonly limits: Limits) {}

  /**
   * Counts a try as failed before its password is compared, so that parallel guesses are all counted. From the failure
   * after `PASSWORD_FAILURES_FREE` on, each doubles the delay before the next, from 1 s. A day without one forgets all.
   * Besides, the wrong passwords of strangers are counted by address over all networks, and the tries of a known device.
   * @throws RateLimited if a known device has tried too often, right or wrong
   */
  async begin(db: Sql, key: AttemptKey): Promise<Attempt> {
    const hash = keyHash(key);
    const { PASSWORD_FAILURES_FREE: free, PASSWORD_DELAY_MAX_SECONDS: maxSeconds } = this.limits;
    const failures = sql`case when a.last_at < clock_timestamp() - interval '1 day' then 1 else a.failures + 1 end`;
    const begun = await rowOf<Begun>(
      db,
      sql`with attempt as (
            insert into password_attempt as a (key, failures, last_at) values (${hash}, 1, clock_timestamp())
            on conflict (key) do update set failures = ${failures}, last_at = clock_timestamp(),
              delayed_until = case when ${failures} > ${free} then clock_timestamp() + make_interval(
                secs => least(${maxSeconds}, power(2::float8, least(30, ${failures} - ${free} - 1)))) end
            where a.delayed_until is null or a.delayed_until <= clock_timestamp()
            returning failures, delayed_until),
          ${this.tally(key)}
          select failures, delayed_until as "delayedUntil", ${msUntil(sql`delayed_until`)} as "delayedMs",
            exists (select from tally) as "isTaken", ${seen(key)} from attempt`,
    );
    if (!begun) return { refused: await this.delay(db, hash) };
    const { delayedUntil, delayedMs, nextAt, nextMs, isCounted } = begun;
    const attempt = { failures: begun.failures, retry: waitOf(delayedUntil, delayedMs), isCounted };
    if (begun.isTaken) return attempt;
    await countOf(db, failureTakenBack(key, attempt));
    const wait = waitOf(nextAt, nextMs) ?? Wait.of(0);
    if ('deviceId' in key) throw new RateLimited(wait);
    return { refused: wait };
  }

  private tally(key: AttemptKey): Fragment {
    const { SIGN_INS_PER_ACCOUNT_HOUR: tries, PASSWORD_FAILURES_PER_ADDRESS_HOUR: failures } = this.limits;
    if ('deviceId' in key) return sql`tally as (${countUpTo(tries, key)})`;
    return countComparison(key.email, key.site, failures);
  }

  private async delay(db: Sql, hash: Buffer): Promise<Wait> {
    const waiting = await rowOf<Pick<Begun, 'delayedUntil' | 'delayedMs'>>(
      db,
      sql`select delayed_until as "delayedUntil", ${msUntil(sql`delayed_until`)} as "delayedMs" from password_attempt where key = ${hash}`,
    );
    return (waiting && waitOf(waiting.delayedUntil, waiting.delayedMs)) ?? Wait.of(0);
  }

  /** Takes a counted try back: nothing was compared. A delay that other failures have caused since stays. */
  async takeBack(db: Sql, key: AttemptKey, attempt: TakenAttempt): Promise<void> {
    await countOf(
      db,
      sql`with attempt as (${failureTakenBack(key, attempt)}), ${
        'deviceId' in key
          ? sql`tally as (${takeOneBack(key)})`
          : takeComparisonBack(key.email, key.site, attempt.isCounted)
      } select from attempt`,
    );
  }

  /**
   * The password was right: that is no failure. On a device that the account does not know it is one of its
   * `SIGN_INS_PER_ACCOUNT_HOUR`; on one that it knows it was counted before.
   * @throws RateLimited if it is one too many
   */
  async succeed(db: Sql, key: AttemptKey, attempt: TakenAttempt, accountId: string): Promise<void> {
    if ('deviceId' in key) return void (await countOf(db, failureTakenBack(key, attempt)));
    const account = { accountId };
    const counted = await rowOf<{ isLeft: boolean; nextAt: Date | null; nextMs: number | null }>(
      db,
      sql`with attempt as (${failureTakenBack(key, attempt)}),
          ${takeComparisonBack(key.email, key.site, attempt.isCounted)},
          account as (${countUpTo(this.limits.SIGN_INS_PER_ACCOUNT_HOUR, account)})
          select exists (select from account) as "isLeft", ${endOfHour(account)} as "nextAt",
            ${msUntil(endOfHour(account))} as "nextMs" from attempt`,
    );
    if (counted && !counted.isLeft) throw new RateLimited(waitOf(counted.nextAt, counted.nextMs) ?? Wait.of(0));
  }
}

/** What else is read of a try that was counted. */
function seen(key: AttemptKey): Fragment {
  if ('deviceId' in key) return sql`false as "isCounted", ${nextOf(endOfHour(key))}`;
  return sql`(select counts from site) as "isCounted", ${nextOf(sql`(select due_at from site)`)}`;
}

function nextOf(instant: Fragment): Fragment {
  return sql`${instant} as "nextAt", ${msUntil(instant)} as "nextMs"`;
}

function failureTakenBack(key: AttemptKey, { failures }: TakenAttempt): Fragment {
  return sql`update password_attempt set failures = greatest(failures - 1, 0),
      delayed_until = case when failures = ${failures} then null else delayed_until end
    where key = ${keyHash(key)} returning 1`;
}

function keyHash(key: AttemptKey): Buffer {
  const text = 'deviceId' in key ? `device\0${key.deviceId}` : `address\0${key.email}\0${key.network}`;
  return createHash('sha256').update(text).digest();
}
