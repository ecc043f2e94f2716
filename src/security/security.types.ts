import { createUnionType, Field, ID, Int, ObjectType } from 'type-graphql';
import { Account } from '../accounts/account.types.js';
import { Problem, type Text } from '../api/problem.js';
import { ChallengeClosed, WrongCode } from '../challenges/challenge.types.js';
import { WeakPassword } from '../passwords/password.types.js';

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

@ObjectType({ implements: Problem, description: 'The password that was asked for again is not right.' })
export class WrongPassword extends Problem {
  protected readonly text: Text;
  @Field(() => Date, { nullable: true, description: 'When the next try is taken, while tries are slowed down.' })
  readonly retryAt: Date | null;

  constructor(retryAt: Date | null) {
    super();
    this.retryAt = retryAt;
    this.text = retryAt
      ? { key: 'problem.WrongPasswordDelayed', values: { retryAt } }
      : { key: 'problem.WrongPassword' };
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

@ObjectType({ description: 'The password alone is enough from now on.' })
export class TwoStepDisabled {
  @Field(() => Account)
  readonly account: Account;

  constructor(account: Account) {
    this.account = account;
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

export const DisableTwoStepResult = createUnionType({
  name: 'DisableTwoStepResult',
  types: () => [TwoStepDisabled, WrongPassword] as const,
});
