import { isOf } from '../accounts/reach.js';
import type { Caller } from '../api/caller.js';
import { newToken, tokenHash } from '../codes/tokens.js';
import type { Limits } from '../config/limits.js';
import type { LiveSession } from '../sessions/live-session.types.js';
import type { LiveSessions } from '../sessions/live-sessions.js';
import { isUsable } from '../sessions/session-rules.js';
import type { Sessions } from '../sessions/sessions.js';
import { type Fragment, sql } from '../sql/statement.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import { Action } from './action.types.js';
import { isRequestId } from './request-id.js';
import { ReceiptVoid, Verified } from './verification.types.js';
import { type Proof, redeemWhere, verifyWhere } from './verification-states.js';

/** No receipt has it: what cannot be one is looked for all the same, and takes as long. */
const NO_HASH = Buffer.alloc(32);

/**
 * Notes that a verification is verified, in the transaction in which it is: the one copy of its receipt goes to the person's
 * device, which hands it to the product.
 * @param which SQL that is true for the verification, which is called `v`
 */
export function issueReceipt(tx: Tx, which: Fragment, proof: Omit<Proof, 'receiptHash'>, limits: Limits): string {
  const receipt = newToken('rcp');
  verifyWhere(tx, which, { ...proof, receiptHash: tokenHash('rcp', receipt) as Buffer }, limits);
  return receipt;
}

/** Makes proofs of what people's devices hand to products. */
export class Receipts {
  constructor(
    private readonly transactions: Transactions,
    private readonly sessions: Sessions,
    private readonly liveSessions: LiveSessions,
    private readonly limits: Limits,
  ) {}

  /** Of any number of requests with the same receipt, one is told. Whatever else is brought changes nothing. */
  async redeem(caller: Caller, requestId: string, receipt: string): Promise<Verified | ReceiptVoid> {
    if (!isRequestId(requestId)) return new ReceiptVoid();
    return this.transactions.run(async (tx) => {
      const redeemed = await redeemWhere(tx, this.isOwn(caller, requestId, receipt));
      if (!redeemed) return new ReceiptVoid();
      const { externalId, accountId, purpose, method, verifiedAt, action } = redeemed;
      return new Verified({
        externalId,
        accountId,
        purpose,
        method: method ?? null,
        verifiedAt: verifiedAt as Date,
        session: await this.firstUse(tx, caller, redeemed.verifiedSessionId ?? null),
        action: purpose === 'CONFIRM' && action ? new Action(action) : null,
      });
    });
  }

  /**
   * The session that was opened, or that asked for an action, has to be live still: it is what the product is about to rely
   * on. That two-step verification was turned off is done already, whatever became of the session since.
   */
  private isOwn(caller: Caller, requestId: string, receipt: string): Fragment {
    const reliedOn = sql`case when v.purpose = 'CONFIRM' then v.session_id else v.verified_session_id end`;
    return sql`v.client_id = ${caller.clientId} and v.request_id = ${requestId}
      and v.receipt_hash = ${tokenHash('rcp', receipt) ?? NO_HASH} and ${isOf(caller, 'a')}
      and (${reliedOn} is null or exists (
        select 1 from session s join device d on d.id = s.device_id
        where s.id = ${reliedOn} and ${isUsable(this.limits)}))`;
  }

  /** A session lapses where its answer was lost: that it was not is known now. */
  private async firstUse(tx: Tx, caller: Caller, sessionId: string | null): Promise<LiveSession | null> {
    if (sessionId === null) return null;
    const [, found] = await Promise.all([
      this.sessions.arrive(tx, sessionId),
      this.liveSessions.find(tx, caller, { id: sessionId }, null),
    ]);
    return found && this.liveSessions.shownTo(caller, found);
  }
}
