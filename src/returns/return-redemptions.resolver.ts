import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { type BackendContext, requireScope } from '../api/caller.js';
import type { Returns } from './returns.js';
import { RedeemReturnResult } from './returns.types.js';

@Resolver()
export class ReturnRedemptionsResolver {
  constructor(private readonly returns: Returns) {}

  @Mutation(() => RedeemReturnResult, {
    description:
      'The page sent the person back to you with a code: exchange it, with the state that you made, for the session that is behind it (its token stays with the person). Take the state from your own session with that browser, never from the address. Once, RECEIPT_SECONDS. Scope check.',
  })
  redeemReturn(
    @Ctx() context: BackendContext,
    @Arg('code', () => String) code: string,
    @Arg('state', () => String) state: string,
  ): Promise<typeof RedeemReturnResult> {
    return this.returns.redeem(context.db, requireScope(context, 'check'), code, state);
  }
}
