import { createUnionType, Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { enumOf } from '../api/enums.js';
import { Problem, type Text } from '../api/problem.js';
import type { DeliveryStateName, Method } from '../outbox/delivery.entity.js';
import { DeliveryState, VerificationMethod } from '../outbox/delivery.types.js';
import { secondsLeft, type Wait } from '../texts/times.js';
import { challengeStates, type Purpose, purposes, type State } from './challenge.entity.js';
import {
  type ChallengeView,
  type DeliveryReasonName,
  type DeliveryView,
  deliveryReasons,
  type SendOptionView,
} from './challenge-views.js';
import { promptKindOf } from './prompt-kinds.js';

export const ChallengePurpose = enumOf(purposes);
registerEnumType(ChallengePurpose, { name: 'ChallengePurpose', description: 'What a code is asked for.' });

export const ChallengeState = enumOf(challengeStates);
registerEnumType(ChallengeState, {
  name: 'ChallengeState',
  description: 'Only a PENDING challenge takes codes.',
  valuesConfig: {
    PENDING: { description: 'It waits for its code.' },
    VERIFIED: { description: 'Its code was typed.' },
    DENIED: { description: "A trusted device answered 'this was not me'." },
    EXPIRED: { description: 'Its time is over.' },
    LOCKED: { description: 'Too many wrong codes.' },
    CANCELLED: {
      description:
        "Another event ended it: a change or reset of the password, two-step turned off, the device removed, a newer sign-in of the same device, the same session's newer set-up; or whoever held it has left it.",
    },
  },
});

export const DeliveryReason = enumOf(deliveryReasons);
registerEnumType(DeliveryReason, {
  name: 'DeliveryReason',
  description: 'Why a send is where it is.',
  valuesConfig: {
    NO_DEVICE_RECEIVES_CODES: {
      description: 'Trusted devices there are, and their owner wants codes on none.',
    },
    NO_TRUSTED_DEVICE_ONLINE: { description: 'No trusted device holds an open subscription now.' },
    NOTIFICATIONS_OFF: { description: 'None is online, and the app may show notifications on none.' },
    NOT_YET_ACKNOWLEDGED: { description: 'It reached a device, which has not said yet that it shows the code.' },
    PROMPTS_PAUSED: { description: 'Too many prompts stand unanswered: this one is not shown; use email.' },
    PUSH_WAITING: { description: 'It waits for a worker, which hands it to the push services of devices.' },
    PUSH_ACCEPTED: { description: 'The push service took it for at least one device.' },
    PUSH_SERVICE_UNAVAILABLE: { description: 'The push service cannot take it now; it is tried again.' },
    PUSH_REFUSED: { description: 'The push service refuses what is sent, which may be a fault of this server.' },
    PUSH_GONE: { description: "The push services know none of the account's devices any more." },
    MAIL_HELD: {
      description:
        'None is online, and after a reset of the password codes go by mail only to devices that were trusted before.',
    },
    MAIL_WAITING: { description: 'It waits for a mail worker.' },
    MAIL_LIMIT_REACHED: { description: 'Too many codes were mailed to the address within an hour: it is not sent.' },
    MAIL_ACCEPTED: { description: 'The mail server took it: look into spam, put the sender on the safe list.' },
    MAIL_SERVER_UNAVAILABLE: { description: 'The mail server cannot take it now; it is tried again.' },
    MAIL_FATE_UNKNOWN: {
      description:
        'The mail server did not say whether it took it: it may arrive. It is sent once more, as the same mail, and then no more.',
    },
    ADDRESS_REFUSED: { description: 'The mail server refused the address for good.' },
    MAIL_REFUSED: { description: 'The mail server refused the mail itself for good, whatever the address.' },
    TOO_LATE: { description: 'The challenge was over before it could be sent.' },
  },
});

@ObjectType({ description: "One send of a challenge's code, and what became of it." })
export class CodeDelivery {
  @Field(() => ID, { description: 'Not secret; for caches.' })
  readonly id: string;
  @Field(() => VerificationMethod)
  readonly method: Method;
  @Field(() => DeliveryState)
  readonly state: DeliveryStateName;
  @Field(() => Date)
  readonly changedAt: Date;
  @Field(() => Int, {
    nullable: true,
    description:
      'APP: how many devices it was written to, or whose push service took it (SENT), or that said they show it (SEEN). EMAIL: null.',
  })
  readonly devicesReached: number | null;
  @Field(() => DeliveryReason, {
    nullable: true,
    description: 'Why it is where it is, for programs. Null only when SEEN.',
  })
  readonly reason: DeliveryReasonName | null;

  constructor(readonly view: DeliveryView) {
    this.id = view.id;
    this.method = view.method;
    this.state = view.state;
    this.changedAt = view.changedAt;
    this.devicesReached = view.devicesReached;
    this.reason = view.reason;
  }
}

@ObjectType({ description: 'A way by which `sendCode` sends a code.' })
export class SendOption {
  @Field(() => VerificationMethod)
  readonly method: Method;
  @Field(() => Date, { nullable: true, description: 'When it works again; null where it was not used yet.' })
  readonly retryAt: Date | null;
  @Field(() => Int, { description: 'How long that is; 0: now.' })
  readonly retryInSeconds: number;

  constructor({ method, retry }: SendOptionView) {
    this.method = method;
    this.retryAt = retry?.until ?? null;
    this.retryInSeconds = retry?.seconds ?? 0;
  }
}

@ObjectType({
  description:
    'A question that the asking device answers with a code. It has one code for its whole life, however often it is sent.',
})
export class Challenge {
  @Field(() => ID, { description: 'Not secret; for caches.' })
  readonly id: string;
  @Field(() => String, {
    description: 'The secret that names this challenge. Only the device that started it holds it.',
  })
  readonly token: string;
  @Field(() => ChallengePurpose)
  readonly purpose: Purpose;
  @Field(() => ChallengeState)
  readonly state: State;
  @Field(() => VerificationMethod, { description: 'How the code went out last.' })
  readonly method: Method;
  @Field(() => [VerificationMethod], { description: 'The methods that `sendCode` takes now; none once it is over.' })
  readonly availableMethods: readonly Method[];
  @Field(() => Int, { description: 'Digits of the code.' })
  readonly codeLength: number;
  @Field(() => Date)
  readonly expiresAt: Date;
  @Field(() => Int, {
    description: 'How long that is, by the server: count down from here, and hold no instant against a clock. 0: over.',
  })
  readonly expiresInSeconds: number;
  @Field(() => Int, { description: 'Wrong codes that it still takes, over every channel.' })
  readonly attemptsRemaining: number;
  @Field(() => Date, {
    nullable: true,
    description:
      'When `sendCode` works again by the method used last (another method works at once); null when no send is left.',
  })
  readonly resendAt: Date | null;
  @Field(() => Int, { nullable: true, description: 'How long that is; 0: now.' })
  readonly resendInSeconds: number | null;
  @Field(() => [SendOption], {
    description: 'Those of `availableMethods` by which a send is left, with the wait of each.',
  })
  readonly sendOptions: readonly SendOption[];
  @Field(() => [CodeDelivery], {
    description:
      "What became of each send, the newest first: the answer to 'did not receive a code?'. Once the challenge is over they tell what had become of it, and nothing of the account since. Always empty where no password was proven first (SIGN_UP, RESET_PASSWORD), so that it cannot tell who has an account.",
  })
  readonly deliveries: readonly CodeDelivery[];

  constructor(readonly view: ChallengeView) {
    this.id = view.row.id;
    this.token = view.token;
    this.purpose = view.row.purpose;
    this.state = view.state;
    this.method = view.row.method;
    this.availableMethods = view.availableMethods;
    this.codeLength = view.row.codeLength;
    this.expiresAt = view.row.expiresAt;
    this.expiresInSeconds = secondsLeft(view.msLeft);
    this.attemptsRemaining = view.attemptsRemaining;
    this.sendOptions = view.sendOptions.map((option) => new SendOption(option));
    const again = this.sendOptions.find(({ method }) => method === this.method);
    this.resendAt = again?.retryAt ?? null;
    this.resendInSeconds = again?.retryAt ? again.retryInSeconds : null;
    this.deliveries = view.deliveries.map((delivery) => new CodeDelivery(delivery));
  }
}

export const CODE_DESCRIPTION =
  'Digits of any script and width; blanks and dashes do not count. Anything but `codeLength` digits is BAD_USER_INPUT, and costs no try.';

@ObjectType({ implements: Problem, description: 'The code did not match.' })
export class WrongCode extends Problem {
  protected readonly text: Text;
  @Field(() => Int, { description: 'Tries left; at 0 the challenge takes no more.' })
  readonly attemptsRemaining: number;

  constructor(attemptsRemaining: number) {
    super();
    this.attemptsRemaining = attemptsRemaining;
    this.text = { key: 'problem.WrongCode', values: { count: attemptsRemaining } };
  }
}

@ObjectType({
  implements: Problem,
  description: 'The challenge takes no more codes; `state` says why (EXPIRED also where the token names none).',
})
export class ChallengeClosed extends Problem {
  protected readonly text: Text;
  @Field(() => ChallengeState)
  readonly state: State;

  /** @param purpose the challenge's; null where the token names none */
  constructor(state: Exclude<State, 'PENDING'>, purpose: Purpose | null = null) {
    super();
    this.state = state;
    const isRefusal = state === 'DENIED' && purpose && promptKindOf(purpose) === 'CONFIRMATION';
    this.text = { key: isRefusal ? 'problem.ConfirmationDenied' : `problem.ChallengeClosed.${state}` };
  }
}

@ObjectType({ implements: Problem, description: 'The code was sent by this method a moment ago.' })
export class ResendTooSoon extends Problem {
  protected readonly text: Text;
  @Field(() => Date, { description: 'When it can be sent again.' })
  readonly retryAt: Date;
  @Field(() => Int, { description: 'How long that is, by the server: no clock of the client has to agree.' })
  readonly retryInSeconds: number;

  constructor(retry: Wait) {
    super();
    this.retryAt = retry.until;
    this.retryInSeconds = retry.seconds;
    this.text = { key: 'problem.ResendTooSoon', values: { retryAt: retry } };
  }
}

@ObjectType({
  implements: Problem,
  description: 'No send is left: for this challenge, or by mail to this address for now.',
})
export class SendLimitReached extends Problem {
  protected readonly text: Text = { key: 'problem.SendLimitReached' };
}

@ObjectType({ implements: Problem, description: 'The code cannot be sent this way.' })
export class MethodUnavailable extends Problem {
  protected readonly text: Text = { key: 'problem.MethodUnavailable' };
  @Field(() => [VerificationMethod])
  readonly availableMethods: readonly Method[];

  constructor(availableMethods: readonly Method[]) {
    super();
    this.availableMethods = availableMethods;
  }
}

@ObjectType({
  implements: Problem,
  description: 'Too many tries on this account: new devices wait. Trusted devices are not touched by it.',
})
export class TemporarilyLocked extends Problem {
  protected readonly text: Text;
  @Field(() => Date, {
    nullable: true,
    description: 'When new devices may try again; null while only a change or reset of the password ends it.',
  })
  readonly retryAt: Date | null;
  @Field(() => Int, {
    nullable: true,
    description: 'How long that is, by the server: no clock of the client has to agree.',
  })
  readonly retryInSeconds: number | null;

  /** @param what is paused */
  constructor(retry: Wait | null, what: 'SIGN_IN' | 'CONFIRM' = 'SIGN_IN') {
    super();
    this.retryAt = retry?.until ?? null;
    this.retryInSeconds = retry?.seconds ?? null;
    const paused = what === 'SIGN_IN' ? 'problem.TemporarilyLocked' : 'problem.ConfirmationsPaused';
    this.text = retry ? { key: paused, values: { retryAt: retry } } : { key: 'problem.TemporarilyLockedUntilReset' };
  }
}

export type SendCodeOutcome = Challenge | ChallengeClosed | ResendTooSoon | SendLimitReached | MethodUnavailable;

export const SendCodeResult = createUnionType({
  name: 'SendCodeResult',
  types: () => [Challenge, ChallengeClosed, ResendTooSoon, SendLimitReached, MethodUnavailable] as const,
});
