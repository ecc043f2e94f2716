import type { AccountRow } from '../accounts/account.entity.js';
import { forgiveCodeFailures, lockAccount, openAccount, proveAddress } from '../accounts/accounts.js';
import type { Activities } from '../activity/activities.js';
import type { SecurityEvents } from '../activity/security-events.js';
import type { Context } from '../api/context.js';
import { Problem } from '../api/problem.js';
import type { ChallengeRow } from '../challenges/challenge.entity.js';
import type { ChallengeClosed, TemporarilyLocked, WrongCode } from '../challenges/challenge.types.js';
import { type Answerable, consume, consumeFor } from '../challenges/challenge-states.js';
import { type ChallengeTries, methodOf } from '../challenges/challenge-tries.js';
import type { TwoStepSwitch } from '../challenges/two-step-switch.js';
import type { Limits } from '../config/limits.js';
import type { DeviceDescription } from '../devices/devices.js';
import { isRefusedSession } from '../sessions/sessions.js';
import { sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';
import { issueReceipt } from '../verifications/receipts.js';
import type { Admission, Admissions, Admitted, Room } from './admissions.js';
import type { SignedIn } from './sign-in.types.js';
import { signedIn } from './signed-in.js';

const field: Answerable = { own: ['SIGN_UP', 'SIGN_IN'], backends: ['SIGN_IN', 'ENABLE_TWO_STEP'] };

const noRoomNeeded: Room = { removed: [], untrusted: [] };

/** What the code opens, read behind the account's lock. */
interface Seen {
  readonly account: AccountRow | null;
  readonly room: Room;
}

/** Somebody who is let in, and what tells the backend that asked for it. */
interface Entered {
  readonly admitted: Admitted;
  readonly receipt: string | null;
}

/** Thrown inside a transaction to roll it back: a challenge is consumed by a session, or not at all. */
class NotAdmitted extends Error {}

/** Ends challenges with a session. */
export class CodeSignIns {
  constructor(
    private readonly tries: ChallengeTries,
    private readonly admissions: Admissions,
    private readonly twoStepSwitch: TwoStepSwitch,
    private readonly activities: Activities,
    private readonly events: SecurityEvents,
    private readonly limits: Limits,
  ) {}

  /** Of any number of requests with the right code, one is given the session. */
  async verify(
    { db, session, client }: Pick<Context, 'db' | 'session' | 'client'>,
    token: string,
    code: string,
    trustDevice: boolean,
  ): Promise<SignedIn | WrongCode | ChallengeClosed | TemporarilyLocked> {
    const { ipAddress } = client;
    const attempt = { token, code, field, sessionId: session?.id ?? null, ipAddress };
    try {
      const entered = await this.tries.attempt(db, attempt, {
        look: (tx, challenge) => this.look(tx, challenge, trustDevice),
        enter: (tx, challenge, seen) => this.enter(tx, challenge, seen, trustDevice, ipAddress),
      });
      return entered instanceof Problem ? entered : await signedIn(entered.admitted, entered.receipt);
    } catch (error) {
      if (error instanceof NotAdmitted || isRefusedSession(error)) return this.tries.closedState(db, token);
      throw error;
    }
  }

  /** The account, locked, and the room on it; nothing for one that is only about to be opened. */
  private async look(tx: Tx, challenge: ChallengeRow, trustDevice: boolean): Promise<Seen> {
    const { accountId, epoch, deviceId } = challenge;
    if (!accountId) return { account: null, room: noRoomNeeded };
    const [account, room] = await Promise.all([
      lockAccount(tx, accountId, epoch ?? null),
      this.admissions.look(tx, accountId, deviceId ?? null, trustDevice || challenge.purpose === 'ENABLE_TWO_STEP'),
    ]);
    return { account, room };
  }

  private async enter(
    tx: Tx,
    challenge: ChallengeRow,
    seen: Seen,
    trustDevice: boolean,
    ipAddress: string,
  ): Promise<Entered> {
    if (challenge.purpose === 'SIGN_UP') {
      return { admitted: await this.openAccount(tx, challenge, ipAddress), receipt: null };
    }
    const admitted =
      challenge.purpose === 'ENABLE_TWO_STEP'
        ? await this.turnOn(tx, challenge, seen, ipAddress)
        : await this.letIn(tx, challenge, seen, trustDevice, ipAddress);
    return { admitted, receipt: challenge.clientId == null ? null : this.receiptOf(tx, challenge, admitted) };
  }

  private receiptOf(tx: Tx, challenge: ChallengeRow, { sessionId, deviceId }: Admitted): string {
    const proof = { method: methodOf(challenge), sessionId, deviceId };
    return issueReceipt(tx, sql`v.challenge_id = ${challenge.id}`, proof, this.limits);
  }

  private async letIn(
    tx: Tx,
    challenge: ChallengeRow,
    { account, room }: Seen,
    trustDevice: boolean,
    ipAddress: string,
  ): Promise<Admitted> {
    if (!account) throw new NotAdmitted();
    const trustsDevice = trustDevice && Boolean(account.twoStepEnabledAt);
    const open = trustsDevice ? room : { ...room, untrusted: [] };
    return this.admit(tx, account, challenge, trustsDevice, open, ipAddress, (deviceId) => {
      consumeFor(tx, challenge, field, deviceId);
      forgiveCodeFailures(tx, account.id, 'SIGN_IN');
    });
  }

  /** The device on which it is turned on is the first that is trusted, and the only one that is signed in. */
  private async turnOn(
    tx: Tx,
    challenge: ChallengeRow,
    { account: before, room }: Seen,
    ipAddress: string,
  ): Promise<Admitted> {
    // Before all that waits ends by it.
    if (!before || before.twoStepEnabledAt || !(await consume(tx, challenge, field))) throw new NotAdmitted();
    proveAddress(tx, before.id, challenge.email);
    const { account } = await this.twoStepSwitch.turnOn(tx, before.id, null);
    const admitted = await this.admit(tx, account, challenge, true, room, ipAddress);
    const { deviceName, platform } = challenge;
    const { deviceId, sessionId } = admitted;
    const entry = { deviceId, deviceName, platform, ipAddress, method: methodOf(challenge), sessionId };
    this.events.tell(tx, admitted.account, 'TWO_STEP_ENABLED', entry);
    return admitted;
  }

  /** An address is taken by whoever types its code first; for the others there is no row, and so no session. */
  private async openAccount(tx: Tx, challenge: ChallengeRow, ipAddress: string): Promise<Admitted> {
    const { email, passwordHash, locale } = challenge;
    const account = passwordHash ? await openAccount(tx, { email, passwordHash, locale }) : null;
    if (!account) throw new NotAdmitted();
    this.activities.record(tx, { ...entryOf(account, challenge, ipAddress), type: 'SIGNED_UP' });
    return this.admit(tx, account, challenge, false, noRoomNeeded, ipAddress, (deviceId) =>
      consumeFor(tx, challenge, field, deviceId),
    );
  }

  /**
   * @param ipAddress where the code was typed, which need not be where the sign-in began
   * @param consumeOn consumes the challenge: a session is opened by one that is VERIFIED, so where this one cannot be consumed
   *   any more, none is; undefined: it is VERIFIED already
   */
  private admit(
    tx: Tx,
    account: AccountRow,
    challenge: ChallengeRow,
    trustsDevice: boolean,
    room: Room,
    ipAddress: string,
    consumeOn?: (deviceId: string) => void,
  ): Promise<Admitted> {
    const admission: Admission = {
      account,
      reason: 'VERIFIED_CHALLENGE',
      challengeId: challenge.id,
      method: methodOf(challenge),
      deviceId: challenge.deviceId ?? null,
      presentedToken: null,
      device: describedBy(challenge),
      trustsDevice,
      ipAddress,
      locale: challenge.locale,
      onDevice: consumeOn,
    };
    return this.admissions.admit(tx, admission, room);
  }
}

function describedBy(challenge: ChallengeRow): DeviceDescription {
  return {
    name: challenge.deviceName,
    model: challenge.deviceModel ?? null,
    platform: challenge.platform,
    osVersion: challenge.osVersion ?? null,
    appVersion: challenge.appVersion ?? null,
    notificationsEnabled: challenge.notificationsEnabled ?? null,
  };
}

function entryOf(account: AccountRow, challenge: ChallengeRow, ipAddress: string) {
  return {
    accountId: account.id,
    deviceId: null,
    deviceName: challenge.deviceName,
    platform: challenge.platform,
    ipAddress,
    method: methodOf(challenge),
    isNewDevice: true,
  };
}
