import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import type { Context } from '../api/context.js';
import type { Method } from '../outbox/delivery.entity.js';
import { VerificationMethod } from '../outbox/delivery.types.js';
import type { ListKey } from '../texts/texts.js';
import { Challenge, CodeDelivery, SendCodeResult } from './challenge.types.js';
import type { ChallengeCancels } from './challenge-cancels.js';
import type { ChallengeSends } from './challenge-sends.js';
import type { ChallengeStream } from './challenge-stream.js';
import type { ChallengeViews } from './challenge-views.js';
import { hintFor } from './delivery-hints.js';

@Resolver(() => Challenge)
export class ChallengesResolver {
  constructor(
    private readonly views: ChallengeViews,
    private readonly sends: ChallengeSends,
    readonly stream: ChallengeStream,
    private readonly cancels: ChallengeCancels,
    private readonly supportContact: string | null,
  ) {}

  @Query(() => Challenge, {
    nullable: true,
    description: 'A challenge as the device that is answering it sees it; null when the token names none.',
  })
  async challenge(@Ctx() { db }: Context, @Arg('token', () => String) token: string): Promise<Challenge | null> {
    const view = await this.views.find(db, token);
    return view && new Challenge(view);
  }

  @Mutation(() => SendCodeResult, { description: "Sends the challenge's code, again or another way." })
  sendCode(
    @Ctx() { client }: Context,
    @Arg('challengeToken', () => String) token: string,
    @Arg('method', () => VerificationMethod) method: Method,
  ): Promise<typeof SendCodeResult> {
    return this.sends.send(token, method, client.ipAddress);
  }

  @Mutation(() => Challenge, {
    nullable: true,
    description:
      'For whoever leaves a challenge before its end (Back, another account): it takes no more codes, and its prompt on trusted devices is over at once. One that is over already comes back unchanged; null when the token names none.',
  })
  async cancelChallenge(
    @Ctx() { db }: Context,
    @Arg('challengeToken', () => String) token: string,
  ): Promise<Challenge | null> {
    const view = await this.cancels.cancel(db, token);
    return view && new Challenge(view);
  }

  @Subscription(() => Challenge, {
    name: 'challenge',
    description:
      'The challenge, now and at each change, for the device that is answering it; it completes once the challenge is over. Needs its token, no session.',
    subscribe: ({ context, args }: { context: Context; args: { token: string } }) =>
      context.resolver(ChallengesResolver).stream.open(context, args.token),
  })
  challengeChanged(@Root() challenge: Challenge, @Arg('token', () => String) _token: string): Challenge {
    return challenge;
  }

  @FieldResolver(() => String, {
    description: "Where it went: 'your trusted devices', or a masked address such as 'j***@e***.com'.",
  })
  sentTo(@Root() { view }: Challenge, @Ctx() { texts, client }: Context): string {
    return view.maskedAddress ?? texts.t(client.locale, 'challenge.sentTo.trustedDevices');
  }

  @FieldResolver(() => [String], {
    description:
      'General help for this purpose and method, for people: spam folder, safe list, the right address. The same for everybody.',
  })
  help(@Root() { view }: Challenge, @Ctx() { texts, client }: Context): string[] {
    const { supportContact } = this;
    return [
      ...texts.list(client.locale, `challenge.help.${view.row.purpose}.${view.row.method}` as ListKey),
      ...(supportContact ? [texts.t(client.locale, 'challenge.support', { supportContact })] : []),
    ];
  }
}

@Resolver(() => CodeDelivery)
export class CodeDeliveriesResolver {
  @FieldResolver(() => String, {
    nullable: true,
    description: 'The same for people, with what to do about it; null where there is nothing left to do.',
  })
  hint(@Root() { view }: CodeDelivery, @Ctx() { texts, client }: Context): string | null {
    return hintFor(view, texts, client.locale);
  }
}
