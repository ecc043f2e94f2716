import { createHash } from 'node:crypto';
import type { Limits } from '../config/limits.js';
import { deviceOfToken } from '../devices/device-tokens.js';
import { msUntil } from '../sql/clock.js';
import type { Sql } from '../sql/database.js';
import { countOf, rowOf } from '../sql/rows.js';
import { columns, type Fragment, sql } from '../sql/statement.js';
import { Wait, waitOf } from '../texts/times.js';
import { PasswordAttemptRow } from './password-attempt.entity.js';

/** Who signs in: a device that the account knows, by its live token; else a stranger, by the address typed and the network. */
export interface SignInAttempt {
  readonly email: string;
  readonly network: string;
  readonly deviceToken: string | null;
  /** Whether strangers are refused anyhow: then nothing is written for one. */
  readonly areStrangersRefused: boolean;
}

/** A try that was counted. */
export interface CountedAttempt {
  readonly key: Uint8Array;
  /** Null: a stranger's. */
  readonly deviceId: string | null;
  readonly failures: number;
  /** How long no other is taken, if this one is wrong. */
  readonly retry: Wait | null;
}

/** One that was not counted. */
export interface RefusedAttempt {
  readonly deviceId: string | null;
  /** How long none is taken. */
  readonly refused: Wait;
}

interface Trier {
  readonly deviceId: string | null;
  readonly delayedMs: number | null;
}

/** Slows down wrong passwords, the same for addresses that exist and that do not; nobody is locked out for good. */
export class PasswordAttempts {
  constructor(private readonly limits: Limits) {}

  /** Counts a try of a known device, see `count`. */
  begin(db: Sql, deviceId: string): Promise<CountedAttempt | RefusedAttempt> {
    return this.count(db, sql`select ${deviceId}::uuid as device_id, ${keyOf('device', deviceId)}::bytea as key`, true);
  }

  /** Counts a try of whoever signs in, see `count`; who that is, the same statement finds out. */
  beginSignIn(db: Sql, attempt: SignInAttempt): Promise<CountedAttempt | RefusedAttempt> {
    const { email, network, deviceToken, areStrangersRefused } = attempt;
    const trier = sql`select known.device_id,
            coalesce(sha256(${DEVICE}::bytea || convert_to(known.device_id::text, 'UTF8')), ${keyOf('address', email, network)}::bytea) as key
          from (select 1) one left join (${deviceOfToken(email, deviceToken)}) known on true`;
    return this.count(db, trier, !areStrangersRefused);
  }

  /**
   * Counts a try as failed before its password is compared, so that parallel guesses are all counted. From the failure
   * after `PASSWORD_FAILURES_FREE` on, each doubles the delay before the next, from 1 s. A day without one forgets all.
   * @param trier SQL for who tries: `device_id`, and `key`
   */
  private async count(db: Sql, trier: Fragment, mayBeStranger: boolean): Promise<CountedAttempt | RefusedAttempt> {
    const { PASSWORD_FAILURES_FREE: free, PASSWORD_DELAY_MAX_SECONDS: maxSeconds } = this.limits;
    const failures = sql`case when a.last_at < clock_timestamp() - interval '1 day' then 1 else a.failures + 1 end`;
    const counted = await rowOf<PasswordAttemptRow & Trier>(
      db,
      sql`with trier as (${trier})
          insert into password_attempt as a (key, failures, last_at)
          select key, 1, clock_timestamp() from trier where device_id is not null or ${mayBeStranger}
          on conflict (key) do update set failures = ${failures}, last_at = clock_timestamp(),
            delayed_until = case when ${failures} > ${free} then clock_timestamp() + make_interval(
              secs => least(${maxSeconds}, power(2::float8, least(30, ${failures} - ${free} - 1)))) end
          where a.delayed_until is null or a.delayed_until <= clock_timestamp()
          returning ${columns(PasswordAttemptRow, 'a')}, ${msUntil(sql`a.delayed_until`)} as "delayedMs",
            (select device_id from trier) as "deviceId"`,
    );
    if (counted) {
      const { key, deviceId, delayedUntil, delayedMs } = counted;
      return { key, deviceId, failures: counted.failures, retry: waitOf(delayedUntil, delayedMs) };
    }
    const waiting = await rowOf<Trier & { readonly delayedUntil: Date | null }>(
      db,
      sql`select trier.device_id as "deviceId", a.delayed_until as "delayedUntil",
            ${msUntil(sql`a.delayed_until`)} as "delayedMs"
          from (${trier}) trier left join password_attempt a on a.key = trier.key`,
    );
    const refused = waiting && waitOf(waiting.delayedUntil, waiting.delayedMs);
    return { deviceId: waiting?.deviceId ?? null, refused: refused ?? Wait.of(0) };
  }

  /** Takes a counted try back: the password was right. A delay that other failures have caused since stays. */
  async takeBack(db: Sql, attempt: CountedAttempt): Promise<void> {
    await countOf(db, this.takingBack(attempt));
  }

  /** The same as a statement, for the transaction that the right password leads to. */
  takingBack({ key, failures }: CountedAttempt): Fragment {
    return sql`update password_attempt set failures = greatest(failures - 1, 0),
            delayed_until = case when failures = ${failures} then null else delayed_until end
          where key = ${key}`;
  }
}

const DEVICE = Buffer.from('device\0');

function keyOf(kind: 'device' | 'address', ...parts: readonly string[]): Buffer {
  return createHash('sha256')
    .update([kind, ...parts].join('\0'))
    .digest();
}
