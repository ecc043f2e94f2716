import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { type Context, requireSession } from '../api/context.js';
import { HandOver } from '../hand-overs/hand-over.types.js';
import type { PageOpenings } from './page-openings.js';
import { HandOverPreview, RedeemHandOverResult } from './page-openings.types.js';
import { SignedIn } from './sign-in.types.js';

@Resolver()
export class PageOpeningsResolver {
  constructor(private readonly openings: PageOpenings) {}

  @Mutation(() => HandOver, {
    description:
      'From a native app to the web pages: an address whose fragment holds a code (`hof_`, HANDOVER_SECONDS, once, its hash is stored). FORBIDDEN to a session that was handed over itself.',
  })
  openPages(@Ctx() context: Context): Promise<HandOver> {
    return this.openings.open(requireSession(context));
  }

  @Query(() => HandOverPreview, {
    nullable: true,
    description:
      'Whose session a code of `openPages` leads to; it stays good. Null: it is good for nothing. By POST alone.',
  })
  handOver(@Ctx() { db }: Context, @Arg('code', () => String) code: string): Promise<HandOverPreview | null> {
    return this.openings.preview(db, code);
  }

  @Mutation(() => RedeemHandOverResult, {
    description:
      'The page takes the code out of its address, shows whose account it is, asks, and exchanges it; never over another live session of that browser. A session of its own on the same device, which ends with the one it came from. It has no device token: the device keeps its own.',
  })
  async redeemHandOver(
    @Ctx() context: Context,
    @Arg('code', () => String) code: string,
  ): Promise<typeof RedeemHandOverResult> {
    const outcome = await this.openings.redeem(context, code);
    const { cookies } = context;
    if (!cookies || !(outcome instanceof SignedIn)) return outcome;
    if (outcome.sessionToken) cookies.keepSession(outcome.sessionToken);
    return outcome.withoutTokens();
  }
}
