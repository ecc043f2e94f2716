import { createUnionType, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { Problem, type Text } from '../api/problem.js';
import type { State } from '../challenges/challenge.entity.js';
import { ChallengeState, TemporarilyLocked } from '../challenges/challenge.types.js';
import { TwoStepAlreadyEnabled } from '../challenges/two-step-switch.types.js';
import { VerificationPurpose, type VerificationPurposeName } from '../challenges/verification-purpose.js';
import type { Method } from '../outbox/delivery.entity.js';
import { VerificationMethod } from '../outbox/delivery.types.js';
import { LiveSession } from '../sessions/live-session.types.js';
import { Action, ActionInput } from './action.types.js';
import type { VerificationView } from './verification-views.js';

@InputType()
export class VerificationInput {
  @Field(() => ID, {
    description: 'Yours; 1 to 128 visible ASCII characters, unique for ever. Makes the call safe to repeat.',
  })
  requestId!: string;
  @Field(() => ID, {
    nullable: true,
    description: 'A subject of yours; or an own account by accountId, for CONFIRM only.',
  })
  externalId?: string | null;
  @Field(() => ID, { nullable: true })
  accountId?: string | null;
  @Field(() => Int, {
    nullable: true,
    description:
      "SIGN_IN, ENABLE_TWO_STEP, DISABLE_TWO_STEP: the subject's epoch as you read it before you compared the first factor.",
  })
  epoch?: number | null;
  @Field(() => VerificationPurpose)
  purpose!: VerificationPurposeName;
  @Field(() => ActionInput, {
    nullable: true,
    description: 'CONFIRM only, and required there: what the code will stand for.',
  })
  action?: ActionInput | null;
  @Field(() => ID, {
    nullable: true,
    description:
      'CONFIRM and DISABLE_TWO_STEP, required there: the live session that asks. Its own device is not shown the code.',
  })
  sessionId?: string | null;
}

@ObjectType({ description: 'What you have asked to be verified.' })
export class Verification {
  @Field(() => ID)
  readonly requestId: string;
  @Field(() => ID, { nullable: true })
  readonly externalId: string | null;
  @Field(() => ID)
  readonly accountId: string;
  @Field(() => VerificationPurpose)
  readonly purpose: VerificationPurposeName;
  @Field(() => ChallengeState, { description: 'VERIFIED is no proof: `redeemedAt` is.' })
  readonly state: State;
  @Field(() => Date)
  readonly startedAt: Date;
  @Field(() => Date, {
    description: 'When it is over: until the device has begun, for the beginning; then for the code.',
  })
  readonly expiresAt: Date;
  @Field(() => Action, { nullable: true, description: 'CONFIRM: as it was given.' })
  readonly action: Action | null;
  @Field(() => Date, { nullable: true, description: 'When you have redeemed its receipt.' })
  readonly redeemedAt: Date | null;
  @Field(() => VerificationMethod, { nullable: true, description: 'As you were told when you redeemed it; else null.' })
  readonly method: Method | null;
  @Field(() => LiveSession, {
    nullable: true,
    description: 'The session that you were told of when you redeemed it, as it is now; null once it is over.',
  })
  readonly session: LiveSession | null;

  constructor({ row, externalId, state, expiresAt }: VerificationView, session: LiveSession | null) {
    this.requestId = row.requestId;
    this.externalId = externalId;
    this.accountId = row.accountId;
    this.purpose = row.purpose;
    this.state = state;
    this.startedAt = row.createdAt;
    this.expiresAt = expiresAt;
    this.action = row.purpose === 'CONFIRM' && row.action ? new Action(row.action) : null;
    this.redeemedAt = row.redeemedAt ?? null;
    this.method = row.redeemedAt ? (row.method ?? null) : null;
    this.session = session;
  }
}

@ObjectType({ description: 'It waits for the device.' })
export class VerificationStarted {
  @Field(() => Verification)
  readonly verification: Verification;
  @Field(() => String, {
    description:
      "For the person's device, told again while it is PENDING, and empty afterwards: `beginVerification`, then `challenge`, `sendCode`, `verifyCode` or `confirmAction`.",
  })
  readonly challengeToken: string;

  constructor(verification: Verification, challengeToken: string) {
    this.verification = verification;
    this.challengeToken = challengeToken;
  }
}

@ObjectType({ implements: Problem, description: 'Two-step verification is off: there is no second step to ask for.' })
export class TwoStepOff extends Problem {
  protected readonly text: Text = { key: 'problem.TwoStepOff' };
}

@ObjectType({ implements: Problem, description: 'You have no such person.' })
export class UnknownSubject extends Problem {
  protected readonly text: Text = { key: 'problem.UnknownSubject' };
}

@ObjectType({
  implements: Problem,
  description: 'The epoch is another by now: prove the first factor again. Nothing was started.',
})
export class StaleFirstFactor extends Problem {
  protected readonly text: Text = { key: 'problem.StaleFirstFactor' };
}

@ObjectType({
  implements: Problem,
  description: 'CONFIRM, DISABLE_TWO_STEP: no other trusted device shows codes, and mail is held or used up.',
})
export class NoMethod extends Problem {
  protected readonly text: Text = { key: 'problem.NoMethod' };
}

@ObjectType({ description: 'Proven, and told once.' })
export class Verified {
  @Field(() => ID, { nullable: true })
  readonly externalId: string | null;
  @Field(() => ID)
  readonly accountId: string;
  @Field(() => VerificationPurpose)
  readonly purpose: VerificationPurposeName;
  @Field(() => VerificationMethod, {
    nullable: true,
    description:
      'How it was proven: a typed code (APP; EMAIL if it was ever mailed), or null: a trusted device, no code.',
  })
  readonly method: Method | null;
  @Field(() => Date)
  readonly verifiedAt: Date;
  @Field(() => LiveSession, {
    nullable: true,
    description: 'ENABLE_TWO_STEP and SIGN_IN: the session that was opened.',
  })
  readonly session: LiveSession | null;
  @Field(() => Action, { nullable: true, description: 'Do what this says, never what the browser says.' })
  readonly action: Action | null;

  constructor(verified: Verified) {
    this.externalId = verified.externalId;
    this.accountId = verified.accountId;
    this.purpose = verified.purpose;
    this.method = verified.method;
    this.verifiedAt = verified.verifiedAt;
    this.session = verified.session;
    this.action = verified.action;
  }
}

@ObjectType({
  implements: Problem,
  description:
    "Wrong, used, too late, another verification's or client's, overtaken by the epoch, or its session is over: not told apart.",
})
export class ReceiptVoid extends Problem {
  protected readonly text: Text = { key: 'problem.ReceiptVoid' };
}

export const StartVerificationResult = createUnionType({
  name: 'StartVerificationResult',
  types: () =>
    [
      VerificationStarted,
      TwoStepOff,
      TwoStepAlreadyEnabled,
      UnknownSubject,
      StaleFirstFactor,
      NoMethod,
      TemporarilyLocked,
    ] as const,
});

export const RedeemReceiptResult = createUnionType({
  name: 'RedeemReceiptResult',
  types: () => [Verified, ReceiptVoid] as const,
});
