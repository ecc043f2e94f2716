import type { AccountRow } from '../accounts/account.entity.js';
import { Account } from '../accounts/account.types.js';
import { lockAccount } from '../accounts/accounts.js';
import type { SecurityEvents } from '../activity/security-events.js';
import type { Context } from '../api/context.js';
import { NotFound } from '../api/errors.js';
import { isUuid } from '../api/ids.js';
import type { Session } from '../api/session.js';
import { shutDoor } from '../challenges/challenge-ends.js';
import type { Devices } from '../devices/devices.js';
import { lockOwner } from '../sessions/owner.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import { DeviceRemoved } from './security.types.js';

/** Takes devices off accounts. */
export class DeviceRemovals {
  constructor(
    private readonly transactions: Transactions,
    private readonly sessions: Sessions,
    private readonly devices: Devices,
    private readonly events: SecurityEvents,
  ) {}

  /**
   * The device's trust and sessions, and every sign-in that waits, are over before this answers; its sockets close
   * within a second. Any session may remove any device: the thief's phone is removed from a borrowed laptop.
   * @throws NotFound if the account has no such device (any more)
   */
  async remove(
    { client, session }: Pick<Context, 'client'> & { readonly session: Session },
    deviceId: string,
  ): Promise<DeviceRemoved> {
    if (!isUuid(deviceId)) throw new NotFound('device');
    const { account, sessionsEnded } = await this.transactions.run(async (tx) => {
      const owner = await lockOwner(tx, this.sessions, session);
      return this.removeOnce(tx, owner.account, deviceId, client.ipAddress, false);
    });
    const isCurrent = deviceId === session.deviceId;
    return new DeviceRemoved(deviceId, sessionsEnded, isCurrent ? null : new Account(account, session));
  }

  /**
   * The same at the wish of the product that this is, which has found the device to be one of its people's.
   * @returns how many sessions ended @throws NotFound
   */
  async removeFrom(accountId: string, deviceId: string, ipAddress: string): Promise<number> {
    const { sessionsEnded } = await this.transactions.run(async (tx) => {
      const locked = await lockAccount(tx, accountId, null);
      if (!locked) throw new NotFound('device');
      return this.removeOnce(tx, locked, deviceId, ipAddress, true);
    });
    return sessionsEnded;
  }

  private async removeOnce(tx: Tx, locked: AccountRow, deviceId: string, ipAddress: string, isByProduct: boolean) {
    const removed = await this.devices.find(tx, locked.id, deviceId);
    if (!removed) throw new NotFound('device');
    const account = await shutDoor(tx, locked.id);
    const sessionsEnded = await this.sessions.endOfDevice(tx, removed.id);
    this.devices.remove(tx, removed.id);
    const { name: deviceName, platform } = removed;
    const what = { deviceId: removed.id, deviceName, platform, ipAddress, isByProduct };
    this.events.tell(tx, account, 'DEVICE_REMOVED', what);
    return { account, sessionsEnded };
  }
}
