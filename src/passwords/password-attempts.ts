import { createHash } from 'node:crypto';
import type { Limits } from '../config/limits.js';
import { msUntil } from '../sql/clock.js';
import type { Sql } from '../sql/database.js';
import { countOf, rowOf } from '../sql/rows.js';
import { columns, sql } from '../sql/statement.js';
import { Wait, waitOf } from '../texts/times.js';
import { PasswordAttemptRow } from './password-attempt.entity.js';

/** Who tries: a stranger by the address typed and the network, a known device by itself. */
export type AttemptKey = { readonly email: string; readonly network: string } | { readonly deviceId: string };

/** A try that was counted, or how long none is taken. */
export type Attempt = { readonly failures: number; readonly retry: Wait | null } | { readonly refused: Wait };

type SeenAttempt = PasswordAttemptRow & { readonly delayedMs: number | null };

/** Slows down wrong passwords, the same for addresses that exist and that do not; nobody is locked out for good. */
export class PasswordAttempts {
  constructor(private readonly limits: Limits) {}

  /**
   * Counts a try as failed before its password is compared, so that parallel guesses are all counted. From the failure
   * after `PASSWORD_FAILURES_FREE` on, each doubles the delay before the next, from 1 s. A day without one forgets all.
   */
  async begin(db: Sql, key: AttemptKey): Promise<Attempt> {
    const hash = keyHash(key);
    const { PASSWORD_FAILURES_FREE: free, PASSWORD_DELAY_MAX_SECONDS: maxSeconds } = this.limits;
    const failures = sql`case when a.last_at < clock_timestamp() - interval '1 day' then 1 else a.failures + 1 end`;
    const counted = await rowOf<SeenAttempt>(
      db,
      sql`insert into password_attempt as a (key, failures, last_at) values (${hash}, 1, clock_timestamp())
          on conflict (key) do update set failures = ${failures}, last_at = clock_timestamp(),
            delayed_until = case when ${failures} > ${free} then clock_timestamp() + make_interval(
              secs => least(${maxSeconds}, power(2::float8, least(30, ${failures} - ${free} - 1)))) end
          where a.delayed_until is null or a.delayed_until <= clock_timestamp()
          returning ${columns(PasswordAttemptRow)}, ${msUntil(sql`delayed_until`)} as "delayedMs"`,
    );
    if (counted) return { failures: counted.failures, retry: waitOf(counted.delayedUntil, counted.delayedMs) };
    const waiting = await rowOf<SeenAttempt>(
      db,
      sql`select ${columns(PasswordAttemptRow)}, ${msUntil(sql`delayed_until`)} as "delayedMs" from password_attempt where key = ${hash}`,
    );
    return { refused: (waiting && waitOf(waiting.delayedUntil, waiting.delayedMs)) ?? Wait.of(0) };
  }

  /** Takes a counted try back: the password was right. A delay that other failures have caused since stays. */
  async takeBack(db: Sql, key: AttemptKey, failures: number): Promise<void> {
    await countOf(
      db,
      sql`update password_attempt set failures = greatest(failures - 1, 0),
            delayed_until = case when failures = ${failures} then null else delayed_until end
          where key = ${keyHash(key)}`,
    );
  }
}

function keyHash(key: AttemptKey): Buffer {
  const text = 'deviceId' in key ? `device\0${key.deviceId}` : `address\0${key.email}\0${key.network}`;
  return createHash('sha256').update(text).digest();
}
