import { createHash } from 'node:crypto';
import type { AccountRow } from '../accounts/account.entity.js';
import { RateLimited } from '../api/errors.js';
import type { Limits } from '../config/limits.js';
import { deviceOfToken } from '../devices/device-tokens.js';
import { msUntil } from '../sql/clock.js';
import type { Sql } from '../sql/database.js';
import { countOf, rowOf } from '../sql/rows.js';
import { type Fragment, sql } from '../sql/statement.js';
import { Wait, waitOf } from '../texts/times.js';
import {
  type Comparison,
  countComparison,
  countUpTo,
  type Place,
  takeComparisonBack,
  takeTryBack,
  tallyEnd,
  tallyOfAccount,
  tallyOfDevice,
} from './password-tallies.js';

/** Who signs in: a device that the account knows, by its live token; else a stranger, by the address typed and the network. */
export interface SignInAttempt extends Place {
  readonly network: string;
  readonly deviceToken: string | null;
  /** Whether strangers are refused anyhow: then nothing is written for one. */
  readonly areStrangersRefused: boolean;
}

/** A try that was counted: a known device's, or a stranger's, which counts for the address over all networks too. */
export type CountedAttempt = {
  readonly key: Uint8Array;
  readonly failures: number;
  /** How long no other is taken, if this one is wrong. */
  readonly retry: Wait | null;
} & ({ readonly deviceId: string } | { readonly deviceId: null; readonly comparison: Comparison });

/** One that was not counted. */
export interface RefusedAttempt {
  readonly deviceId: string | null;
  /** How long none is taken. */
  readonly refused: Wait;
}

interface Trier {
  readonly deviceId: string | null;
  readonly delayedUntil: Date | null;
  readonly delayedMs: number | null;
}

interface Next {
  readonly nextAt: Date | null;
  readonly nextMs: number | null;
}

interface Begun extends Trier, Next {
  readonly key: Uint8Array;
  readonly failures: number;
  readonly isTaken: boolean;
  readonly isCounted: boolean;
}

/** Slows down wrong passwords, the same for addresses that exist and that do not; nobody is locked out for good. */
export class PasswordAttempts {
  constructor(private readonly limits: Limits) {}

  /** Counts a try of a known device, see `count`. @throws RateLimited */
  begin(db: Sql, deviceId: string): Promise<CountedAttempt | RefusedAttempt> {
    const trier = sql`select ${deviceId}::uuid as device_id, ${keyOf('device', deviceId)}::bytea as key`;
    return this.count(db, trier, { email: '', site: '' }, false);
  }

  /** Counts a try of whoever signs in, see `count`; who that is, the same statement finds out. @throws RateLimited */
  beginSignIn(db: Sql, attempt: SignInAttempt): Promise<CountedAttempt | RefusedAttempt> {
    const { email, network, deviceToken, areStrangersRefused } = attempt;
    const trier = sql`select known.device_id,
            coalesce(sha256(${DEVICE}::bytea || convert_to(known.device_id::text, 'UTF8')), ${keyOf('address', email, network)}::bytea) as key
          from (select 1) one left join (${deviceOfToken(email, deviceToken)}) known on true`;
    return this.count(db, trier, attempt, !areStrangersRefused);
  }

  /**
   * Counts a try as failed before its password is compared, so that parallel guesses are all counted. From the failure
   * after `PASSWORD_FAILURES_FREE` on, each doubles the delay before the next, from 1 s. A day without one forgets all.
   * Besides, the wrong passwords of strangers are counted by address over all networks, and the tries of a known device.
   * @param trier SQL for who tries: `device_id`, and `key`
   * @param place what a stranger tries, and whence
   * @throws RateLimited if a known device has tried too often, right or wrong
   */
  private async count(
    db: Sql,
    trier: Fragment,
    place: Place,
    mayBeStranger: boolean,
  ): Promise<CountedAttempt | RefusedAttempt> {
    const { PASSWORD_FAILURES_FREE: free, PASSWORD_DELAY_MAX_SECONDS: maxSeconds } = this.limits;
    const { SIGN_INS_PER_ACCOUNT_HOUR: tries, PASSWORD_FAILURES_PER_ADDRESS_HOUR: perAddress } = this.limits;
    const failures = sql`case when a.last_at < clock_timestamp() - interval '1 day' then 1 else a.failures + 1 end`;
    const begun = await rowOf<Begun>(
      db,
      sql`with trier as (${trier}),
          attempt as (
            insert into password_attempt as a (key, failures, last_at)
            select key, 1, clock_timestamp() from trier where device_id is not null or ${mayBeStranger}
            on conflict (key) do update set failures = ${failures}, last_at = clock_timestamp(),
              delayed_until = case when ${failures} > ${free} then clock_timestamp() + make_interval(
                secs => least(${maxSeconds}, power(2::float8, least(30, ${failures} - ${free} - 1)))) end
            where a.delayed_until is null or a.delayed_until <= clock_timestamp()
            returning key, failures, delayed_until, (select device_id from trier) as device_id),
          own as (${countUpTo(tries, tallyOfDevice)}),
          ${countComparison(place, perAddress)}
          select key, device_id as "deviceId", failures, delayed_until as "delayedUntil",
            ${msUntil(sql`delayed_until`)} as "delayedMs",
            exists (select from own) or exists (select from tally) as "isTaken", (select counts from site) as "isCounted",
            ${nextOf(sql`coalesce((select due_at from site), ${tallyEnd(tallyOfDevice)})`)}
          from attempt`,
    );
    if (!begun) return this.refused(db, trier);
    const { key, deviceId, isCounted } = begun;
    const attempt = {
      key,
      failures: begun.failures,
      retry: waitOf(begun.delayedUntil, begun.delayedMs),
      ...(deviceId === null
        ? { deviceId, comparison: { email: place.email, site: place.site, isCounted } }
        : { deviceId }),
    };
    if (begun.isTaken) return attempt;
    await countOf(db, failureTakenBack(attempt));
    const refused = waitOf(begun.nextAt, begun.nextMs) ?? Wait.of(0);
    if (deviceId !== null) throw new RateLimited(refused);
    return { deviceId, refused };
  }

  private async refused(db: Sql, trier: Fragment): Promise<RefusedAttempt> {
    const waiting = await rowOf<Trier>(
      db,
      sql`select trier.device_id as "deviceId", a.delayed_until as "delayedUntil",
            ${msUntil(sql`a.delayed_until`)} as "delayedMs"
          from (${trier}) trier left join password_attempt a on a.key = trier.key`,
    );
    const refused = waiting && waitOf(waiting.delayedUntil, waiting.delayedMs);
    return { deviceId: waiting?.deviceId ?? null, refused: refused ?? Wait.of(0) };
  }

  /** Takes a counted try back: nothing was compared, or nobody was let in. A delay that other failures have caused since stays. */
  async takeBack(db: Sql, attempt: CountedAttempt): Promise<void> {
    const taken =
      attempt.deviceId === null
        ? takeComparisonBack(attempt.comparison)
        : sql`own as (${takeTryBack(attempt.deviceId)})`;
    await countOf(db, sql`with attempt as (${failureTakenBack(attempt)}), ${taken} select from attempt`);
  }

  /** The password of a known device's owner was right: that is no failure, and still one of its tries. */
  async succeed(db: Sql, attempt: CountedAttempt): Promise<void> {
    await countOf(db, failureTakenBack(attempt));
  }

  /**
   * The same in the transaction that the right password leads to, behind the account's lock. On a device that the account
   * does not know it is one of the account's `SIGN_INS_PER_ACCOUNT_HOUR`; on one that it knows it was counted before.
   * @returns how long until there is one left, if this is one too many: then the transaction must not be committed
   */
  async settle(
    tx: Sql,
    attempt: CountedAttempt,
    { id, epoch }: Pick<AccountRow, 'id' | 'epoch'>,
  ): Promise<Wait | null> {
    if (attempt.deviceId !== null) {
      await this.succeed(tx, attempt);
      return null;
    }
    const account = tallyOfAccount(id, epoch);
    const counted = await rowOf<Next & { isLeft: boolean }>(
      tx,
      sql`with attempt as (${failureTakenBack(attempt)}), ${takeComparisonBack(attempt.comparison)},
          account as (${countUpTo(this.limits.SIGN_INS_PER_ACCOUNT_HOUR, account)})
          select exists (select from account) as "isLeft", ${nextOf(tallyEnd(account))} from attempt`,
    );
    return counted && !counted.isLeft ? (waitOf(counted.nextAt, counted.nextMs) ?? Wait.of(0)) : null;
  }
}

function nextOf(instant: Fragment): Fragment {
  return sql`${instant} as "nextAt", ${msUntil(instant)} as "nextMs"`;
}

function failureTakenBack({ key, failures }: CountedAttempt): Fragment {
  return sql`update password_attempt set failures = greatest(failures - 1, 0),
      delayed_until = case when failures = ${failures} then null else delayed_until end
    where key = ${key} returning 1`;
}

const DEVICE = Buffer.from('device\0');

function keyOf(kind: 'device' | 'address', ...parts: readonly string[]): Buffer {
  return createHash('sha256')
    .update([kind, ...parts].join('\0'))
    .digest();
}
