import { randomUUID } from 'node:crypto';
import type { AccountRow } from '../accounts/account.entity.js';
import { lockAccount } from '../accounts/accounts.js';
import { isGoingOrGone } from '../accounts/deleted-subjects.js';
import { lockPerson } from '../accounts/reach.js';
import type { Caller } from '../api/caller.js';
import { ApiError, BadUserInput, NotFound } from '../api/errors.js';
import { isUuid } from '../api/ids.js';
import { Problem } from '../api/problem.js';
import type { Session } from '../api/session.js';
import type { AccountLimits } from '../challenges/account-limits.js';
import type { TemporarilyLocked } from '../challenges/challenge.types.js';
import { cancelByHolder } from '../challenges/challenge-states.js';
import { areConfirmMailsUsedUp } from '../challenges/confirm-mails.js';
import { TwoStepAlreadyEnabled } from '../challenges/two-step-switch.types.js';
import type { VerificationPurposeName } from '../challenges/verification-purpose.js';
import { type BoundAction, type Codes, newSalt } from '../codes/codes.js';
import { tokenHash } from '../codes/tokens.js';
import type { Limits } from '../config/limits.js';
import type { LiveSession } from '../sessions/live-session.types.js';
import type { LiveSessions } from '../sessions/live-sessions.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Sql } from '../sql/database.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import {
  NoMethod,
  StaleFirstFactor,
  TwoStepOff,
  UnknownSubject,
  Verification,
  type VerificationInput,
  VerificationStarted,
} from './verification.types.js';
import { type AskedVerification, readInput } from './verification-input.js';
import { addVerification, cancelVerification } from './verification-states.js';
import { findVerification, type VerificationView } from './verification-views.js';

type Refusal = TwoStepOff | TwoStepAlreadyEnabled | UnknownSubject | StaleFirstFactor | NoMethod | TemporarilyLocked;

/** What products' backends have verified: they start it, the person's device goes on with it. */
export class Verifications {
  constructor(
    private readonly transactions: Transactions,
    private readonly codes: Codes,
    private readonly accountLimits: AccountLimits,
    private readonly sessions: Sessions,
    private readonly liveSessions: LiveSessions,
    private readonly limits: Limits,
  ) {}

  /**
   * Starts one, once: who asks again for the same is told the same. Nothing is sent.
   * @throws BadUserInput where the id stands for other input; ApiError FORBIDDEN for a subject that is, or is about to be,
   *   deleted; NotFound if the session that asks is over, or not that person's
   */
  async start(caller: Caller, input: VerificationInput): Promise<VerificationStarted | Refusal> {
    const asked = readInput(input);
    const outcome = await this.transactions.run((tx) => this.startOnce(tx, caller, asked));
    return outcome instanceof Problem ? outcome : this.started(outcome);
  }

  private async startOnce(tx: Tx, caller: Caller, asked: AskedVerification): Promise<VerificationView | Refusal> {
    const { requestId, person, purpose, epoch, sessionId } = asked;
    const [account, earlier, isDeleted] = await Promise.all([
      lockPerson(tx, caller, person),
      // Behind the lock: of many that ask for the same at once, all but one find it here.
      findVerification(tx, caller, requestId),
      person.externalId != null &&
        isGoingOrGone(tx, { clientId: caller.clientId, externalId: person.externalId }, this.limits),
    ]);
    if (earlier) return this.sameAs(earlier, asked);
    // Whoever took the id for nobody's would let its person in without the second step.
    if (isDeleted) throw new ApiError('FORBIDDEN', 'The subject was deleted, or is about to be.');
    if (!account) return new UnknownSubject();
    if (epoch !== null && account.epoch !== epoch) return new StaleFirstFactor();
    const session = sessionId === null ? null : await this.sessionOf(tx, account, sessionId);
    const refusal = await this.refusal(tx, account, purpose, session?.deviceId ?? null);
    if (refusal) return refusal;
    const [isAdded, added] = await Promise.all([
      this.add(tx, caller, account, asked),
      findVerification(tx, caller, requestId),
    ]);
    if (!isAdded) throw isTaken();
    if (!added) throw new Error('a verification that was just started is gone');
    return added;
  }

  private sameAs(earlier: VerificationView, { inputHash }: AskedVerification): VerificationView {
    if (!inputHash.equals(earlier.row.inputHash)) throw isTaken();
    return earlier;
  }

  /** @throws NotFound if it is over, or somebody else's */
  private async sessionOf(tx: Tx, account: AccountRow, sessionId: string): Promise<Session> {
    const [live] = isUuid(sessionId) ? await this.sessions.check(tx, [sessionId]) : [];
    if (live?.accountId !== account.id) throw new NotFound('session');
    return live;
  }

  /** Why there is nothing to be started. @param deviceId the device that asks, where that is known */
  private async refusal(
    tx: Tx,
    account: AccountRow,
    purpose: VerificationPurposeName,
    deviceId: string | null,
  ): Promise<Refusal | null> {
    const isOn = account.twoStepEnabledAt != null;
    if (purpose === 'ENABLE_TWO_STEP') return isOn ? new TwoStepAlreadyEnabled() : null;
    if (!isOn) return new TwoStepOff();
    const { locked, needsMail, isMailHeld } = await this.accountLimits.outlookOf(tx, account.id, purpose, deviceId);
    if (locked || !needsMail) return locked;
    return isMailHeld || (await areConfirmMailsUsedUp(tx, account.id, this.limits)) ? new NoMethod() : null;
  }

  /** @returns false if the id was taken meanwhile, for somebody else */
  private add(tx: Tx, caller: Caller, account: AccountRow, asked: AskedVerification): Promise<boolean> {
    const { requestId, purpose, sessionId, inputHash } = asked;
    const source = { keyId: this.codes.currentKeyId, salt: newSalt() };
    const token = this.codes.challengeTokenOf(source, caller.clientId, requestId);
    const row = {
      ...source,
      id: randomUUID(),
      clientId: caller.clientId,
      requestId,
      accountId: account.id,
      purpose,
      epoch: account.epoch,
      sessionId,
      action: boundAction(caller, asked),
      inputHash,
      tokenHash: tokenHash('chl', token) as Buffer,
    };
    return addVerification(tx, row, this.limits);
  }

  private started(view: VerificationView): VerificationStarted {
    const { row, state } = view;
    // What is over opens nothing any more; nor is there anything to tell once its key is gone from `CODE_KEYS`.
    const isTold = state === 'PENDING' && this.codes.knows(row);
    const token = isTold ? this.codes.challengeTokenOf(row, row.clientId, row.requestId) : '';
    return new VerificationStarted(new Verification(view, null), token);
  }

  /** What became of one. @returns null if the caller has started none by that id */
  async find(db: Sql, caller: Caller, requestId: string): Promise<Verification | null> {
    const view = await findVerification(db, caller, requestId);
    return view && new Verification(view, await this.redeemedSession(db, caller, view));
  }

  /** Told again to whoever has redeemed the receipt, and to nobody before. */
  private async redeemedSession(db: Sql, caller: Caller, { row }: VerificationView): Promise<LiveSession | null> {
    if (!row.redeemedAt || !row.verifiedSessionId) return null;
    const found = await this.liveSessions.find(db, caller, { id: row.verifiedSessionId }, null);
    return found && this.liveSessions.shownTo(caller, found);
  }

  /** Ends one that waits, and the challenge that came of it. @throws NotFound if the caller has started none by that id */
  async cancel(caller: Caller, requestId: string): Promise<Verification> {
    return this.transactions.run(async (tx) => {
      const found = await findVerification(tx, caller, requestId);
      if (!found) throw new NotFound('verification');
      const { id, accountId } = found.row;
      // The account first, as everywhere: whoever begins or verifies it does so under its lock.
      await lockAccount(tx, accountId, null);
      cancelVerification(tx, id);
      cancelByHolder(tx, Buffer.from(found.row.tokenHash));
      const after = (await findVerification(tx, caller, requestId)) ?? found;
      return new Verification(after, await this.redeemedSession(tx, caller, after));
    });
  }
}

function boundAction({ clientId: client }: Caller, { purpose, action }: AskedVerification): BoundAction | null {
  if (purpose === 'CONFIRM' && action) return { client, purpose, ...action };
  // Shown in our own words, in the language of whoever reads them.
  return purpose === 'DISABLE_TWO_STEP' ? { client, purpose, title: '', fields: [] } : null;
}

function isTaken(): BadUserInput {
  return new BadUserInput('input.requestId', 'stands for other input already');
}
