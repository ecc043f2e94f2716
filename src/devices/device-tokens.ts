import { newToken, tokenHash } from '../codes/tokens.js';
import type { Limits } from '../config/limits.js';
import type { Sql } from '../sql/database.js';
import { rowsOf } from '../sql/rows.js';
import { type Fragment, sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';
import { isTrusted } from './trust.js';

/** How long after its retirement a token may still come from the owner: an answer was lost, or two tabs raced. */
const COPY_AFTER_SECONDS = 60;

/** What a presented token is worth: it names its device, or it was retired and so may be a copy. */
export type TokenStanding = 'LIVE' | 'RETIRED' | 'COPIED';

export interface PresentedToken {
  readonly hash: Buffer;
  readonly deviceId: string;
  /** The owner's name for the device, whatever it calls itself. */
  readonly deviceName: string;
  readonly standing: TokenStanding;
  /** Whether the device skips the second step now, if the token is live. */
  readonly isTrusted: boolean;
}

/**
 * The device of the account that a live token names: for limits, which count a known device by itself.
 * @returns null for anything else: never issued, retired, another account's, a removed device's
 */
export async function liveTokenDevice(db: Sql, email: string, token: string | null): Promise<string | null> {
  const [found] = await rowsOf<{ device_id: string }>(db, deviceOfToken(email, token));
  return found?.device_id ?? null;
}

/** The same as SQL: no row, or one with its `device_id`. It runs whatever the token, so that an address that nobody has costs the same. */
export function deviceOfToken(email: string, token: string | null): Fragment {
  const hash = (token && tokenHash('dev', token)) || Buffer.alloc(32);
  return sql`select t.device_id from device_token t
        join device d on d.id = t.device_id
        join account a on a.id = d.account_id
        where t.hash = ${hash} and t.retired_at is null and d.removed_at is null and a.email = ${email}`;
}

/**
 * Reads what a token names; for that to hold, under the account's lock.
 * @returns null if it names no device of this account
 */
export async function presentToken(
  db: Sql,
  accountId: string,
  token: string | null,
  limits: Limits,
): Promise<PresentedToken | null> {
  const hash = token && tokenHash('dev', token);
  if (!hash) return null;
  const [found] = await rowsOf<Omit<PresentedToken, 'hash'>>(
    db,
    sql`select t.device_id as "deviceId", d.name as "deviceName",
          case when t.retired_at is null then 'LIVE'
            when t.retired_at > clock_timestamp() - make_interval(secs => ${COPY_AFTER_SECONDS}) then 'RETIRED'
            else 'COPIED' end as standing,
          ${isTrusted(limits, 'd')} as "isTrusted"
        from device_token t join device d on d.id = t.device_id
        where t.hash = ${hash} and d.account_id = ${accountId} and d.removed_at is null`,
  );
  return found ? { hash, ...found } : null;
}

/**
 * Issues the token that the device presents next time. Those issued from one token are equally good until one of them
 * is used: then that one is the device's, and its siblings and the token they came from are retired.
 * @param from the live token that was presented; null if the device had to prove itself otherwise, which retires all
 *   that it had before
 */
export function issueToken(tx: Tx, deviceId: string, from: Buffer | null): string {
  if (from) useToken(tx, deviceId, from);
  else retireTokens(tx, deviceId);
  return addToken(tx, deviceId, from);
}

/** Issues the token of a device that had none. */
export function issueFirstToken(tx: Tx, deviceId: string): string {
  return addToken(tx, deviceId, null);
}

function addToken(tx: Tx, deviceId: string, from: Buffer | null): string {
  const token = newToken('dev');
  tx.write(
    sql`insert into device_token (hash, device_id, parent_hash) values (${tokenHash('dev', token)}, ${deviceId}, ${from})`,
  );
  return token;
}

function useToken(tx: Tx, deviceId: string, hash: Buffer): void {
  tx.write(
    sql`with first as (
          update device_token set used_at = clock_timestamp() where hash = ${hash} and used_at is null
          returning parent_hash as parent)
        update device_token set retired_at = clock_timestamp() from first
        where device_id = ${deviceId} and retired_at is null and hash <> ${hash}
          and (hash = first.parent or parent_hash = first.parent)`,
  );
}

function retireTokens(tx: Tx, deviceId: string): void {
  tx.write(
    sql`update device_token set retired_at = clock_timestamp() where device_id = ${deviceId} and retired_at is null`,
  );
}

/** Forgets every token that a device ever had, so that none of them can raise an alarm again. */
export function forgetTokens(tx: Tx, deviceId: string): void {
  tx.write(sql`delete from device_token where device_id = ${deviceId}`);
}
