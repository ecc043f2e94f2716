import { Account } from '../accounts/account.types.js';
import { heldChanges, proveHeldAddress } from '../accounts/held-changes.js';
import type { Context } from '../api/context.js';
import { NotFound, RateLimited } from '../api/errors.js';
import { Problem } from '../api/problem.js';
import type { Session } from '../api/session.js';
import type { AccountLimits } from '../challenges/account-limits.js';
import type { ChallengeRow } from '../challenges/challenge.entity.js';
import { Challenge, type ChallengeClosed, type WrongCode } from '../challenges/challenge.types.js';
import type { ChallengeOpenings } from '../challenges/challenge-openings.js';
import { type Answerable, cancelAddressProofs, consume } from '../challenges/challenge-states.js';
import type { ChallengeTries } from '../challenges/challenge-tries.js';
import { descriptionOfRow } from '../devices/devices.js';
import { lockOwner, type Owner } from '../sessions/owner.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import type { DueChanges } from './due-changes.js';
import { AddressProven, HeldChange } from './held-change.types.js';

const field: Answerable = { own: ['PROVE_ADDRESS'], backends: [] };

type Request = Pick<Context, 'db' | 'client'> & { readonly session: Session };

/** Proves that somebody reads the mail of the address that a product has asked for: by a code that is mailed there. */
export class AddressProofs {
  constructor(
    private readonly transactions: Transactions,
    private readonly openings: ChallengeOpenings,
    private readonly tries: ChallengeTries,
    private readonly accountLimits: AccountLimits,
    private readonly sessions: Sessions,
    private readonly due: DueChanges,
  ) {}

  /** A newer proof takes the place of the one before. @throws NotFound, RateLimited, Unauthenticated */
  async start({ client, session }: Request): Promise<Challenge> {
    const opened = await this.transactions.run(async (tx) => {
      const { account, device } = await lockOwner(tx, this.sessions, session);
      const held = await heldChanges(tx, account.id);
      const email = held.find(({ kind }) => kind === 'ADDRESS')?.email;
      if (!email) throw new NotFound('change of the address');
      const retry = await this.accountLimits.nextChallenge(tx, account.id, 'PROVE_ADDRESS', client.ipAddress);
      if (retry) throw new RateLimited(retry);
      cancelAddressProofs(tx, account.id);
      return this.openings.open(tx, {
        purpose: 'PROVE_ADDRESS',
        account,
        email,
        method: 'EMAIL',
        device: descriptionOfRow(device),
        deviceId: device.id,
        sessionId: session.id,
        backend: null,
        passwordHash: null,
        mailHeld: false,
        isSilent: false,
        ipAddress: client.ipAddress,
        locale: client.locale,
      });
    });
    return new Challenge(await opened.view);
  }

  /** @throws Unauthenticated */
  async prove(
    { db, client, session }: Request,
    token: string,
    code: string,
  ): Promise<AddressProven | WrongCode | ChallengeClosed> {
    const attempt = { token, code, field, sessionId: session.id, ipAddress: client.ipAddress };
    const proven = await this.tries.attempt(db, attempt, {
      look: (tx) => lockOwner(tx, this.sessions, session),
      enter: (tx, challenge, owner) => this.enter(tx, challenge, owner, session),
    });
    if (!proven) return this.tries.closedState(db, token);
    return proven instanceof Problem ? (proven as WrongCode | ChallengeClosed) : proven;
  }

  private async enter(
    tx: Tx,
    challenge: ChallengeRow,
    { account: before }: Owner,
    session: Session,
  ): Promise<AddressProven | null> {
    // Whatever ends the change ends its proofs, so that what is consumed here is for the address that is wanted.
    if (!(await consume(tx, challenge, field))) return null;
    if (!(await proveHeldAddress(tx, before.id, challenge.email))) return null;
    const account = await this.due.apply(tx, before);
    if (!account) return null;
    const held = await heldChanges(tx, account.id);
    const waiting = held.find(({ kind }) => kind === 'ADDRESS');
    return new AddressProven(new Account(account, session), waiting ? new HeldChange(waiting) : null);
  }
}
