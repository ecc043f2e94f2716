import { Field, ID, Int, ObjectType } from 'type-graphql';
import type { Purpose, State } from '../challenges/challenge.entity.js';
import { ChallengePurpose, ChallengeState } from '../challenges/challenge.types.js';
import { promptIdOf } from '../challenges/prompt-kinds.js';
import type { PlatformName } from '../devices/device.entity.js';
import { Platform } from '../devices/device.types.js';
import type { PromptView } from '../prompts/prompt-views.js';
import { secondsLeft } from '../texts/times.js';

@ObjectType({ description: 'An action that a backend asked to be confirmed, as a trusted device sees it.' })
export class Confirmation {
  @Field(() => ID, { description: 'Not the id of its challenge.' })
  readonly id: string;
  @Field(() => ChallengeState)
  readonly state: State;
  @Field(() => ChallengePurpose, { description: 'CONFIRM, or DISABLE_TWO_STEP: its action is told in our own words.' })
  readonly purpose: Purpose;
  @Field(() => String, {
    description: "What the product is called whose backend asks: show the action as '<productName> asks'.",
  })
  readonly productName: string;
  @Field(() => String, {
    nullable: true,
    description: 'Null once it is no longer PENDING. It stands for this action and no other.',
  })
  readonly code: string | null;
  @Field(() => String, { description: 'The device that asks. It is never shown the code.' })
  readonly deviceName: string;
  @Field(() => Platform)
  readonly platform: PlatformName;
  @Field(() => String)
  readonly ipAddress: string;
  @Field(() => Date)
  readonly requestedAt: Date;
  @Field(() => Int, { description: 'How long ago that was, by the server.' })
  readonly requestedSecondsAgo: number;
  @Field(() => Date, {
    nullable: true,
    description:
      'When the code was last sent to trusted devices: a prompt that was put aside before is asked for again. Null where it was only mailed.',
  })
  readonly sentAt: Date | null;
  @Field(() => Date)
  readonly expiresAt: Date;
  @Field(() => Int, {
    description: 'How long that is, by the server: count down from here, and hold no instant against a clock. 0: over.',
  })
  readonly expiresInSeconds: number;

  constructor(readonly view: PromptView) {
    const { row } = view;
    this.id = promptIdOf(view.kind, row.id);
    this.state = view.state;
    this.purpose = row.purpose;
    this.productName = view.productName ?? '';
    this.code = view.code;
    this.deviceName = row.deviceName;
    this.platform = row.platform;
    this.ipAddress = row.ipAddress;
    this.requestedAt = row.createdAt;
    this.requestedSecondsAgo = Math.max(0, Math.floor(view.msOld / 1000));
    this.sentAt = row.lastAppSendAt ?? null;
    this.expiresAt = row.expiresAt;
    this.expiresInSeconds = secondsLeft(view.msLeft);
  }
}
