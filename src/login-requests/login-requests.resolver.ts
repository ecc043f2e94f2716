import { Arg, Ctx, FieldResolver, ID, Mutation, Resolver, Root, Subscription } from 'type-graphql';
import { Account } from '../accounts/account.types.js';
import type { Context } from '../api/context.js';
import { Device } from '../devices/device.types.js';
import type { DeviceLoader } from '../devices/device-loader.js';
import { Location } from '../places/location.types.js';
import type { Places } from '../places/places.js';
import type { PromptStream } from '../prompts/prompt-stream.js';
import type { PromptView } from '../prompts/prompt-views.js';
import type { Prompts } from '../prompts/prompts.js';
import { LoginRequest } from './login-request.types.js';

@Resolver(() => LoginRequest)
export class LoginRequestsResolver {
  constructor(
    private readonly prompts: Prompts,
    readonly stream: PromptStream,
    private readonly devices: DeviceLoader,
    private readonly places: Places,
  ) {}

  @Subscription(() => LoginRequest, {
    name: 'loginRequests',
    description:
      'The live codes, for a trusted device. It opens with every request whose time is not over, the newest first, in whatever state (so that a prompt answered while the line was down is taken down), then sends each new one, and each again when its state changes.',
    subscribe: ({ context }: { context: Context }) =>
      context.resolver(LoginRequestsResolver).stream.open(context, 'LOGIN_REQUEST'),
  })
  loginRequestChanged(@Root() view: PromptView): LoginRequest {
    return new LoginRequest(view);
  }

  @Mutation(() => LoginRequest, { description: 'A trusted device says that it shows the code.' })
  async acknowledgeLoginRequest(@Ctx() context: Context, @Arg('id', () => ID) id: string): Promise<LoginRequest> {
    return new LoginRequest(await this.prompts.acknowledge(context, 'LOGIN_REQUEST', id));
  }

  @Mutation(() => LoginRequest, {
    description:
      "'This was not me', from a trusted device: the challenge is over at once. One that is over already comes back unchanged.",
  })
  async denyLoginRequest(@Ctx() context: Context, @Arg('id', () => ID) id: string): Promise<LoginRequest> {
    return new LoginRequest(await this.prompts.deny(context, 'LOGIN_REQUEST', id));
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
  constructor(private readonly prompts: Prompts) {}

  @FieldResolver(() => [LoginRequest], {
    description: 'Sign-ins that wait for a code now, the newest first. Empty unless the current device is trusted.',
  })
  async loginRequests(@Ctx() { db, session }: Context): Promise<LoginRequest[]> {
    // Right after signing in the request carries no session yet: then there is nobody to show a code to.
    if (!session) return [];
    const pending = await this.prompts.pending(db, session, 'LOGIN_REQUEST');
    return pending.map((view) => new LoginRequest(view));
  }
}
