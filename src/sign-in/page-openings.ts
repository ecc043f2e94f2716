import { lockAccount } from '../accounts/accounts.js';
import type { Activities } from '../activity/activities.js';
import type { Context } from '../api/context.js';
import { ApiError } from '../api/errors.js';
import type { Session } from '../api/session.js';
import type { Devices } from '../devices/devices.js';
import { HandOver } from '../hand-overs/hand-over.types.js';
import type { HandOverCodes } from '../hand-overs/hand-over-codes.js';
import { lockOwner } from '../sessions/owner.js';
import { isRefusedSession, type Sessions } from '../sessions/sessions.js';
import type { Sql } from '../sql/database.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import { Wait } from '../texts/times.js';
import { HandOverPreview, HandOverVoid } from './page-openings.types.js';
import type { SignedIn } from './sign-in.types.js';
import { answerTo, itselfUntil } from './signed-in.js';

/** Opens the pages for somebody who is signed in to an app. */
export class PageOpenings {
  /** @param page where the code is taken out of the fragment */
  constructor(
    private readonly transactions: Transactions,
    private readonly codes: HandOverCodes,
    private readonly sessions: Sessions,
    private readonly devices: Devices,
    private readonly activities: Activities,
    private readonly page: URL,
  ) {}

  /** @throws ApiError FORBIDDEN to what was handed over itself; Unauthenticated */
  async open(session: Session): Promise<HandOver> {
    const { code, expiry } = await this.transactions.run(async (tx) => {
      await lockOwner(tx, this.sessions, session);
      if (await this.sessions.isHandedOver(tx, session.id)) {
        throw new ApiError('FORBIDDEN', 'This session was handed over itself.');
      }
      return this.codes.issuePages(tx, session.id);
    });
    const url = new URL(this.page);
    url.hash = code;
    return new HandOver(url, expiry);
  }

  /** @returns null where the code is good for nothing */
  async preview(db: Sql, code: string): Promise<HandOverPreview | null> {
    const seen = await this.codes.seen(db, code);
    return seen && new HandOverPreview(seen);
  }

  /** Where somebody is signed in already the code is not even looked at: it stays good for a browser of its own. */
  async redeem(
    { db, session, client }: Pick<Context, 'db' | 'session' | 'client'>,
    code: string,
  ): Promise<SignedIn | HandOverVoid> {
    if (session) return new HandOverVoid();
    const seen = await this.codes.seen(db, code);
    if (!seen) return new HandOverVoid();
    try {
      return await this.transactions.run((tx) => this.redeemOnce(tx, seen.accountId, code, client.ipAddress));
    } catch (error) {
      if (isRefusedSession(error)) return new HandOverVoid();
      throw error;
    }
  }

  private async redeemOnce(
    tx: Tx,
    accountId: string,
    code: string,
    ipAddress: string,
  ): Promise<SignedIn | HandOverVoid> {
    const account = await lockAccount(tx, accountId, null);
    const used = account && (await this.codes.usePages(tx, code));
    if (!used) return new HandOverVoid();
    const { deviceId, epoch } = used;
    const [opened, parentExpiry, device] = await Promise.all([
      this.sessions.start(
        tx,
        {
          accountId,
          epoch,
          deviceId,
          reason: 'HAND_OVER',
          challengeId: null,
          madeDevice: false,
          handOver: used,
        },
        this.activities.signedOut(accountId, ipAddress),
      ),
      this.sessions.expiry(tx, used.sessionId),
      this.devices.find(tx, accountId, deviceId),
    ]);
    // Neither can be gone behind the lock, and the session was not refused.
    if (!device || !parentExpiry) return new HandOverVoid();
    const { name: deviceName, platform } = device;
    this.activities.record(tx, { accountId, type: 'SIGNED_IN', deviceId, deviceName, platform, ipAddress });
    const expiry = earlier(itselfUntil(opened, account, device), parentExpiry);
    return answerTo({ account, device, opened, expiry, deviceToken: null, receipt: null });
  }
}

/** It ends with the session that it came from. */
function earlier(one: Wait, other: Wait): Wait {
  return one.until <= other.until ? one : other;
}
