import { Arg, Ctx, FieldResolver, ID, Mutation, Resolver, Root, Subscription } from 'type-graphql';
import { Account } from '../accounts/account.types.js';
import type { Context } from '../api/context.js';
import { Device } from '../devices/device.types.js';
import type { DeviceLoader } from '../devices/device-loader.js';
import { Location } from '../places/location.types.js';
import type { Places } from '../places/places.js';
import { challengeIdOf, LoginRequest } from './login-request.types.js';
import type { LoginRequestStream } from './login-request-stream.js';
import type { LoginRequests } from './login-requests.js';

@Resolver(() => LoginRequest)
export class LoginRequestsResolver {
  constructor(
    private readonly requests: LoginRequests,
    readonly stream: LoginRequestStream,
    private readonly devices: DeviceLoader,
    private readonly places: Places,
  ) {}

  @Subscription(() => LoginRequest, {
    name: 'loginRequests',
    description:
      'The live codes, for a trusted device. It opens with every request whose time is not over, the newest first, in whatever state (so that a prompt answered while the line was down is taken down), then sends each new one, and each again when its state changes.',
    subscribe: ({ context }: { context: Context }) => context.resolver(LoginRequestsResolver).stream.open(context),
  })
  loginRequestChanged(@Root() request: LoginRequest): LoginRequest {
    return request;
  }

  @Mutation(() => LoginRequest, { description: 'A trusted device says that it shows the code.' })
  async acknowledgeLoginRequest(@Ctx() context: Context, @Arg('id', () => ID) id: string): Promise<LoginRequest> {
    const session = await this.requests.requireTrusted(context.db, context.session);
    return new LoginRequest(await this.requests.acknowledge(context.db, session, challengeIdOf(id)));
  }

  @Mutation(() => LoginRequest, {
    description:
      "'This was not me', from a trusted device: the challenge is over at once. One that is over already comes back unchanged.",
  })
  async denyLoginRequest(@Ctx() context: Context, @Arg('id', () => ID) id: string): Promise<LoginRequest> {
    const session = await this.requests.requireTrusted(context.db, context.session);
    return new LoginRequest(await this.requests.deny(context.db, session, challengeIdOf(id)));
  }

  @FieldResolver(() => Device, {
    nullable: true,
    description:
      'The device, once it is signed in and while it is on the account: what to remove if it was not you after all.',
  })
  device(@Root() { view }: LoginRequest, @Ctx() context: Context): Promise<Device | null> {
    return this.devices.load(context, view.row.signedInDeviceId);
  }

  @FieldResolver(() => Location)
  location(@Root() { ipAddress }: LoginRequest): Location {
    return new Location(this.places.of(ipAddress));
  }
}

@Resolver(() => Account)
export class AccountLoginRequestsResolver {
  constructor(private readonly requests: LoginRequests) {}

  @FieldResolver(() => [LoginRequest], {
    description: 'Sign-ins that wait for a code now, the newest first. Empty unless the current device is trusted.',
  })
  async loginRequests(@Ctx() { db, session }: Context): Promise<LoginRequest[]> {
    // Right after signing in the request carries no session yet: then there is nobody to show a code to.
    if (!session) return [];
    const pending = await this.requests.pending(db, session);
    return pending.map((request) => new LoginRequest(request));
  }
}
