import type { AccountRow } from '../accounts/account.entity.js';
import { holdMail, liftStop, lockAccount } from '../accounts/accounts.js';
import type { Activities } from '../activity/activities.js';
import { NotFound } from '../api/errors.js';
import { isUuid } from '../api/ids.js';
import type { Session } from '../api/session.js';
import { shutDoor } from '../challenges/challenge-ends.js';
import { withdrawResetCodes } from '../challenges/challenge-states.js';
import type { Limits } from '../config/limits.js';
import { type Devices, forgetTrustAtReset, forgetTrustBeforeReset } from '../devices/devices.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Transactions, Tx } from '../sql/transactions.js';

/** Why a product's backend ends all trust. */
export const endReasons = ['PASSWORD_CHANGED', 'PASSWORD_RESET', 'SUSPECTED_THEFT', 'CLOSED'] as const;
export type EndReasonName = (typeof endReasons)[number];

/** What a backend asks for. */
export interface TrustEnd {
  readonly accountId: string;
  readonly reason: EndReasonName;
  /** The session that changed the password: it stays, with its device's trust. */
  readonly exceptSessionId: string | null;
  /** Where the backend asks from. */
  readonly ipAddress: string;
}

/** Ends all trust in an account's devices at the wish of the product that it belongs to. */
export class TrustEnds {
  constructor(
    private readonly transactions: Transactions,
    private readonly sessions: Sessions,
    private readonly devices: Devices,
    private readonly activities: Activities,
    private readonly limits: Limits,
  ) {}

  /**
   * All trust, all sessions and every pending challenge are over before this answers. Whether mail alone is enough after
   * it, and whether the stop by wrong codes stays, depends on the reason; a pause always stays.
   * @returns how many sessions were live and are over now
   * @throws NotFound if the account is gone, or has no such live session to be kept
   */
  end(wish: TrustEnd): Promise<number> {
    return this.transactions.run((tx) => this.endOnce(tx, wish));
  }

  private async endOnce(tx: Tx, { accountId, reason, exceptSessionId, ipAddress }: TrustEnd): Promise<number> {
    const account = await lockAccount(tx, accountId, null);
    if (!account) throw new NotFound('person');
    const kept = await this.keptOf(tx, account, exceptSessionId);
    await shutDoor(tx, account.id);
    withdrawResetCodes(tx, account.id);
    const devices = await this.devices.list(tx, account.id);
    const ended = await this.sessions.endOthers(tx, account.id, kept?.id ?? null);
    this.forgetTrust(tx, account.id, reason, kept?.deviceId ?? null);
    if (reason === 'PASSWORD_CHANGED' || reason === 'PASSWORD_RESET') liftStop(tx, account.id, this.limits);
    const signedOut = new Set(ended.deviceIds);
    for (const { id: deviceId, name: deviceName, platform } of devices.filter(({ id }) => signedOut.has(id))) {
      const entry = { accountId, deviceId, deviceName, platform, ipAddress, isByProduct: true };
      this.activities.record(tx, { ...entry, type: 'SIGNED_OUT' });
    }
    return ended.count;
  }

  private async keptOf(tx: Tx, account: AccountRow, sessionId: string | null): Promise<Session | null> {
    if (sessionId === null) return null;
    const [live] = isUuid(sessionId) ? await this.sessions.check(tx, [sessionId]) : [];
    if (live?.accountId !== account.id) throw new NotFound('session');
    return live;
  }

  private forgetTrust(tx: Tx, accountId: string, reason: EndReasonName, keptDeviceId: string | null): void {
    if (reason !== 'PASSWORD_RESET' && reason !== 'SUSPECTED_THEFT') {
      this.devices.forgetTrust(tx, accountId, keptDeviceId);
      return;
    }
    forgetTrustAtReset(tx, accountId, this.limits, keptDeviceId);
    holdMail(tx, accountId, this.limits);
    // One of the devices may be the thief's.
    if (reason === 'SUSPECTED_THEFT') forgetTrustBeforeReset(tx, accountId);
  }
}
