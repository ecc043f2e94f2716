import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { Account } from '../accounts/account.types.js';
import type { Context } from '../api/context.js';
import { NotFound } from '../api/errors.js';
import { Device } from './device.types.js';
import type { Devices } from './devices.js';

@Resolver(() => Account)
export class AccountDevicesResolver {
  /** An account object lives for one answer, whose fields share one look at its devices. */
  private readonly seen = new WeakMap<Account, Promise<Device[]>>();

  constructor(private readonly operations: Devices) {}

  @FieldResolver(() => Device, { description: 'The device that this session belongs to.' })
  async currentDevice(@Root() account: Account, @Ctx() context: Context): Promise<Device> {
    const devices = await this.devices(account, context);
    const current = devices.find(({ isCurrent }) => isCurrent);
    // It was removed between the look at the session and the look at the devices.
    if (!current) throw new NotFound('device');
    return current;
  }

  @FieldResolver(() => [Device], {
    description: 'Every device that has signed in and was not removed, the latest seen first.',
  })
  devices(@Root() account: Account, @Ctx() { db }: Context): Promise<Device[]> {
    const seen = this.seen.get(account) ?? this.read(db, account);
    this.seen.set(account, seen);
    return seen;
  }

  @FieldResolver(() => [Device], { description: 'Those of `devices` that skip the second step.' })
  async trustedDevices(@Root() account: Account, @Ctx() context: Context): Promise<Device[]> {
    const devices = await this.devices(account, context);
    return devices.filter(({ isTrusted }) => isTrusted);
  }

  private async read(db: Context['db'], account: Account): Promise<Device[]> {
    const rows = await this.operations.list(db, account.id);
    return rows.map((row) => new Device(row, account.session.deviceId));
  }
}
