import type { SecurityEvents } from '../activity/security-events.js';
import type { Context } from '../api/context.js';
import { NotFound } from '../api/errors.js';
import { isUuid } from '../api/ids.js';
import type { Session } from '../api/session.js';
import type { Devices, SeenDevice } from '../devices/devices.js';
import { lockTrustedOwner } from '../sessions/owner.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Transactions } from '../sql/transactions.js';

/** On which devices an owner wants codes. */
export class CodeChoices {
  constructor(
    private readonly transactions: Transactions,
    private readonly sessions: Sessions,
    private readonly devices: Devices,
    private readonly events: SecurityEvents,
  ) {}

  /**
   * From a trusted device. What it does to another one is told by mail: codes would come, or stay away, without a word.
   * @throws Unauthenticated, Forbidden, NotFound
   */
  async choose(
    { db, client, session }: Pick<Context, 'db' | 'client'> & { readonly session: Session },
    deviceId: string,
    receivesCodes: boolean,
  ): Promise<SeenDevice> {
    if (!isUuid(deviceId)) throw new NotFound('device');
    await this.transactions.run(async (tx) => {
      const { account } = await lockTrustedOwner(tx, this.sessions, session);
      const changed = await this.devices.setReceivesCodes(tx, account.id, deviceId, receivesCodes);
      if (!changed) return;
      // What it shows is taken down, or shown.
      tx.wake(`account:${account.id}`);
      if (deviceId === session.deviceId) return;
      const { name: deviceName, platform } = changed;
      const what = { deviceId, deviceName, platform, ipAddress: client.ipAddress };
      this.events.tell(tx, account, receivesCodes ? 'CODES_TURNED_ON' : 'CODES_TURNED_OFF', what);
    });
    const device = await this.devices.find(db, session.accountId, deviceId);
    if (!device) throw new NotFound('device');
    return device;
  }
}
