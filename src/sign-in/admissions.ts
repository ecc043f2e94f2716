import type { AccountRow } from '../accounts/account.entity.js';
import type { Activities } from '../activity/activities.js';
import { shutDoor } from '../challenges/challenge-ends.js';
import { issueToken } from '../devices/device-tokens.js';
import type { DeviceDescription, Devices } from '../devices/devices.js';
import type { Method } from '../outbox/delivery.entity.js';
import { deliverNotice } from '../outbox/outbox.js';
import type { SessionReason } from '../sessions/session.entity.js';
import type { OpenedSession, Sessions } from '../sessions/sessions.js';
import { countOf } from '../sql/rows.js';
import { sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';

/** Who is let in, on what, and why. */
export interface Admission {
  /** As it is behind the lock that this transaction holds. */
  readonly account: AccountRow;
  readonly reason: SessionReason;
  readonly challengeId: string | null;
  /** How the second step was done, where there was one. */
  readonly method: Method | null;
  /** The device, where the account knows it; null makes its row. */
  readonly deviceId: string | null;
  /** The live token that the device presented; null where it proved itself otherwise. */
  readonly presentedToken: Buffer | null;
  readonly device: DeviceDescription;
  readonly trustsDevice: boolean;
  readonly ipAddress: string;
  /** The language that is read there: the account's own from now on. */
  readonly locale: string;
}

/** A device that was let in: its session and tokens. */
export interface Admitted {
  readonly opened: OpenedSession;
  readonly account: AccountRow;
  readonly deviceId: string;
  readonly deviceToken: string;
}

/** Lets a device in: its row, its trust, its session, its tokens, and what is written and mailed of that. */
export class Admissions {
  constructor(
    private readonly devices: Devices,
    private readonly sessions: Sessions,
    private readonly activities: Activities,
  ) {}

  /** @returns null if nobody may be let in: the epoch is another by now, or the device was removed */
  async admit(tx: Tx, admission: Admission): Promise<Admitted | null> {
    const account = await this.makeRoom(tx, admission);
    const isNewDevice = admission.deviceId === null;
    const deviceId =
      admission.deviceId ?? (await this.devices.add(tx, account.id, admission.device, admission.ipAddress)).id;
    // Before the device is greeted: being seen must not bring lapsed trust back.
    const opened = await this.sessions.start(tx, {
      accountId: account.id,
      epoch: account.epoch,
      deviceId,
      reason: admission.reason,
      challengeId: admission.challengeId,
      madeDevice: isNewDevice,
    });
    if (!opened) return null;
    if (!isNewDevice) await this.devices.greet(tx, deviceId, admission.device, admission.ipAddress);
    if (admission.trustsDevice) await this.devices.trust(tx, deviceId);
    const deviceToken = await issueToken(tx, deviceId, admission.presentedToken);
    await rememberLocale(tx, account, admission.locale);
    await this.tell(tx, { ...admission, account: { ...account, locale: admission.locale } }, deviceId, isNewDevice);
    return { opened, account, deviceId, deviceToken };
  }

  /** Whoever makes room is signed out there and then, and what was begun under its trust ends too. */
  private async makeRoom(tx: Tx, { account, deviceId, trustsDevice }: Admission): Promise<AccountRow> {
    const removed = deviceId === null ? await this.devices.tooMany(tx, account.id) : [];
    const untrusted = trustsDevice ? await this.devices.tooManyTrusted(tx, account.id, deviceId) : [];
    if (removed.length + untrusted.length === 0) return account;
    for (const { id } of [...removed, ...untrusted]) await this.sessions.endOfDevice(tx, id);
    for (const { id } of removed) await this.devices.remove(tx, id);
    for (const { id } of untrusted) await this.devices.distrust(tx, id);
    return shutDoor(tx, account.id);
  }

  private async tell(tx: Tx, admission: Admission, deviceId: string, isNewDevice: boolean): Promise<void> {
    const { account, device, ipAddress, method } = admission;
    const entry = {
      accountId: account.id,
      deviceId,
      deviceName: device.name,
      platform: device.platform,
      ipAddress,
      method,
      isNewDevice,
    };
    await this.activities.record(tx, { ...entry, type: 'SIGNED_IN' });
    if (admission.trustsDevice) await this.activities.record(tx, { ...entry, type: 'DEVICE_TRUSTED' });
    const isSignUp = method !== null && account.activityCount === 0;
    if (isSignUp || !(isNewDevice || admission.trustsDevice)) return;
    await deliverNotice(tx, account, 'NEW_DEVICE', { deviceName: device.name, platform: device.platform, ipAddress });
  }
}

/** Only of who gets in: a stranger with the password must not choose the language in which the owner is warned. */
async function rememberLocale(tx: Tx, account: AccountRow, locale: string): Promise<void> {
  if (account.locale === locale) return;
  await countOf(tx, sql`update account set locale = ${locale} where id = ${account.id}`);
}
