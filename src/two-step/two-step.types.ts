import { createUnionType, Field, Int, ObjectType } from 'type-graphql';
import { Account } from '../accounts/account.types.js';
import { Challenge, ChallengeClosed, WrongCode } from '../challenges/challenge.types.js';
import { TwoStepAlreadyEnabled } from '../challenges/two-step-switch.types.js';
import type { Method } from '../outbox/delivery.entity.js';
import { VerificationMethod } from '../outbox/delivery.types.js';
import { WrongPassword } from '../passwords/password.types.js';

@ObjectType({ description: 'Whether new devices need a code.' })
export class TwoStepVerification {
  @Field(() => Boolean)
  readonly enabled: boolean;
  @Field(() => Date, { nullable: true })
  readonly enabledAt: Date | null;
  @Field(() => VerificationMethod, {
    description:
      'The way a code goes out when the client names none: APP while a trusted device with a live session has notifications on or is online, else EMAIL.',
  })
  readonly defaultMethod: Method;

  constructor(enabledAt: Date | null, defaultMethod: Method) {
    this.enabled = enabledAt !== null;
    this.enabledAt = enabledAt;
    this.defaultMethod = defaultMethod;
  }
}

@ObjectType({ description: 'Two-step verification is on, and this device is trusted.' })
export class TwoStepEnabled {
  @Field(() => Account)
  readonly account: Account;
  @Field(() => Int, { description: 'Other sessions that ended by that.' })
  readonly sessionsEnded: number;

  constructor(account: Account, sessionsEnded: number) {
    this.account = account;
    this.sessionsEnded = sessionsEnded;
  }
}

export const StartTwoStepSetupResult = createUnionType({
  name: 'StartTwoStepSetupResult',
  types: () => [Challenge, TwoStepAlreadyEnabled] as const,
});

export const EnableTwoStepResult = createUnionType({
  name: 'EnableTwoStepResult',
  types: () => [TwoStepEnabled, WrongCode, ChallengeClosed] as const,
});

@ObjectType({ description: 'The password alone is enough from now on.' })
export class TwoStepDisabled {
  @Field(() => Account)
  readonly account: Account;

  constructor(account: Account) {
    this.account = account;
  }
}

export const DisableTwoStepResult = createUnionType({
  name: 'DisableTwoStepResult',
  types: () => [TwoStepDisabled, WrongPassword] as const,
});
