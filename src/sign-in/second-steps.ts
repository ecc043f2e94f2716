import type { AccountRow } from '../accounts/account.entity.js';
import { lockAccount } from '../accounts/accounts.js';
import type { Client } from '../api/context.js';
import type { AccountLimits } from '../challenges/account-limits.js';
import { TemporarilyLocked } from '../challenges/challenge.types.js';
import { shutDoor } from '../challenges/challenge-ends.js';
import type { ChallengeOpenings, OpenedChallenge } from '../challenges/challenge-openings.js';
import { defaultMethod } from '../challenges/default-method.js';
import type { Limits } from '../config/limits.js';
import { forgetTokens, type PresentedToken, presentToken } from '../devices/device-tokens.js';
import type { DeviceDescription, Devices } from '../devices/devices.js';
import { isTrusted } from '../devices/trust.js';
import { deliverNotice } from '../outbox/outbox.js';
import type { SessionReason } from '../sessions/session.entity.js';
import type { Sessions } from '../sessions/sessions.js';
import { rowsOf } from '../sql/rows.js';
import { sql } from '../sql/statement.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import type { Admissions, Admitted } from './admissions.js';

/** What a device signs in with. */
export interface Credentials {
  readonly email: string;
  readonly password: string;
  readonly device: DeviceDescription;
  readonly deviceToken: string | null;
}

/** What a proven password leads to. */
export type Entrance = { readonly admitted: Admitted } | { readonly opened: OpenedChallenge } | TemporarilyLocked;

/** Decides, behind the account's lock, whether a device with the right password is let in or has to type a code. */
export class SecondSteps {
  constructor(
    private readonly transactions: Transactions,
    private readonly admissions: Admissions,
    private readonly openings: ChallengeOpenings,
    private readonly accountLimits: AccountLimits,
    private readonly sessions: Sessions,
    private readonly devices: Devices,
    private readonly limits: Limits,
  ) {}

  /**
   * @param proven the account as it was read with the password's hash
   * @returns null if the account is another by now: its password has to be proven again
   */
  enter(proven: AccountRow, credentials: Credentials, client: Client): Promise<Entrance | null> {
    return this.transactions.run(async (tx) => {
      const account = await lockAccount(tx, proven.id, proven.epoch);
      if (!account) return null;
      const presented = await presentToken(tx, account.id, credentials.deviceToken);
      const device = presented ? { ...credentials.device, name: presented.deviceName } : credentials.device;
      const reason = await this.reasonToSkip(tx, account, presented);
      if (reason) return this.admit(tx, account, reason, presented, device, client);
      const current =
        presented?.standing === 'COPIED' ? await this.raiseAlarm(tx, account, presented, client) : account;
      return this.challenge(tx, current, presented?.deviceId ?? null, device, client);
    });
  }

  /** Whether the device is trusted is a column of its row, read now; a token that is no longer live proves nothing. */
  private async reasonToSkip(
    tx: Tx,
    account: AccountRow,
    presented: PresentedToken | null,
  ): Promise<SessionReason | null> {
    if (!account.twoStepEnabledAt) return 'NO_SECOND_STEP';
    if (presented?.standing !== 'LIVE') return null;
    const [device] = await rowsOf<{ trusted: boolean }>(
      tx,
      sql`select ${isTrusted(this.limits, 'd')} as trusted from device d where d.id = ${presented.deviceId}`,
    );
    return device?.trusted ? 'TRUSTED_DEVICE' : null;
  }

  private async admit(
    tx: Tx,
    account: AccountRow,
    reason: SessionReason,
    presented: PresentedToken | null,
    device: DeviceDescription,
    client: Client,
  ): Promise<Entrance | null> {
    const admitted = await this.admissions.admit(tx, {
      account,
      reason,
      challengeId: null,
      method: null,
      deviceId: presented?.deviceId ?? null,
      presentedToken: presented?.standing === 'LIVE' ? presented.hash : null,
      device,
      trustsDevice: false,
      ipAddress: client.ipAddress,
      locale: client.locale,
    });
    return admitted && { admitted };
  }

  /**
   * The right password with a token that was retired a while ago: somebody else used its successor. Which of the two is
   * the owner nobody can tell, so the device's trust and sessions end, and the owner is told.
   */
  private async raiseAlarm(tx: Tx, account: AccountRow, token: PresentedToken, client: Client): Promise<AccountRow> {
    const raised = await shutDoor(tx, account.id);
    await this.sessions.endOfDevice(tx, token.deviceId);
    await this.devices.distrust(tx, token.deviceId);
    await forgetTokens(tx, token.deviceId);
    const device = await this.devices.find(tx, account.id, token.deviceId);
    await deliverNotice(tx, raised, 'COPIED_TOKEN', {
      deviceName: device?.name ?? null,
      platform: device?.platform ?? null,
      ipAddress: client.ipAddress,
    });
    return raised;
  }

  private async challenge(
    tx: Tx,
    account: AccountRow,
    deviceId: string | null,
    device: DeviceDescription,
    client: Client,
  ): Promise<Entrance> {
    const locked = await this.accountLimits.lockOf(tx, account.id);
    if (locked) return locked;
    const retryAt = await this.accountLimits.nextChallengeAt(tx, account.id);
    if (retryAt) return new TemporarilyLocked(retryAt);
    const mailHeld = await isMailHeld(tx, account.id, deviceId);
    const opened = await this.openings.open(tx, {
      purpose: 'SIGN_IN',
      account,
      email: account.email,
      method: mailHeld ? 'APP' : await defaultMethod(tx, account.id, this.limits),
      device,
      deviceId,
      sessionId: null,
      passwordHash: null,
      mailHeld,
      isSilent: await this.accountLimits.arePromptsPaused(tx, account.id),
      ipAddress: client.ipAddress,
      locale: client.locale,
    });
    tx.wake(`account:${account.id}`);
    return { opened };
  }
}

/** After a reset mail alone must not be enough, except for the devices that were trusted at that moment. */
async function isMailHeld(tx: Tx, accountId: string, deviceId: string | null): Promise<boolean> {
  const [found] = await rowsOf<{ held: boolean }>(
    tx,
    sql`select coalesce(a.mail_held_until > clock_timestamp(), false) and not exists (
          select 1 from device d where d.id = ${deviceId}::uuid and d.account_id = a.id and d.trusted_at_reset) as held
        from account a where a.id = ${accountId}`,
  );
  return found?.held ?? false;
}
