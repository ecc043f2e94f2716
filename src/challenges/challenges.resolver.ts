import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import type { Context } from '../api/context.js';
import type { Method } from '../outbox/delivery.entity.js';
import { VerificationMethod } from '../outbox/delivery.types.js';
import type { ListKey } from '../texts.js';
import { Challenge, CodeDelivery, SendCodeResult } from './challenge.types.js';
import type { ChallengeSends } from './challenge-sends.js';
import type { ChallengeStream } from './challenge-stream.js';
import type { ChallengeViews, DeliveryReasonName } from './challenge-views.js';

@Resolver(() => Challenge)
export class ChallengesResolver {
  constructor(
    private readonly views: ChallengeViews,
    private readonly sends: ChallengeSends,
    readonly stream: ChallengeStream,
  ) {}

  @Query(() => Challenge, {
    nullable: true,
    description: 'A challenge as the device that is answering it sees it; null when the token names none.',
  })
  async challenge(@Ctx() { em }: Context, @Arg('token', () => String) token: string): Promise<Challenge | null> {
    const view = await this.views.find(em, token);
    return view && new Challenge(view);
  }

  @Mutation(() => SendCodeResult, { description: "Sends the challenge's code, again or another way." })
  sendCode(
    @Ctx() { em, client }: Context,
    @Arg('challengeToken', () => String) token: string,
    @Arg('method', () => VerificationMethod) method: Method,
  ): Promise<typeof SendCodeResult> {
    return this.sends.send(em, token, method, client.ipAddress);
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
    return texts.list(client.locale, `challenge.help.${view.row.purpose}.${view.row.method}` as ListKey);
  }
}

@Resolver(() => CodeDelivery)
export class CodeDeliveriesResolver {
  @FieldResolver(() => String, { nullable: true, description: 'The same for people, with what to do about it.' })
  hint(@Root() { view }: CodeDelivery, @Ctx() { texts, client }: Context): string | null {
    if (!view.reason) return null;
    const { changedAt, mailHeldUntil } = view;
    const reply = [view.replyCode, view.enhancedStatus].filter((part) => part !== null).join(' ');
    return reply !== '' && isAnswered(view.reason)
      ? texts.t(client.locale, `delivery.hintWithReply.${view.reason}`, { reply })
      : texts.t(client.locale, `delivery.hint.${view.reason}`, {
          changedAt,
          heldUntil: mailHeldUntil ?? changedAt,
          count: Math.max(1, view.devicesReached ?? 1),
        });
  }
}

const answered = ['MAIL_SERVER_UNAVAILABLE', 'ADDRESS_REFUSED', 'MAIL_REFUSED'] as const;

/** Whether the mail server's answer says why. */
function isAnswered(reason: DeliveryReasonName): reason is (typeof answered)[number] {
  return answered.some((candidate) => candidate === reason);
}
