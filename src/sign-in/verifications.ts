import type { AccountRow } from '../accounts/account.entity.js';
import { forgiveCodeFailures, lockAccount, openAccount } from '../accounts/accounts.js';
import type { Activities } from '../activity/activities.js';
import type { Context } from '../api/context.js';
import { Problem } from '../api/problem.js';
import type { ChallengeRow, Purpose } from '../challenges/challenge.entity.js';
import type { ChallengeClosed, TemporarilyLocked, WrongCode } from '../challenges/challenge.types.js';
import { consumeFor } from '../challenges/challenge-states.js';
import { type ChallengeTries, methodOf } from '../challenges/challenge-tries.js';
import type { DeviceDescription } from '../devices/devices.js';
import { isRefusedSession } from '../sessions/sessions.js';
import type { Tx } from '../sql/transactions.js';
import type { Admission, Admissions, Admitted, Room } from './admissions.js';
import type { SignedIn } from './sign-in.types.js';
import { signedIn } from './signed-in.js';

const purposes: readonly Purpose[] = ['SIGN_UP', 'SIGN_IN'];

const noRoomNeeded: Room = { removed: [], untrusted: [] };

/** What the code opens, read behind the account's lock. */
interface Seen {
  readonly account: AccountRow | null;
  readonly room: Room;
}

/** Thrown inside a transaction to roll it back: a challenge is consumed by a session, or not at all. */
class NotAdmitted extends Error {}

/** Ends challenges with a session. */
export class Verifications {
  constructor(
    private readonly tries: ChallengeTries,
    private readonly admissions: Admissions,
    private readonly activities: Activities,
  ) {}

  /** Of any number of requests with the right code, one is given the session. */
  async verify(
    { db, session, client }: Pick<Context, 'db' | 'session' | 'client'>,
    token: string,
    code: string,
    trustDevice: boolean,
  ): Promise<SignedIn | WrongCode | ChallengeClosed | TemporarilyLocked> {
    const { ipAddress } = client;
    const attempt = { token, code, purposes, sessionId: session?.id ?? null, ipAddress };
    try {
      const admitted = await this.tries.attempt(db, attempt, {
        look: (tx, challenge) => this.look(tx, challenge, trustDevice),
        enter: (tx, challenge, seen) =>
          challenge.purpose === 'SIGN_UP'
            ? this.openAccount(tx, challenge, ipAddress)
            : this.letIn(tx, challenge, seen, trustDevice, ipAddress),
      });
      return admitted instanceof Problem ? admitted : await signedIn(admitted);
    } catch (error) {
      if (error instanceof NotAdmitted || isRefusedSession(error)) return this.tries.closedState(db, token);
      throw error;
    }
  }

  /** The account, locked, and the room on it; nothing for one that is only about to be opened. */
  private async look(tx: Tx, { accountId, epoch, deviceId }: ChallengeRow, trustDevice: boolean): Promise<Seen> {
    if (!accountId) return { account: null, room: noRoomNeeded };
    const [account, room] = await Promise.all([
      lockAccount(tx, accountId, epoch ?? null),
      this.admissions.look(tx, accountId, deviceId ?? null, trustDevice),
    ]);
    return { account, room };
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
    return this.admit(
      tx,
      account,
      challenge,
      trustsDevice,
      trustsDevice ? room : { ...room, untrusted: [] },
      ipAddress,
    );
  }

  /** An address is taken by whoever types its code first; for the others there is no row, and so no session. */
  private async openAccount(tx: Tx, challenge: ChallengeRow, ipAddress: string): Promise<Admitted> {
    const { email, passwordHash, locale } = challenge;
    const account = passwordHash ? await openAccount(tx, { email, passwordHash, locale }) : null;
    if (!account) throw new NotAdmitted();
    this.activities.record(tx, { ...entryOf(account, challenge, ipAddress), type: 'SIGNED_UP' });
    return this.admit(tx, account, challenge, false, noRoomNeeded, ipAddress);
  }

  /** @param ipAddress where the code was typed, which need not be where the sign-in began */
  private admit(
    tx: Tx,
    account: AccountRow,
    challenge: ChallengeRow,
    trustsDevice: boolean,
    room: Room,
    ipAddress: string,
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
      // A session is opened by a challenge that is VERIFIED: where this one cannot be consumed any more, none is.
      onDevice: (deviceId) => {
        consumeFor(tx, challenge, purposes, deviceId);
        if (challenge.purpose === 'SIGN_IN') forgiveCodeFailures(tx, account.id);
      },
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
