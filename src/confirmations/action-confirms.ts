import type { AccountRow } from '../accounts/account.entity.js';
import { forgiveCodeFailures, lockAccount } from '../accounts/accounts.js';
import type { Context } from '../api/context.js';
import type { ChallengeRow } from '../challenges/challenge.entity.js';
import type { ChallengeClosed, TemporarilyLocked, WrongCode } from '../challenges/challenge.types.js';
import { type Answerable, consumeAsked } from '../challenges/challenge-states.js';
import { type ChallengeTries, methodOf } from '../challenges/challenge-tries.js';
import type { TwoStepSwitch } from '../challenges/two-step-switch.js';
import type { Limits } from '../config/limits.js';
import type { Sessions } from '../sessions/sessions.js';
import { sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';
import { issueReceipt } from '../verifications/receipts.js';
import { Confirmed } from './action-confirms.types.js';

const field: Answerable = { own: [], backends: ['CONFIRM', 'DISABLE_TWO_STEP'] };

/** Ends challenges whose code stands for an action. */
export class ActionConfirms {
  constructor(
    private readonly tries: ChallengeTries,
    private readonly sessions: Sessions,
    private readonly twoStepSwitch: TwoStepSwitch,
    private readonly limits: Limits,
  ) {}

  /**
   * Of any number of requests with the right code, one is given the receipt. Whoever brings the code needs no session of
   * their own: what counts is that the one that asked is live still, and what comes of it goes to the backend alone.
   */
  async confirm(
    { db, client: { ipAddress } }: Pick<Context, 'db' | 'client'>,
    token: string,
    code: string,
  ): Promise<Confirmed | WrongCode | ChallengeClosed | TemporarilyLocked> {
    const attempt = { token, code, field, sessionId: null, ipAddress };
    const confirmed = await this.tries.attempt(db, attempt, {
      look: (tx, { accountId, epoch }) => lockAccount(tx, accountId as string, epoch ?? null),
      enter: (tx, challenge, account) => this.enter(tx, challenge, account, ipAddress),
    });
    return confirmed ?? this.tries.closedState(db, token);
  }

  /** @returns null where it cannot be consumed any more */
  private async enter(
    tx: Tx,
    challenge: ChallengeRow,
    account: AccountRow | null,
    ipAddress: string,
  ): Promise<Confirmed | null> {
    // Before all that waits ends by it.
    const consumed = account && (await consumeAsked(tx, challenge, field, this.limits));
    if (!consumed) return null;
    const { deviceId = null, deviceName, platform, sessionId } = consumed;
    forgiveCodeFailures(tx, account.id, 'CONFIRM');
    this.sessions.prove(tx, sessionId as string);
    const method = methodOf(consumed);
    if (consumed.purpose === 'DISABLE_TWO_STEP') {
      const by = { deviceId, deviceName, platform, ipAddress, method, sessionId: sessionId as string };
      await this.twoStepSwitch.turnOff(tx, account, by);
    }
    const proof = { method, sessionId: null, deviceId };
    return new Confirmed(issueReceipt(tx, sql`v.challenge_id = ${consumed.id}`, proof, this.limits));
  }
}
