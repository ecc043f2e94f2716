import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import type { Context } from '../api/context.js';
import type { Method } from '../outbox/delivery.entity.js';
import { VerificationMethod } from '../outbox/delivery.types.js';
import type { ListKey, TextKey } from '../texts/texts.js';
import { Wait } from '../texts/times.js';
import { Challenge, CodeDelivery, SendCodeResult } from './challenge.types.js';
import type { ChallengeSends } from './challenge-sends.js';
import type { ChallengeStream } from './challenge-stream.js';
import type { ChallengeViews, DeliveryReasonName, DeliveryView } from './challenge-views.js';

@Resolver(() => Challenge)
export class ChallengesResolver {
  constructor(
    private readonly views: ChallengeViews,
    private readonly sends: ChallengeSends,
    readonly stream: ChallengeStream,
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
    if (!view.reason || (view.isOver && view.reason === 'NOT_YET_ACKNOWLEDGED')) return null;
    return texts.t(client.locale, hintOf(view, view.reason), {
      changedAt: view.changedAt,
      heldUntil: view.mailHeld ?? Wait.of(0),
      count: view.devicesReached ?? 0,
      reply: replyOf(view),
    });
  }
}

/** Which text says why, and offers no way that is closed: mail may be held, and no device trusted. */
function hintOf(view: DeliveryView, reason: DeliveryReasonName): TextKey {
  if (isOneOf(answered, reason) && replyOf(view) !== '') return `delivery.hintWithReply.${reason}`;
  if (isOneOf(pointingAtMail, reason) && view.mailHeld) return `delivery.hintWhileHeld.${reason}`;
  if (reason === 'MAIL_HELD' && !view.hasTrusted) return `delivery.hintWithoutDevice.${reason}`;
  return `delivery.hint.${reason}`;
}

const answered = ['MAIL_SERVER_UNAVAILABLE', 'ADDRESS_REFUSED', 'MAIL_REFUSED'] as const;
const pointingAtMail = ['NOT_YET_ACKNOWLEDGED', 'PROMPTS_PAUSED'] as const;

function isOneOf<Name extends DeliveryReasonName>(names: readonly Name[], reason: DeliveryReasonName): reason is Name {
  return names.some((name) => name === reason);
}

/** What the mail server answered, as `452 4.2.2`; empty where it did not. */
function replyOf({ replyCode, enhancedStatus }: DeliveryView): string {
  return [replyCode, enhancedStatus].filter((part) => part !== null).join(' ');
}
