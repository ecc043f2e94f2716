import { createUnionType, Field, ID, Int, ObjectType } from 'type-graphql';
import { Account } from '../accounts/account.types.js';
import { ChallengeClosed, WrongCode } from '../challenges/challenge.types.js';
import { WeakPassword, WrongPassword } from '../passwords/password.types.js';

@ObjectType({ description: 'A device was taken off the account.' })
export class DeviceRemoved {
  @Field(() => ID)
  readonly deviceId: string;
  @Field(() => Int)
  readonly sessionsEnded: number;
  @Field(() => Account, {
    nullable: true,
    description: 'Null when the device removed was the current one: its session is over too.',
  })
  readonly account: Account | null;

  constructor(deviceId: string, sessionsEnded: number, account: Account | null) {
    this.deviceId = deviceId;
    this.sessionsEnded = sessionsEnded;
    this.account = account;
  }
}

@ObjectType({ description: 'The password is another one now.' })
export class PasswordChanged {
  @Field(() => Account)
  readonly account: Account;
  @Field(() => Int, { description: 'Other sessions that ended by that.' })
  readonly sessionsEnded: number;
  @Field(() => String, {
    nullable: true,
    description: 'Takes the place of the one the request came with; null in cookie mode.',
  })
  readonly sessionToken: string | null;

  constructor(account: Account, sessionsEnded: number, sessionToken: string | null) {
    this.account = account;
    this.sessionsEnded = sessionsEnded;
    this.sessionToken = sessionToken;
  }
}

@ObjectType({ description: 'The password is another one now, and nobody is signed in.' })
export class PasswordReset {
  @Field(() => Int)
  readonly sessionsEnded: number;

  constructor(sessionsEnded: number) {
    this.sessionsEnded = sessionsEnded;
  }
}

export const ChangePasswordResult = createUnionType({
  name: 'ChangePasswordResult',
  types: () => [PasswordChanged, WrongPassword, WeakPassword] as const,
});

export const ResetPasswordResult = createUnionType({
  name: 'ResetPasswordResult',
  types: () => [PasswordReset, WrongCode, ChallengeClosed, WeakPassword] as const,
});
