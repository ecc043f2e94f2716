import type { AccountRow } from '../accounts/account.entity.js';
import { lockAccount } from '../accounts/accounts.js';
import type { Client, Context } from '../api/context.js';
import { Challenge, ChallengeClosed, type TemporarilyLocked } from '../challenges/challenge.types.js';
import type { OpenedChallenge } from '../challenges/challenge-openings.js';
import type { Earlier } from '../challenges/challenge-states.js';
import type { ChallengeViews } from '../challenges/challenge-views.js';
import { tokenHash } from '../codes/tokens.js';
import type { Limits } from '../config/limits.js';
import { type PresentedToken, presentToken } from '../devices/device-tokens.js';
import { type DeviceDescription, descriptionOfRow } from '../devices/devices.js';
import type { RateLimits } from '../rate-limits/rate-limits.js';
import { askingDevice } from '../sessions/asking-device.js';
import { isRefusedSession } from '../sessions/sessions.js';
import type { Sql } from '../sql/database.js';
import { sql } from '../sql/statement.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import { issueReceipt } from '../verifications/receipts.js';
import type { VerificationRow } from '../verifications/verification.entity.js';
import { beginWith } from '../verifications/verification-states.js';
import { findByToken, type VerificationView } from '../verifications/verification-views.js';
import type { Admitted } from './admissions.js';
import type { Asker, Entrance, SecondSteps } from './second-steps.js';
import type { SignedIn } from './sign-in.types.js';
import { signedIn } from './signed-in.js';

const STARTS = 'CHALLENGES_PER_IP_HOUR';

/** What a device begins with. */
export interface Beginning {
  readonly token: string;
  readonly device: DeviceDescription;
  /** What the device has of an account that it was signed in to before, by the account's id. */
  readonly deviceTokenOf: (accountId: string) => string | null;
  /** What the client has of a sign-in that it began before. */
  readonly earlier: Omit<Earlier, 'deviceId'>;
}

/** The device that asks, as far as the account knows it. */
type Device = Pick<Asker, 'device' | 'deviceId' | 'sessionId'>;

/** What a begin leads to; BEGUN: another one was before it, and the challenge is that one's. */
type Begun =
  | { readonly admitted: Admitted; readonly receipt: string }
  | { readonly opened: OpenedChallenge }
  | 'BEGUN'
  | ChallengeClosed
  | TemporarilyLocked;

/** Begins what products' backends have asked to be verified: from here on it is a challenge like any other. */
export class VerificationBeginnings {
  constructor(
    private readonly transactions: Transactions,
    private readonly secondSteps: SecondSteps,
    private readonly views: ChallengeViews,
    private readonly rateLimits: RateLimits,
    private readonly limits: Limits,
  ) {}

  /**
   * Of any number that begin the same at once, one opens its challenge, or is let in; the others are given that challenge.
   * @throws RateLimited
   */
  async begin(
    { db, client }: Pick<Context, 'db' | 'client'>,
    beginning: Beginning,
  ): Promise<SignedIn | Challenge | ChallengeClosed | TemporarilyLocked> {
    const hash = tokenHash('chl', beginning.token);
    const found = hash && (await findByToken(db, hash));
    if (!hash || !found) return new ChallengeClosed('EXPIRED');
    // A cheap look before anything is counted, locked or written: what this finds over or begun stays so.
    const isStranger = isToBegin(found) && (await this.isStranger(db, found, beginning));
    if (isStranger) await this.rateLimits.take(STARTS, client.ipAddress);
    const begun = isToBegin(found)
      ? await this.beginOnce(hash, found.row.accountId, beginning, client)
      : standing(found);
    const isNothingNew = begun === 'BEGUN' || begun instanceof ChallengeClosed;
    if (isStranger && isNothingNew) await this.rateLimits.giveBack(STARTS, client.ipAddress);
    return this.answer(db, begun, beginning.token);
  }

  /** Who signs in from a device that is not known counts for its network. */
  private async isStranger(db: Sql, { row }: VerificationView, { deviceTokenOf }: Beginning): Promise<boolean> {
    if (row.purpose !== 'SIGN_IN') return false;
    const presented = await presentToken(db, row.accountId, deviceTokenOf(row.accountId), this.limits);
    return presented?.standing !== 'LIVE';
  }

  private async beginOnce(hash: Buffer, accountId: string, beginning: Beginning, client: Client): Promise<Begun> {
    try {
      return await this.transactions.run((tx) => this.beginBehindLock(tx, hash, accountId, beginning, client));
    } catch (error) {
      if (isRefusedSession(error)) return new ChallengeClosed('CANCELLED');
      throw error;
    }
  }

  private async beginBehindLock(
    tx: Tx,
    hash: Buffer,
    accountId: string,
    beginning: Beginning,
    client: Client,
  ): Promise<Begun> {
    const deviceToken = beginning.deviceTokenOf(accountId);
    const [account, presented, found] = await Promise.all([
      lockAccount(tx, accountId, null),
      presentToken(tx, accountId, deviceToken, this.limits),
      findByToken(tx, hash),
    ]);
    if (!account || !found) return new ChallengeClosed('EXPIRED');
    if (!isToBegin(found)) return standing(found);
    // Turning it on or off ends what was asked for before: nobody is let in here without a second step.
    if ((account.twoStepEnabledAt == null) !== (found.row.purpose === 'ENABLE_TWO_STEP')) {
      return new ChallengeClosed('CANCELLED');
    }
    const entrance = await this.enter(tx, account, found.row, presented, beginning, client);
    if ('opened' in entrance) beginWith(tx, found.row.id, entrance.opened.id);
    if (!('admitted' in entrance)) return entrance;
    const { sessionId, deviceId } = entrance.admitted;
    const proof = { method: null, sessionId, deviceId };
    const receipt = issueReceipt(tx, sql`v.id = ${found.row.id}`, proof, this.limits);
    return { ...entrance, receipt };
  }

  private async enter(
    tx: Tx,
    account: AccountRow,
    { purpose, clientId, requestId, action, sessionId = null }: VerificationRow,
    presented: PresentedToken | null,
    { token, device, earlier }: Beginning,
    client: Client,
  ): Promise<Entrance | ChallengeClosed> {
    const backend = { clientId, requestId, token, action: action ?? null };
    if (purpose === 'SIGN_IN') {
      return this.secondSteps.step(tx, account, { presented, device, earlier, backend, seen: null }, client);
    }
    const asker =
      purpose === 'ENABLE_TWO_STEP' ? arriving(device, presented) : await this.asking(tx, account, sessionId);
    if (!asker) return new ChallengeClosed('CANCELLED');
    return this.secondSteps.ask(tx, account, { ...asker, purpose, backend }, null, client);
  }

  /** What a session asks for is asked for by its device, whoever brings the token. @returns null if it is over */
  private async asking(tx: Tx, account: AccountRow, sessionId: string | null): Promise<Device | null> {
    const found = await askingDevice(tx, account.id, sessionId, this.limits);
    return found && { device: descriptionOfRow(found), deviceId: found.id, sessionId };
  }

  private async answer(
    db: Sql,
    begun: Begun,
    token: string,
  ): Promise<SignedIn | Challenge | ChallengeClosed | TemporarilyLocked> {
    if (begun === 'BEGUN') {
      const view = await this.views.find(db, token);
      return view?.state === 'PENDING' ? new Challenge(view) : new ChallengeClosed(view?.state ?? 'EXPIRED');
    }
    if ('opened' in begun) return new Challenge(await begun.opened.view);
    return 'admitted' in begun ? signedIn(begun.admitted, begun.receipt) : begun;
  }
}

function isToBegin({ state, row }: VerificationView): boolean {
  return state === 'PENDING' && !row.challengeId;
}

/** What there is to be said of one that does not begin any more. */
function standing({ state }: VerificationView): 'BEGUN' | ChallengeClosed {
  return state === 'PENDING' ? 'BEGUN' : new ChallengeClosed(state);
}

/** A device that is about to get a session; one that is known has its owner's name for it. */
function arriving(described: DeviceDescription, presented: PresentedToken | null): Device {
  const device = presented ? { ...described, name: presented.deviceName } : described;
  return { device, deviceId: presented?.deviceId ?? null, sessionId: null };
}
