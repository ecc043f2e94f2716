import { lockAccount } from '../accounts/accounts.js';
import type { HeldChangeRow } from '../accounts/held-change.entity.js';
import { endHeldChange, heldChanges, heldChangesOfAddress } from '../accounts/held-changes.js';
import type { Context } from '../api/context.js';
import { BadUserInput, Forbidden, NotFound } from '../api/errors.js';
import type { Session } from '../api/session.js';
import { cancelAddressProofs } from '../challenges/challenge-states.js';
import { sameCode, typedCode } from '../codes/codes.js';
import { VETO_DIGITS, type VetoCodes } from '../codes/veto-codes.js';
import type { RateLimits } from '../rate-limits/rate-limits.js';
import { lockOwner } from '../sessions/owner.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import { ChangeVetoed, VetoVoid } from './held-change.types.js';

/** Stops what products have asked for, at the wish of the account's owner: a stolen key must not be the second factor. */
export class Vetoes {
  constructor(
    private readonly transactions: Transactions,
    private readonly sessions: Sessions,
    private readonly codes: VetoCodes,
    private readonly rateLimits: Pick<RateLimits, 'take'>,
  ) {}

  /** From a trusted device. @throws NotFound, Forbidden, Unauthenticated */
  bySession(session: Session, id: string): Promise<ChangeVetoed> {
    return this.transactions.run(async (tx) => {
      await lockOwner(tx, this.sessions, session);
      // Behind the lock, not when the request came in: the device may have been removed since.
      if ((await this.sessions.standing(tx, session)) !== 'TRUSTED') throw new Forbidden();
      const held = await heldChanges(tx, session.accountId);
      const change = held.find((candidate) => candidate.id === id);
      if (!change) throw new NotFound('change');
      await this.stop(tx, change);
      return new ChangeVetoed(change.kind);
    });
  }

  /**
   * By the mailbox that the account has now. What can be guessed has 66 bits, so that no tries are counted which a stranger
   * could use up against the owner: a network has its share of wrong ones, past which a right one works all the same.
   * @throws RateLimited, BadUserInput
   */
  async byMail(
    { db, client }: Pick<Context, 'db' | 'client'>,
    email: string,
    text: string,
  ): Promise<ChangeVetoed | VetoVoid> {
    const code = typedCode(text);
    if (code?.length !== VETO_DIGITS) throw new BadUserInput('code', `must be ${VETO_DIGITS} digits`);
    const held = await heldChangesOfAddress(db, email);
    // Each is compared, whichever fits.
    const [change] = held.filter((candidate) => sameCode(this.codes.find(candidate) ?? '', code));
    const stopped = change && (await this.transactions.run((tx) => this.stopOnce(tx, change)));
    if (stopped) return stopped;
    await this.rateLimits.take('VETO_FAILURES_PER_IP_HOUR', client.ipAddress);
    return new VetoVoid();
  }

  private async stopOnce(tx: Tx, change: HeldChangeRow): Promise<ChangeVetoed | null> {
    await lockAccount(tx, change.accountId, null);
    return (await this.stop(tx, change)) ? new ChangeVetoed(change.kind) : null;
  }

  /** @returns false if it is over already. The account is locked. */
  private async stop(tx: Tx, change: Pick<HeldChangeRow, 'id' | 'accountId' | 'kind'>): Promise<boolean> {
    if (!(await endHeldChange(tx, change))) return false;
    if (change.kind === 'ADDRESS') cancelAddressProofs(tx, change.accountId);
    return true;
  }
}
