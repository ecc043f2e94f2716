import { lockAccount } from '../accounts/accounts.js';
import { NotFound } from '../api/errors.js';
import { isUuid } from '../api/ids.js';
import type { Session } from '../api/session.js';
import { DeviceRow } from '../devices/device.entity.js';
import { lockOwner } from '../sessions/owner.js';
import type { Sessions } from '../sessions/sessions.js';
import { rowsOf } from '../sql/rows.js';
import { columns, sql } from '../sql/statement.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import type { Activities } from './activities.js';

/** What has to be known of a session to end it. */
type Signed = Pick<Session, 'id' | 'accountId' | 'deviceId'>;

/** Ends sessions at the wish of their owner, or of the product that this is. */
export class SignOuts {
  constructor(
    private readonly transactions: Transactions,
    private readonly sessions: Sessions,
    private readonly activities: Activities,
  ) {}

  /** Ends the session; its device stays trusted. @returns 1, or 0 if it was over already */
  signOut(session: Signed, ipAddress: string): Promise<number> {
    return this.endOne(session, ipAddress, false);
  }

  /** The same at the wish of the product that this is. */
  signOutFor(session: Signed, ipAddress: string): Promise<number> {
    return this.endOne(session, ipAddress, true);
  }

  private endOne(session: Signed, ipAddress: string, isByProduct: boolean): Promise<number> {
    return this.transactions.run(async (tx) => {
      if (!(await lockAccount(tx, session.accountId, null))) return 0;
      const ended = await this.sessions.end(tx, session.id);
      if (ended > 0) await this.record(tx, session, [session.deviceId], ipAddress, isByProduct);
      return ended;
    });
  }

  /**
   * Ends a session of the account, its own included.
   * @returns 1, or 0 if it was over already
   * @throws NotFound if the account has no such session; Unauthenticated
   */
  end(session: Session, sessionId: string, ipAddress: string): Promise<number> {
    if (!isUuid(sessionId)) throw new NotFound('session');
    return this.transactions.run(async (tx) => {
      await lockOwner(tx, this.sessions, session);
      const deviceId = await this.sessions.deviceOf(tx, session.accountId, sessionId);
      if (!deviceId) throw new NotFound('session');
      const ended = await this.sessions.end(tx, sessionId);
      if (ended > 0) await this.record(tx, session, [deviceId], ipAddress);
      return ended;
    });
  }

  /** Ends every other session of the account. @returns how many @throws Unauthenticated */
  signOutOthers(session: Session, ipAddress: string): Promise<number> {
    return this.transactions.run(async (tx) => {
      await lockOwner(tx, this.sessions, session);
      const ended = await this.sessions.endOthers(tx, session.accountId, session.id);
      await this.record(tx, session, ended.deviceIds, ipAddress);
      return ended.count;
    });
  }

  private async record(
    tx: Tx,
    session: Signed,
    deviceIds: readonly string[],
    ipAddress: string,
    isByProduct = false,
  ): Promise<void> {
    if (deviceIds.length === 0) return;
    const devices = await rowsOf<DeviceRow>(
      tx,
      sql`select ${columns(DeviceRow)} from device where id = any(${deviceIds})`,
    );
    for (const { id: deviceId, name: deviceName, platform } of devices) {
      const entry = { accountId: session.accountId, deviceId, deviceName, platform, ipAddress, isByProduct };
      this.activities.record(tx, { ...entry, type: 'SIGNED_OUT' });
    }
  }
}
