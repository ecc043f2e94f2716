import { randomUUID } from 'node:crypto';
import type { AccountRow } from '../accounts/account.entity.js';
import { rememberLocale } from '../accounts/accounts.js';
import { noticeAddressOf } from '../accounts/addresses.js';
import type { Activities } from '../activity/activities.js';
import { shutDoor } from '../challenges/challenge-ends.js';
import type { Limits } from '../config/limits.js';
import { issueFirstToken, issueToken } from '../devices/device-tokens.js';
import type { DeviceDescription, Devices, SeenDevice } from '../devices/devices.js';
import type { Method } from '../outbox/delivery.entity.js';
import { deliverNewDevice } from '../outbox/outbox.js';
import type { SessionReason } from '../sessions/session.entity.js';
import type { OpenedSession, Sessions } from '../sessions/sessions.js';
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
  /** Called between the device's row and its session, which may rely on what is written here. */
  readonly onDevice?: ((deviceId: string) => void) | undefined;
}

/** A device that was let in: its session and tokens. What PostgreSQL tells of it is there once the transaction is over. */
export interface Admitted {
  readonly account: AccountRow;
  readonly deviceId: string;
  readonly sessionId: string;
  readonly deviceToken: string;
  readonly opened: Promise<OpenedSession>;
  readonly device: Promise<SeenDevice | null>;
}

/** The devices that have to make room for one more. */
export interface Room {
  readonly removed: readonly { readonly id: string }[];
  readonly untrusted: readonly { readonly id: string }[];
}

/** Lets a device in: its row, its trust, its session, its tokens, and what is written and mailed of that. */
export class Admissions {
  constructor(
    private readonly devices: Devices,
    private readonly sessions: Sessions,
    private readonly activities: Activities,
    private readonly limits: Limits,
  ) {}

  /** Which devices have to go, or lose their trust, for this one; read behind the account's lock. */
  async look(tx: Tx, accountId: string, deviceId: string | null, trustsDevice: boolean): Promise<Room> {
    const [removed, untrusted] = await Promise.all([
      deviceId === null ? this.devices.tooMany(tx, accountId) : [],
      trustsDevice ? this.devices.tooManyTrusted(tx, accountId, deviceId) : [],
    ]);
    return { removed, untrusted };
  }

  /**
   * Everything that this writes goes out at once, and all of it fails where nobody may be let in: the epoch is another by
   * now, the device was removed, or the reason does not hold (`isRefusedSession`).
   */
  async admit(tx: Tx, admission: Admission, room: Room): Promise<Admitted> {
    const isNewDevice = admission.deviceId === null;
    const deviceId = admission.deviceId ?? randomUUID();
    const sessionId = randomUUID();
    const { device, trustsDevice, ipAddress } = admission;
    if (isNewDevice) this.devices.add(tx, admission.account.id, deviceId, device, trustsDevice, ipAddress);
    admission.onDevice?.(deviceId);
    // Only then: whoever makes room ends every sign-in that still waits.
    const account = await this.makeRoom(tx, admission.account, room);
    // Before the device is greeted: being seen must not bring lapsed trust back.
    const opened = this.sessions.start(
      tx,
      {
        id: sessionId,
        accountId: account.id,
        epoch: account.epoch,
        deviceId,
        reason: admission.reason,
        challengeId: admission.challengeId,
        madeDevice: isNewDevice,
      },
      this.activities.signedOut(account.id, ipAddress),
    );
    if (!isNewDevice) this.devices.greet(tx, deviceId, device, ipAddress);
    if (!isNewDevice && trustsDevice) this.devices.trust(tx, deviceId);
    const deviceToken = isNewDevice
      ? issueFirstToken(tx, deviceId)
      : issueToken(tx, deviceId, admission.presentedToken);
    // Only of who gets in: a stranger with the password must not choose the language in which the owner is warned.
    rememberLocale(tx, account, admission.locale);
    this.tell(tx, { ...admission, account: { ...account, locale: admission.locale } }, deviceId, isNewDevice);
    const seen = this.devices.find(tx, account.id, deviceId);
    // Whoever waits for the end of the transaction is told what failed first.
    for (const answer of [opened, seen]) answer.catch(() => undefined);
    return { account, deviceId, sessionId, deviceToken, opened, device: seen };
  }

  /** Whoever makes room is signed out there and then, and what was begun under its trust ends too. */
  private async makeRoom(tx: Tx, account: AccountRow, { removed, untrusted }: Room): Promise<AccountRow> {
    if (removed.length + untrusted.length === 0) return account;
    for (const { id } of [...removed, ...untrusted]) await this.sessions.endOfDevice(tx, id);
    for (const { id } of removed) this.devices.remove(tx, id);
    for (const { id } of untrusted) this.devices.distrust(tx, id);
    return shutDoor(tx, account.id);
  }

  private tell(tx: Tx, admission: Admission, deviceId: string, isNewDevice: boolean): void {
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
    this.activities.record(tx, { ...entry, type: 'SIGNED_IN', also: admission.trustsDevice ? 'DEVICE_TRUSTED' : null });
    const isSignUp = method !== null && account.activityCount === 0;
    if (isSignUp || !(isNewDevice || admission.trustsDevice)) return;
    const facts = { deviceName: device.name, platform: device.platform, ipAddress };
    deliverNewDevice(tx, { ...account, email: noticeAddressOf(account) }, facts, this.limits.NEW_DEVICE_NOTICES_HOUR);
  }
}
