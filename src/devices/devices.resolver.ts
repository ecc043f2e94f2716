import { Arg, Ctx, FieldResolver, ID, Mutation, Resolver, Root } from 'type-graphql';
import { type Context, requireSession } from '../api/context.js';
import { NotFound } from '../api/errors.js';
import { isUuid } from '../api/ids.js';
import { plainText } from '../api/plain-text.js';
import { Location } from '../places/location.types.js';
import type { Places } from '../places/places.js';
import { lockOwner } from '../sessions/owner.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Transactions } from '../sql/transactions.js';
import { Device, NAME_BOUNDS, UpdateDeviceInput } from './device.types.js';
import type { Devices } from './devices.js';

@Resolver(() => Device)
export class DevicesResolver {
  constructor(
    private readonly devices: Devices,
    private readonly places: Places,
    private readonly transactions: Transactions,
    private readonly sessions: Sessions,
  ) {}

  @FieldResolver(() => Location)
  lastLocation(@Root() device: Device): Location {
    return new Location(this.places.of(device.lastIpAddress));
  }

  @Mutation(() => Device, { description: 'What the app on the current device reports about itself.' })
  async updateCurrentDevice(
    @Ctx() context: Context,
    @Arg('input', () => UpdateDeviceInput) input: UpdateDeviceInput,
  ): Promise<Device> {
    const { db } = context;
    const session = requireSession(context);
    await this.transactions.run(async (tx) => {
      await lockOwner(tx, this.sessions, session);
      this.devices.report(tx, session.deviceId, input);
      tx.wake(`account:${session.accountId}`);
    });
    const device = await this.devices.find(db, session.accountId, session.deviceId);
    if (!device) throw new NotFound('device');
    return new Device(device, session.deviceId);
  }

  @Mutation(() => Device, { description: "The owner's name for a device." })
  async renameDevice(
    @Ctx() context: Context,
    @Arg('id', () => ID) id: string,
    @Arg('name', () => String, {
      description: 'What cannot be seen is left out, and what is past 64 characters; something has to be left.',
    })
    name: string,
  ): Promise<Device> {
    const { db } = context;
    const session = requireSession(context);
    const plainName = plainText(name, NAME_BOUNDS, 'name');
    if (!isUuid(id)) throw new NotFound('device');
    const isRenamed = await this.transactions.run(async (tx) => {
      await lockOwner(tx, this.sessions, session);
      return this.devices.rename(tx, session.accountId, id, plainName);
    });
    const device = isRenamed ? await this.devices.find(db, session.accountId, id) : null;
    if (!device) throw new NotFound('device');
    return new Device(device, session.deviceId);
  }
}
