import { sql } from '@mikro-orm/core';
import { Account } from '../accounts/account.types.js';
import type { Activities } from '../activity/activities.js';
import type { Context } from '../api/context.js';
import { NotFound } from '../api/errors.js';
import { isUuid } from '../api/ids.js';
import { shutDoor } from '../challenges/challenge-ends.js';
import { DeviceRow } from '../devices/device.entity.js';
import { deliverNotice } from '../outbox/outbox.js';
import { countOf, rowOf } from '../rows.js';
import { lockOwner } from '../sessions/owner.js';
import type { Session, Sessions } from '../sessions/sessions.js';
import type { Transactions, Tx } from '../transactions.js';
import { DeviceRemoved } from './security.types.js';

/** Takes devices off accounts. */
export class DeviceRemovals {
  constructor(
    private readonly transactions: Transactions,
    private readonly sessions: Sessions,
    private readonly activities: Activities,
  ) {}

  /**
   * The device's trust and sessions, and every sign-in that waits, are over before this answers; its sockets close
   * within a second. Any session may remove any device: the thief's phone is removed from a borrowed laptop.
   * @throws NotFound if the account has no such device (any more)
   */
  async remove(
    { em, client, session }: Pick<Context, 'em' | 'client'> & { readonly session: Session },
    deviceId: string,
  ): Promise<DeviceRemoved> {
    if (!isUuid(deviceId)) throw new NotFound('device');
    const { account, sessionsEnded } = await this.transactions.run(em, (tx) =>
      this.removeOnce(tx, session, deviceId, client.ipAddress),
    );
    const isCurrent = deviceId === session.deviceId;
    return new DeviceRemoved(deviceId, sessionsEnded, isCurrent ? null : new Account(account, session));
  }

  private async removeOnce(tx: Tx, session: Session, deviceId: string, ipAddress: string) {
    const owner = await lockOwner(tx, this.sessions, session);
    const account = await shutDoor(tx, owner.account.id);
    const removed = await rowOf(
      tx.em,
      DeviceRow,
      sql`update device set removed_at = clock_timestamp(), trusted_at = null
          where id = ${deviceId} and account_id = ${account.id} and removed_at is null returning *`,
    );
    if (!removed) throw new NotFound('device');
    const sessionsEnded = await this.sessions.endOfDevice(tx, removed.id);
    await countOf(tx.em, sql`delete from presence where device_id = ${removed.id}`);
    const { name: deviceName, platform } = removed;
    await this.activities.record(tx, {
      accountId: account.id,
      type: 'DEVICE_REMOVED',
      deviceId: removed.id,
      deviceName,
      platform,
      ipAddress,
    });
    await deliverNotice(tx, account, 'DEVICE_REMOVED', { deviceName, platform, ipAddress });
    return { account, sessionsEnded };
  }
}
