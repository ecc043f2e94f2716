import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { Account } from '../accounts/account.types.js';
import { type Context, requireOwnSession } from '../api/context.js';
import { CODE_DESCRIPTION } from '../challenges/challenge.types.js';
import { defaultMethod } from '../challenges/default-method.js';
import type { Limits } from '../config/limits.js';
import type { TwoStep } from './two-step.js';
import {
  DisableTwoStepResult,
  EnableTwoStepResult,
  StartTwoStepSetupResult,
  TwoStepVerification,
} from './two-step.types.js';
import type { TwoStepEnds } from './two-step-ends.js';

@Resolver(() => Account)
export class TwoStepResolver {
  constructor(
    private readonly twoStep: TwoStep,
    private readonly ends: TwoStepEnds,
    private readonly limits: Limits,
  ) {}

  @FieldResolver(() => TwoStepVerification, { name: 'twoStep' })
  async twoStepOf(@Root() { row }: Account, @Ctx() { db }: Context): Promise<TwoStepVerification> {
    return new TwoStepVerification(row.twoStepEnabledAt ?? null, await defaultMethod(db, row.id, this.limits));
  }

  @Mutation(() => StartTwoStepSetupResult, {
    description: "Starts to turn two-step verification on: a code goes to the account's address.",
  })
  startTwoStepSetup(@Ctx() context: Context): Promise<typeof StartTwoStepSetupResult> {
    return this.twoStep.startSetUp({ ...context, session: requireOwnSession(context) });
  }

  @Mutation(() => EnableTwoStepResult, {
    description:
      'Turns it on, trusts the current device and ends every other session: whoever is signed in has passed the second step.',
  })
  enableTwoStep(
    @Ctx() context: Context,
    @Arg('challengeToken', () => String) token: string,
    @Arg('code', () => String, { description: CODE_DESCRIPTION }) code: string,
  ): Promise<typeof EnableTwoStepResult> {
    return this.twoStep.enable({ ...context, session: requireOwnSession(context) }, token, code);
  }

  @Mutation(() => DisableTwoStepResult, { description: "Turns it off and forgets every device's trust." })
  disableTwoStep(
    @Ctx() context: Context,
    @Arg('password', () => String) password: string,
  ): Promise<typeof DisableTwoStepResult> {
    return this.ends.disable({ ...context, session: requireOwnSession(context) }, password);
  }
}
