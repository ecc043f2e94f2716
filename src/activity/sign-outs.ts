import { sql } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { lockAccount } from '../accounts/accounts.js';
import { DeviceRow } from '../devices/device.entity.js';
import { rowOf } from '../rows.js';
import type { Session, Sessions } from '../sessions/sessions.js';
import type { Transactions } from '../transactions.js';
import type { Activities } from './activities.js';

/** Ends sessions at their owner's wish. */
export class SignOuts {
  constructor(
    private readonly transactions: Transactions,
    private readonly sessions: Sessions,
    private readonly activities: Activities,
  ) {}

  /** Ends the session; its device stays trusted. @returns 1, or 0 if it was over already */
  signOut(em: EntityManager, session: Session, ipAddress: string): Promise<number> {
    return this.transactions.run(em, async (tx) => {
      if (!(await lockAccount(tx, session.accountId, null))) return 0;
      const ended = await this.sessions.end(tx, session.id);
      const device = await rowOf(tx.em, DeviceRow, sql`select * from device where id = ${session.deviceId}`);
      if (ended === 0 || !device) return 0;
      await this.activities.record(tx, {
        accountId: session.accountId,
        type: 'SIGNED_OUT',
        deviceId: device.id,
        deviceName: device.name,
        platform: device.platform,
        ipAddress,
      });
      return ended;
    });
  }
}
