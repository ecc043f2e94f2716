import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { type Context, requireSession } from '../api/context.js';
import { HandOver } from '../hand-overs/hand-over.types.js';
import type { Returns } from './returns.js';

@Resolver()
export class ReturnsResolver {
  constructor(private readonly returns: Returns) {}

  @Query(() => String, {
    nullable: true,
    description:
      'The address as browsers read it, where the pages may lead back to it: its origin is in RETURN_ORIGINS, it names no user, and its query has neither `code` nor `state`. Null: they may not.',
  })
  returnAddress(@Arg('returnTo', () => String) returnTo: string): string | null {
    return this.returns.address(returnTo)?.href ?? null;
  }

  @Mutation(() => HandOver, {
    description:
      "From the web pages back to the product: the address in `returnTo` (on RETURN_ORIGINS, compared after parsing) with a code (`ret_`, RECEIPT_SECONDS, once, its hash is stored) and the product's own `state`, which its backend redeems (`redeemReturn`). BAD_USER_INPUT where the origin is not on the list.",
  })
  returnToProduct(
    @Ctx() context: Context,
    @Arg('returnTo', () => String) returnTo: string,
    @Arg('state', () => String, {
      description: 'Made by the product for this one browser, and kept there: 1 to 512 characters of visible ASCII.',
    })
    state: string,
  ): Promise<HandOver> {
    return this.returns.leadBack(requireSession(context), returnTo, state);
  }
}
