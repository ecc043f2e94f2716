import type { AccountRow } from '../accounts/account.entity.js';
import { lockAccount } from '../accounts/accounts.js';
import { addressOf } from '../accounts/addresses.js';
import type { SecurityEvents } from '../activity/security-events.js';
import type { Client } from '../api/context.js';
import { RateLimited } from '../api/errors.js';
import type { AccountLimits, Door } from '../challenges/account-limits.js';
import { TemporarilyLocked } from '../challenges/challenge.types.js';
import { shutDoor } from '../challenges/challenge-ends.js';
import type {
  AskedByBackend,
  ChallengeOpening,
  ChallengeOpenings,
  OpenedChallenge,
} from '../challenges/challenge-openings.js';
import { purposeRules } from '../challenges/challenge-purposes.js';
import { cancelEarlierSignIns, type Earlier } from '../challenges/challenge-states.js';
import type { Limits } from '../config/limits.js';
import { forgetTokens, type PresentedToken, presentToken } from '../devices/device-tokens.js';
import type { DeviceDescription, Devices } from '../devices/devices.js';
import type { SessionReason } from '../sessions/session.entity.js';
import { isRefusedSession, type Sessions } from '../sessions/sessions.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import type { Wait } from '../texts/times.js';
import type { Admissions, Admitted } from './admissions.js';

/** What a device signs in with. */
export interface Credentials {
  readonly email: string;
  readonly password: string;
  readonly device: DeviceDescription;
  readonly deviceToken: string | null;
  /** What the client has of a sign-in that it began before. */
  readonly earlier: Omit<Earlier, 'deviceId'>;
}

/** Who stands at the door: with which token, on what, and what is known of it. */
export interface Arrival {
  readonly presented: PresentedToken | null;
  readonly device: DeviceDescription;
  /** The door as it was seen already; null: it was not. */
  readonly seen: Door | null;
  readonly earlier: Credentials['earlier'];
  /** What a product's backend asked for; null: the password was proven here. */
  readonly backend: AskedByBackend | null;
}

/** Who is asked for a code, and what for. */
export type Asker = Pick<ChallengeOpening, 'purpose' | 'device' | 'deviceId' | 'sessionId' | 'backend'>;

/** What a proven first factor leads to. */
export type Entrance = { readonly admitted: Admitted } | { readonly opened: OpenedChallenge } | TemporarilyLocked;

/** The account is another than the one whose password was proven. */
class AccountChanged extends Error {}

/** Decides, behind the account's lock, whether a device with the right password is let in or has to type a code. */
export class SecondSteps {
  constructor(
    private readonly transactions: Transactions,
    private readonly admissions: Admissions,
    private readonly openings: ChallengeOpenings,
    private readonly accountLimits: AccountLimits,
    private readonly sessions: Sessions,
    private readonly devices: Devices,
    private readonly events: SecurityEvents,
    private readonly limits: Limits,
  ) {}

  /**
   * @param proven the account as it was read with the password's hash
   * @param settle writes what the right password brings about in any case, and returns how long it lets nobody in
   * @returns null if the account is another by now: its password has to be proven again
   * @throws RateLimited
   */
  async enter(
    proven: AccountRow,
    credentials: Credentials,
    client: Client,
    settle: (tx: Tx) => Promise<Wait | null>,
  ): Promise<Entrance | null> {
    try {
      return await this.transactions.run((tx) => this.enterOnce(tx, proven, credentials, client, settle));
    } catch (error) {
      if (error instanceof AccountChanged || isRefusedSession(error)) return null;
      throw error;
    }
  }

  private async enterOnce(
    tx: Tx,
    proven: AccountRow,
    credentials: Credentials,
    client: Client,
    settle: (tx: Tx) => Promise<Wait | null>,
  ): Promise<Entrance> {
    const { deviceToken } = credentials;
    const [account, presented, seen, retry] = await Promise.all([
      lockAccount(tx, proven.id, proven.epoch),
      presentToken(tx, proven.id, deviceToken, this.limits),
      // Who brings no token is not known: if it needs a code, this is what decides how.
      deviceToken || !proven.twoStepEnabledAt
        ? null
        : this.accountLimits.doorOf(tx, proven.id, 'SIGN_IN', null, client.ipAddress),
      settle(tx),
    ]);
    // Nothing is settled by that either.
    if (!account) throw new AccountChanged();
    if (retry) throw new RateLimited(retry);
    const { device, earlier } = credentials;
    return this.step(tx, account, { presented, device, seen, earlier, backend: null }, client);
  }

  /** The second step of whoever has proven the first, behind the account's lock: none is needed, or a code is asked for. */
  async step(
    tx: Tx,
    account: AccountRow,
    { presented, device: described, seen, earlier, backend }: Arrival,
    client: Client,
  ): Promise<Entrance> {
    const device = presented ? { ...described, name: presented.deviceName } : described;
    const reason = reasonToSkip(account, presented);
    if (reason) return this.admit(tx, account, reason, presented, device, client);
    const current = presented?.standing === 'COPIED' ? await this.raiseAlarm(tx, account, presented, client) : account;
    const deviceId = presented?.deviceId ?? null;
    cancelEarlierSignIns(tx, account.id, { ...earlier, deviceId });
    return this.ask(tx, current, { purpose: 'SIGN_IN', device, deviceId, sessionId: null, backend }, seen, client);
  }

  private async admit(
    tx: Tx,
    account: AccountRow,
    reason: SessionReason,
    presented: PresentedToken | null,
    device: DeviceDescription,
    client: Client,
  ): Promise<Entrance> {
    const deviceId = presented?.deviceId ?? null;
    const room = await this.admissions.look(tx, account.id, deviceId, false);
    const admission = {
      account,
      reason,
      challengeId: null,
      method: null,
      deviceId,
      presentedToken: presented?.standing === 'LIVE' ? presented.hash : null,
      device,
      trustsDevice: false,
      ipAddress: client.ipAddress,
      locale: client.locale,
    };
    return { admitted: await this.admissions.admit(tx, admission, room) };
  }

  /**
   * The right password with a token that was retired a while ago: somebody else used its successor. Which of the two is
   * the owner nobody can tell, so the device's trust and sessions end, and the owner is told.
   */
  private async raiseAlarm(tx: Tx, account: AccountRow, token: PresentedToken, client: Client): Promise<AccountRow> {
    const raised = await shutDoor(tx, account.id);
    await this.sessions.endOfDevice(tx, token.deviceId);
    this.devices.distrust(tx, token.deviceId);
    forgetTokens(tx, token.deviceId);
    const device = await this.devices.find(tx, account.id, token.deviceId);
    // Its token was found by its row.
    if (!device) throw new Error('the device of a token is gone');
    const { id: deviceId, name: deviceName, platform } = device;
    this.events.tell(tx, raised, 'COPIED_TOKEN', { deviceId, deviceName, platform, ipAddress: client.ipAddress });
    return raised;
  }

  /**
   * Asks for a code, whatever for, where the account's door is open for that.
   * @param seen the door as it was seen already; null: it was not
   */
  async ask(tx: Tx, account: AccountRow, asker: Asker, seen: Door | null, client: Client): Promise<Entrance> {
    const { purpose, deviceId } = asker;
    const { ipAddress, locale } = client;
    const door = seen ?? (await this.accountLimits.doorOf(tx, account.id, purpose, deviceId, ipAddress));
    const { locked, retry, isMailHeld, method, arePromptsPaused } = door;
    if (locked) return locked;
    if (retry) return new TemporarilyLocked(retry, purposeRules[purpose].failures ?? 'SIGN_IN');
    const opened = await this.openings.open(tx, {
      ...asker,
      account,
      email: addressOf(account),
      method: isMailHeld ? 'APP' : method,
      passwordHash: null,
      mailHeld: isMailHeld,
      isSilent: arePromptsPaused,
      ipAddress,
      locale,
    });
    return { opened };
  }
}

/** Whether the device is trusted is a column of its row, read now; a token that is no longer live proves nothing. */
function reasonToSkip(account: AccountRow, presented: PresentedToken | null): SessionReason | null {
  if (!account.twoStepEnabledAt) return 'NO_SECOND_STEP';
  if (presented?.standing !== 'LIVE') return null;
  return presented.isTrusted ? 'TRUSTED_DEVICE' : null;
}
