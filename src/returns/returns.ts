import type { Caller } from '../api/caller.js';
import { BadUserInput } from '../api/errors.js';
import type { Session } from '../api/session.js';
import { type ReturnAddress, readReturnAddress } from '../config/return-origin.js';
import { HandOver } from '../hand-overs/hand-over.types.js';
import type { HandOverCodes } from '../hand-overs/hand-over-codes.js';
import type { LiveSession } from '../sessions/live-session.types.js';
import type { LiveSessions } from '../sessions/live-sessions.js';
import { lockOwner } from '../sessions/owner.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Sql } from '../sql/database.js';
import type { Transactions } from '../sql/transactions.js';
import { ReturnVoid } from './returns.types.js';

/** What a product may call its state: visible ASCII and blanks (RFC 6749, appendix A.5). */
const stateForm = /^[ -~]{1,512}$/;

/** What we put there ourselves, as products read it: some take no notice of capitals, or read a list behind a bracket. */
const takenNames = /^(?:code|state)(?:$|[[.])/i;

/** Leads people from the pages back to their product. */
export class Returns {
  /** @param origins `RETURN_ORIGINS` */
  constructor(
    private readonly transactions: Transactions,
    private readonly codes: HandOverCodes,
    private readonly sessions: Sessions,
    private readonly liveSessions: LiveSessions,
    private readonly origins: readonly string[],
  ) {}

  /**
   * The address as browsers read it, where it is one that the pages may lead to.
   * @returns null for any other
   */
  address(returnTo: string): URL | null {
    return this.listed(returnTo)?.url ?? null;
  }

  private listed(returnTo: string): ReturnAddress | null {
    const address = readReturnAddress(returnTo);
    if (!address || !this.origins.includes(address.origin)) return null;
    // What is put there would stand beside it: which of the two a product reads is not for a link to choose.
    const { searchParams } = address.url;
    return [...searchParams.keys()].some((name) => takenNames.test(name)) ? null : address;
  }

  /**
   * The address with a code and the product's own state, and nothing else, behind its query.
   * @throws BadUserInput where the address is not on the list; Unauthenticated
   */
  async leadBack(session: Session, returnTo: string, state: string): Promise<HandOver> {
    const address = this.listed(returnTo);
    if (!address)
      throw new BadUserInput(
        'returnTo',
        'must be an address whose origin is in RETURN_ORIGINS, without code and state',
      );
    if (!stateForm.test(state)) throw new BadUserInput('state', 'must be 1 to 512 characters of visible ASCII');
    const { code, expiry } = await this.transactions.run(async (tx) => {
      await lockOwner(tx, this.sessions, session);
      return this.codes.issueReturn(tx, session.id, address.origin, state);
    });
    const { url } = address;
    // As text: whatever query there is stays as it was written.
    url.search = `${url.search}${url.search === '' ? '?' : '&'}${new URLSearchParams({ code, state })}`;
    return new HandOver(url, expiry);
  }

  /** The session behind a code, once. It was used when the code was made, so no clock of an unused one runs any more. */
  async redeem(db: Sql, caller: Caller, code: string, state: string): Promise<LiveSession | ReturnVoid> {
    const id = await this.codes.useReturn(db, caller, code, state);
    const found = id === null ? null : await this.liveSessions.find(db, caller, { id }, null);
    return found ? this.liveSessions.shownTo(caller, found) : new ReturnVoid();
  }
}
