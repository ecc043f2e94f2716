import DataLoader from 'dataloader';
import type { Context } from '../api/context.js';
import { Device } from './device.types.js';
import type { Devices } from './devices.js';

/**
 * Loads devices of the signed-in account by id, in one statement for all that an answer names. Nothing is remembered: a
 * subscription lives long, and a device changes.
 */
export class DeviceLoader {
  private readonly loaders = new WeakMap<Context, DataLoader<string, Device | null>>();

  constructor(private readonly devices: Devices) {}

  /** @returns null if there is no such device on the account (any more), or nobody is signed in */
  load(context: Context, deviceId: string | null | undefined): Promise<Device | null> {
    if (!deviceId || !context.session) return Promise.resolve(null);
    const loader = this.loaders.get(context) ?? this.loaderOf(context, context.session);
    this.loaders.set(context, loader);
    return loader.load(deviceId);
  }

  private loaderOf({ db }: Context, session: NonNullable<Context['session']>): DataLoader<string, Device | null> {
    return new DataLoader(
      async (ids) => {
        const rows = await this.devices.findMany(db, session.accountId, ids);
        const byId = new Map(rows.map((row) => [row.id, new Device(row, session.deviceId)]));
        return ids.map((id) => byId.get(id) ?? null);
      },
      { cache: false },
    );
  }
}
