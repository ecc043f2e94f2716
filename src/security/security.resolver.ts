import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { EmailAddress } from '../accounts/email-address.js';
import { type Context, requireOwnSession, requireSession } from '../api/context.js';
import { Challenge, CODE_DESCRIPTION } from '../challenges/challenge.types.js';
import { Device } from '../devices/device.types.js';
import type { CodeChoices } from './code-choices.js';
import type { DeviceRemovals } from './device-removals.js';
import type { PasswordChanges } from './password-changes.js';
import type { PasswordResets } from './password-resets.js';
import type { ResetRequests } from './reset-requests.js';
import { ChangePasswordResult, DeviceRemoved, PasswordChanged, ResetPasswordResult } from './security.types.js';

@Resolver()
export class SecurityResolver {
  constructor(
    private readonly removals: DeviceRemovals,
    private readonly changes: PasswordChanges,
    private readonly resetRequests: ResetRequests,
    private readonly resets: PasswordResets,
    private readonly codeChoices: CodeChoices,
  ) {}

  @Mutation(() => DeviceRemoved, {
    description:
      'Takes a device off the account: its trust and sessions are over everywhere before it answers; its sockets close within a second.',
  })
  async removeDevice(@Ctx() context: Context, @Arg('id', () => ID) id: string): Promise<DeviceRemoved> {
    const removed = await this.removals.remove({ ...context, session: requireSession(context) }, id);
    if (!removed.account) context.cookies?.dropSession();
    return removed;
  }

  @Mutation(() => Device, {
    description:
      'Whether a device shows codes while it is trusted; from a trusted device, and told by mail where it is another one.',
  })
  async setReceivesCodes(
    @Ctx() context: Context,
    @Arg('deviceId', () => ID) deviceId: string,
    @Arg('receivesCodes', () => Boolean) receivesCodes: boolean,
  ): Promise<Device> {
    const session = requireSession(context);
    const device = await this.codeChoices.choose({ ...context, session }, deviceId, receivesCodes);
    return new Device(device, session.deviceId);
  }

  @Mutation(() => ChangePasswordResult, {
    description: "With `signOutOtherDevices`, every other session ends and every other device's trust is forgotten.",
  })
  async changePassword(
    @Ctx() context: Context,
    @Arg('currentPassword', () => String) currentPassword: string,
    @Arg('newPassword', () => String) newPassword: string,
    @Arg('signOutOtherDevices', () => Boolean, { defaultValue: true }) signOutOtherDevices: boolean,
  ): Promise<typeof ChangePasswordResult> {
    const change = { currentPassword, newPassword, signOutOtherDevices };
    const outcome = await this.changes.change({ ...context, session: requireOwnSession(context) }, change);
    if (!context.cookies || !(outcome instanceof PasswordChanged)) return outcome;
    if (outcome.sessionToken) context.cookies.keepSession(outcome.sessionToken);
    return new PasswordChanged(outcome.account, outcome.sessionsEnded, null);
  }

  @Mutation(() => Challenge, { description: 'Always answers with a challenge, whether or not the account exists.' })
  requestPasswordReset(
    @Ctx() context: Context,
    @Arg('email', () => EmailAddress) email: string,
    @Arg('deviceToken', () => String, {
      nullable: true,
      description:
        "The account's device token, where the device has one: then strangers who ask in between cannot use up its mails.",
    })
    deviceToken?: string | null,
  ): Promise<Challenge> {
    return this.resetRequests.request(context, email, deviceToken ?? context.cookies?.deviceToken(email) ?? null);
  }

  @Mutation(() => ResetPasswordResult, {
    description:
      "Ends every session and forgets every device's trust. Never signs in: the second step stands before the next session.",
  })
  resetPassword(
    @Ctx() context: Context,
    @Arg('challengeToken', () => String) token: string,
    @Arg('code', () => String, { description: CODE_DESCRIPTION }) code: string,
    @Arg('newPassword', () => String) newPassword: string,
  ): Promise<typeof ResetPasswordResult> {
    return this.resets.reset(context, token, code, newPassword);
  }
}
