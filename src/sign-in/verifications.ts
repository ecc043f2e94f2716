import { AccountRow } from '../accounts/account.entity.js';
import { lockAccount } from '../accounts/accounts.js';
import type { Activities } from '../activity/activities.js';
import type { Context } from '../api/context.js';
import { Problem } from '../api/problem.js';
import type { ChallengeRow, Purpose } from '../challenges/challenge.entity.js';
import type { ChallengeClosed, TemporarilyLocked, WrongCode } from '../challenges/challenge.types.js';
import { type ChallengeTries, methodOf } from '../challenges/challenge-tries.js';
import type { DeviceDescription, Devices } from '../devices/devices.js';
import { countOf, rowOf } from '../sql/rows.js';
import { columns, sql } from '../sql/statement.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import type { Admissions, Admitted } from './admissions.js';
import type { SignedIn } from './sign-in.types.js';
import { signedIn } from './signed-in.js';

const purposes: readonly Purpose[] = ['SIGN_UP', 'SIGN_IN'];

/** Thrown inside a transaction to roll it back: a challenge is consumed by a session, or not at all. */
class NotAdmitted extends Error {}

/** Ends challenges with a session. */
export class Verifications {
  constructor(
    private readonly transactions: Transactions,
    private readonly tries: ChallengeTries,
    private readonly admissions: Admissions,
    private readonly activities: Activities,
    private readonly devices: Devices,
  ) {}

  /** Of any number of requests with the right code, one is given the session. */
  async verify(
    { db, session, client }: Pick<Context, 'db' | 'session' | 'client'>,
    token: string,
    code: string,
    trustDevice: boolean,
  ): Promise<SignedIn | WrongCode | ChallengeClosed | TemporarilyLocked> {
    const { ipAddress } = client;
    const right = await this.tries.attempt(db, { token, code, purposes, sessionId: session?.id ?? null, ipAddress });
    if (right instanceof Problem) return right;
    try {
      const admitted = await this.transactions.run((tx) =>
        right.purpose === 'SIGN_UP'
          ? this.openAccount(tx, right, ipAddress)
          : this.letIn(tx, right, trustDevice, ipAddress),
      );
      return await signedIn(db, this.devices, admitted);
    } catch (error) {
      if (error instanceof NotAdmitted) return this.tries.closedState(db, right);
      throw error;
    }
  }

  private async letIn(tx: Tx, challenge: ChallengeRow, trustDevice: boolean, ipAddress: string): Promise<Admitted> {
    const account = challenge.accountId && (await lockAccount(tx, challenge.accountId, challenge.epoch ?? null));
    if (!account) throw new NotAdmitted();
    return this.admit(tx, account, challenge, trustDevice && Boolean(account.twoStepEnabledAt), ipAddress);
  }

  /** An address is taken by whoever types its code first; for the others there is no row, and so no session. */
  private async openAccount(tx: Tx, challenge: ChallengeRow, ipAddress: string): Promise<Admitted> {
    const account = await rowOf<AccountRow>(
      tx,
      sql`insert into account (email, password_hash, locale)
          select email, password_hash, locale from challenge where id = ${challenge.id} and password_hash is not null
          on conflict do nothing returning ${columns(AccountRow)}`,
    );
    if (!account) throw new NotAdmitted();
    await this.activities.record(tx, { ...entryOf(account, challenge, ipAddress), type: 'SIGNED_UP' });
    return this.admit(tx, account, challenge, false, ipAddress);
  }

  /** @param ipAddress where the code was typed, which need not be where the sign-in began */
  private async admit(
    tx: Tx,
    account: AccountRow,
    challenge: ChallengeRow,
    trustsDevice: boolean,
    ipAddress: string,
  ): Promise<Admitted> {
    const consumed = await this.tries.consume(tx, challenge, purposes);
    const admitted =
      consumed &&
      (await this.admissions.admit(tx, {
        account,
        reason: 'VERIFIED_CHALLENGE',
        challengeId: consumed.id,
        method: methodOf(consumed),
        deviceId: consumed.deviceId ?? null,
        presentedToken: null,
        device: describedBy(consumed),
        trustsDevice,
        ipAddress,
        locale: consumed.locale,
      }));
    if (!admitted) throw new NotAdmitted();
    await countOf(tx, sql`update challenge set signed_in_device_id = ${admitted.deviceId} where id = ${consumed.id}`);
    return admitted;
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
