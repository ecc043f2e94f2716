import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { type Context, requireSession } from '../api/context.js';
import { Unauthenticated } from '../api/errors.js';
import type { Session } from '../api/session.js';
import { Device } from '../devices/device.types.js';
import type { Devices } from '../devices/devices.js';
import { PushSubscriptionInput } from './push.types.js';
import type { PushRegistrations } from './push-registrations.js';
import type { TestPushes } from './test-pushes.js';

@Resolver()
export class PushResolver {
  constructor(
    private readonly registrations: PushRegistrations,
    private readonly tests: TestPushes,
    private readonly devices: Devices,
  ) {}

  @Mutation(() => Device, {
    description:
      "The current device's push subscription (RFC 8030, 8291), for a trusted device; another one takes its place, and an endpoint belongs to the device that registered it last. It lasts as long as the session that registered it: register it again with each new one. FORBIDDEN where `settings.pushKey` is null.",
  })
  async registerPush(
    @Ctx() context: Context,
    @Arg('input', () => PushSubscriptionInput) input: PushSubscriptionInput,
  ): Promise<Device> {
    const session = requireSession(context);
    await this.registrations.register(session, input);
    return this.current(context, session);
  }

  @Mutation(() => Device, { description: "Forgets the current device's push subscription." })
  async unregisterPush(@Ctx() context: Context): Promise<Device> {
    const session = requireSession(context);
    await this.registrations.unregister(session);
    return this.current(context, session);
  }

  @Mutation(() => Device, {
    description:
      'Sends the current device, which is trusted, a message by its push service, of the kind `TEST`: it says nothing of the account, and is kept for a minute. NOT_FOUND where no push would bring it a code: it has no subscription, or shows no codes. FORBIDDEN where `settings.pushKey` is null.',
  })
  async testPush(@Ctx() context: Context): Promise<Device> {
    const session = requireSession(context);
    await this.tests.send(session);
    return this.current(context, session);
  }

  private async current({ db }: Context, { accountId, deviceId }: Session): Promise<Device> {
    const device = await this.devices.find(db, accountId, deviceId);
    // It was removed right after that, and with it the session.
    if (!device) throw new Unauthenticated();
    return new Device(device, deviceId);
  }
}
