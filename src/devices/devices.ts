import type { Limits } from '../config/limits.js';
import { changeAndTell, type NewEvent } from '../events/events.js';
import { msUntil } from '../sql/clock.js';
import type { Sql } from '../sql/database.js';
import { countOf, rowOf, rowsOf } from '../sql/rows.js';
import { columns, constant, type Fragment, raw, sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';
import { type Wait, waitOf } from '../texts/times.js';
import { DeviceRow, type PlatformName } from './device.entity.js';
import { forgetPresence } from './presence.js';
import { forgetPush, hasPush } from './push-subscriptions.js';
import { isOnline, isTrusted, trustUntil } from './trust.js';

/** What a client says of the device that it runs on. */
export interface DeviceDescription {
  readonly name: string;
  readonly model: string | null;
  readonly platform: PlatformName;
  readonly osVersion: string | null;
  readonly appVersion: string | null;
  /** Null: the client did not say. */
  readonly notificationsEnabled: boolean | null;
}

/** What is known of a device already, as a client would say it. */
export function descriptionOfRow(row: DeviceRow): DeviceDescription {
  return {
    name: row.name,
    model: row.model ?? null,
    platform: row.platform,
    osVersion: row.osVersion ?? null,
    appVersion: row.appVersion ?? null,
    notificationsEnabled: null,
  };
}

/** A device with what only the database's clock can tell. */
export type SeenDevice = DeviceRow & {
  readonly isTrusted: boolean;
  readonly isOnline: boolean;
  /** Whether a push service wakes it. */
  readonly hasPush: boolean;
  /** Until its trust lapses if it is not used again. */
  readonly trust: Wait | null;
};

/** What an app may say about the device that it runs on; what is undefined stays as it is. */
export interface DeviceReport {
  readonly notificationsEnabled?: boolean | null;
  readonly osVersion?: string | null;
  readonly appVersion?: string | null;
}

/** The devices of accounts. */
export class Devices {
  constructor(private readonly limits: Limits) {}

  /** Every device that was not removed, the latest seen first. */
  list(db: Sql, accountId: string): Promise<SeenDevice[]> {
    return this.select(db, sql`d.account_id = ${accountId}`);
  }

  /** @returns null if the account has no such device (any more) */
  async find(db: Sql, accountId: string, deviceId: string): Promise<SeenDevice | null> {
    const [device] = await this.findMany(db, accountId, [deviceId]);
    return device ?? null;
  }

  /** Those of the devices that are on the account, in any order. */
  findMany(db: Sql, accountId: string, deviceIds: readonly string[]): Promise<SeenDevice[]> {
    return this.select(db, sql`d.account_id = ${accountId} and d.id = any(${deviceIds})`);
  }

  private async select(db: Sql, condition: Fragment): Promise<SeenDevice[]> {
    const until = trustUntil(this.limits, 'd');
    const rows = await rowsOf<Omit<SeenDevice, 'trust'> & { trustUntil: Date | null; trustMs: number | null }>(
      db,
      sql`select ${columns(DeviceRow, 'd')}, ${isTrusted(this.limits, 'd')} as "isTrusted", ${isOnline(this.limits, 'd')} as "isOnline",
            ${hasPush(this.limits, 'd')} as "hasPush", ${until} as "trustUntil", ${msUntil(until)} as "trustMs"
          from device d where ${condition} and d.removed_at is null order by d.last_seen_at desc, d.id`,
    );
    return rows.map((row) => ({ ...row, trust: row.isTrusted ? waitOf(row.trustUntil, row.trustMs) : null }));
  }

  /**
   * Makes the row of a device that signs in for the first time: together with its first session, never by a challenge.
   * Room was made before, see `tooMany`.
   */
  add(
    tx: Tx,
    accountId: string,
    deviceId: string,
    device: DeviceDescription,
    isTrusted: boolean,
    ipAddress: string,
  ): void {
    const adding = sql`insert into device (id, account_id, name, model, platform, os_version, app_version, notifications_enabled,
            trusted_at, last_ip_address)
          values (${deviceId}, ${accountId}, ${device.name}, ${device.model}, ${device.platform}, ${device.osVersion},
            ${device.appVersion}, ${device.notificationsEnabled ?? true},
            ${isTrusted ? sql`clock_timestamp()` : sql`null`}, ${ipAddress}) returning id, account_id`;
    tx.write(isTrusted ? changeAndTell(tx, adding, { ...ofDevice, type: 'DEVICE_TRUSTED' }) : adding);
  }

  /** The devices that have to go so that one more fits under `DEVICES`: those unused longest, untrusted ones first. */
  tooMany(tx: Tx, accountId: string): Promise<Pick<DeviceRow, 'id'>[]> {
    return rowsOf<Pick<DeviceRow, 'id'>>(
      tx,
      sql`select d.id from device d where d.account_id = ${accountId} and d.removed_at is null
          order by ${isTrusted(this.limits, 'd')} desc, d.last_seen_at desc offset ${constant(this.limits.DEVICES - 1)}`,
    );
  }

  /** The devices whose trust has to end so that one more fits under `TRUSTED_DEVICES`: those unused longest. */
  tooManyTrusted(tx: Tx, accountId: string, newcomerId: string | null): Promise<Pick<DeviceRow, 'id'>[]> {
    return rowsOf<Pick<DeviceRow, 'id'>>(
      tx,
      sql`select d.id from device d
          where d.account_id = ${accountId} and d.id is distinct from ${newcomerId}::uuid and ${isTrusted(this.limits, 'd')}
          order by d.last_seen_at desc offset ${constant(this.limits.TRUSTED_DEVICES - 1)}`,
    );
  }

  /** Ends a device's trust, that at a reset of the password included; its sessions were ended before, since their rows are always locked before a device's. */
  distrust(tx: Tx, deviceId: string): void {
    endTrust(tx, sql`d.id = ${deviceId}`);
  }

  /** Takes a device off the account; its sessions were ended before, as for `distrust`. */
  remove(tx: Tx, deviceId: string): void {
    const removal = sql`update device set removed_at = clock_timestamp(), trusted_at = null
          where id = ${deviceId} and removed_at is null returning id, account_id`;
    tx.write(changeAndTell(tx, removal, { ...ofDevice, type: 'DEVICE_REMOVED' }));
    forgetPresence(tx, deviceId);
    forgetPush(tx, sql`d.id = ${deviceId}`);
  }

  /**
   * A known device has signed in: what the client says of it now, except its name, which is the owner's. Trust that has
   * lapsed is taken away for good, or being seen would bring it back.
   */
  greet(tx: Tx, deviceId: string, device: DeviceDescription, ipAddress: string): void {
    tx.write(sql`update device d set platform = ${device.platform},
            model = coalesce(${device.model}, model), os_version = coalesce(${device.osVersion}, os_version),
            app_version = coalesce(${device.appVersion}, app_version),
            notifications_enabled = coalesce(${device.notificationsEnabled}, notifications_enabled),
            trusted_at = case when ${isTrusted(this.limits, 'd')} then trusted_at end,
            last_ip_address = ${ipAddress}, last_seen_at = clock_timestamp()
          where id = ${deviceId} and removed_at is null`);
  }

  /** Trusts a device from now on. Room was made before, see `tooManyTrusted`. */
  trust(tx: Tx, deviceId: string): void {
    const trusting = sql`update device set trusted_at = clock_timestamp(), last_seen_at = clock_timestamp()
          where id = ${deviceId} and removed_at is null returning id, account_id`;
    tx.write(changeAndTell(tx, trusting, { ...ofDevice, type: 'DEVICE_TRUSTED' }));
  }

  /** Forgets the trust of the account's devices, that at a reset of the password included, but for one. */
  forgetTrust(tx: Tx, accountId: string, keptDeviceId: string | null): void {
    endTrust(
      tx,
      sql`d.account_id = ${accountId} and (d.trusted_at is not null or d.trusted_at_reset)
          and d.id is distinct from ${keptDeviceId}::uuid`,
    );
  }

  /** The owner's name for a device. @returns false if the account has no such device (any more) */
  async rename(tx: Tx, accountId: string, deviceId: string, name: string): Promise<boolean> {
    const renamed = await countOf(
      tx,
      sql`update device set name = ${name} where id = ${deviceId} and account_id = ${accountId} and removed_at is null`,
    );
    return renamed === 1;
  }

  /** Its owner's choice whether a device that is trusted shows codes. @returns null where it is as before */
  setReceivesCodes(tx: Tx, accountId: string, deviceId: string, receivesCodes: boolean): Promise<DeviceRow | null> {
    return rowOf<DeviceRow>(
      tx,
      sql`update device set receives_codes = ${receivesCodes}
          where account_id = ${accountId} and id = ${deviceId} and removed_at is null and receives_codes <> ${receivesCodes}
          returning ${columns(DeviceRow)}`,
    );
  }

  /** What the app on the device reports about itself. */
  report(tx: Tx, deviceId: string, report: DeviceReport): void {
    tx.write(sql`update device set
            notifications_enabled = coalesce(${report.notificationsEnabled ?? null}, notifications_enabled),
            os_version = case when ${report.osVersion !== undefined} then ${report.osVersion ?? null} else os_version end,
            app_version = case when ${report.appVersion !== undefined} then ${report.appVersion ?? null} else app_version end
          where id = ${deviceId}`);
  }
}

/** Whether the owner of a device wants codes on it. */
export async function receivesCodes(db: Sql, deviceId: string): Promise<boolean> {
  const found = await rowOf(db, sql`select id from device where id = ${deviceId} and receives_codes`);
  return found !== null;
}

/**
 * Forgets the trust of all devices of the account at a reset of its password, and remembers which were trusted: those
 * trusted at this moment, or at an earlier reset for which mail is still held.
 * @param keptDeviceId a device whose trust stays
 */
export function forgetTrustAtReset(
  tx: Tx,
  accountId: string,
  limits: Limits,
  keptDeviceId: string | null = null,
): void {
  const isHeld = sql`exists (select 1 from account a where a.id = ${accountId} and a.mail_held_until > clock_timestamp())`;
  endTrust(
    tx,
    sql`d.account_id = ${accountId}`,
    sql`${isTrusted(limits, 'd')} or (d.trusted_at_reset and ${isHeld})`,
    keptDeviceId,
  );
}

/** Holds mail for the devices too that were trusted before. */
export function forgetTrustBeforeReset(tx: Tx, accountId: string): void {
  tx.write(sql`update device set trusted_at_reset = false where account_id = ${accountId} and trusted_at_reset`);
}

/** @param keptDeviceId one that stays trusted, which is remembered alike */
function endTrust(tx: Tx, which: Fragment, trustedAtReset = sql`false`, keptDeviceId: string | null = null): void {
  forgetPush(tx, sql`${which} and d.id is distinct from ${keptDeviceId}::uuid`);
  const ending = sql`update device d
        set trusted_at_reset = ${trustedAtReset}, trusted_at = case when d.id = ${keptDeviceId}::uuid then d.trusted_at end
        from device before where before.id = d.id and ${which}
        returning d.id, d.account_id, before.trusted_at is not null and d.trusted_at is null as "isEnded"`;
  tx.write(changeAndTell(tx, ending, { ...ofDevice, type: 'TRUST_ENDED' }, sql`happened h where h."isEnded"`));
}

/** What an event tells of a device that was changed. */
const ofDevice: Omit<NewEvent, 'type'> = { accountId: sql`h.account_id`, deviceId: sql`h.id` };

/**
 * SQL that notes that devices are used now, and returns the `id` of each in `used`. Trust that has lapsed is taken away for
 * good, or being seen would bring it back.
 * @param used what the statement calls those that are: `id`, `device_id`, and the `ip_address` from which
 */
export function sighting(limits: Limits, used: string): Fragment {
  return sql`update device d set last_seen_at = clock_timestamp(), last_ip_address = u.ip_address,
            trusted_at = case when ${isTrusted(limits, 'd')} then trusted_at end
          from ${raw(used)} u where d.id = u.device_id and d.removed_at is null returning u.id`;
}
