import { tokenHash } from '../../src/codes/tokens.js';
import { type Answer, Client, type Sender } from '../support/client.js';
import { within } from '../support/waiting.js';
import type { Got, Operation, OperationOutcome, Recorder, Sent } from './history.js';
import type { Luck } from './random.js';

/** How long a client waits for an answer. */
const PATIENCE_MS = 10_000;

/** Goes to another of the servers with each request, as behind a load balancer that does not know which of them are well. */
export class AnyServer extends Client {
  constructor(
    private readonly urls: readonly string[],
    private readonly luck: Luck,
  ) {
    super('');
  }

  override get graphqlUrl(): string {
    return `${this.luck.of(this.urls)}/graphql`;
  }

  /** Asks another server where one does not listen: there nothing was done. */
  override async graphql<T = Record<string, unknown>>(
    query: string,
    variables: Record<string, unknown> = {},
    sender: Sender = {},
  ): Promise<Answer<T>> {
    for (let left = this.urls.length; ; left -= 1) {
      try {
        return await within(super.graphql<T>(query, variables, sender), 'the answer', PATIENCE_MS);
      } catch (error) {
        if (left === 1 || !isNotListening(error as Error)) throw error;
      }
    }
  }
}

function isNotListening({ cause }: Error): boolean {
  return (cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED';
}

/** The answers of a union, or of a mutation with one type, as far as they are noted. */
export interface Answered {
  readonly __typename?: string;
  readonly id?: string;
  readonly state?: string;
  readonly sessionToken?: string | null;
  readonly device?: { readonly id: string } | null;
  readonly sessionsEnded?: number;
}

/** What is noted of an operation besides its answer. */
export type Asking = Pick<Operation, 'kind' | 'email' | 'deviceName' | 'sent'>;

/** Members and codes that say that nothing was done. */
const refusals = [
  'InvalidCredentials',
  'WrongPassword',
  'WeakPassword',
  'WrongCode',
  'ChallengeClosed',
  'ResendTooSoon',
  'SendLimitReached',
  'MethodUnavailable',
  'TemporarilyLocked',
  'TwoStepAlreadyEnabled',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'RATE_LIMITED',
  'OVERLOADED',
];

/** Codes that only a client with a mistake in it meets. */
const mistakes = ['BAD_USER_INPUT', 'BAD_REQUEST', 'GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED'];

/** Operations that may be done and yet answer UNAUTHENTICATED: the device was removed before the answer was written. */
const answeredLate: readonly Operation['kind'][] = ['signIn', 'verifyCode', 'denyLoginRequest'];

/** An operation that is over; what was answered, where that is no error. */
export interface Asked<T> {
  readonly answered: T | null;
  readonly operation: Operation;
}

/** Asks, and notes what was asked and what became of it. */
export async function ask<T extends Answered | null>(
  recorder: Recorder,
  asking: Asking,
  request: () => Promise<T>,
): Promise<Asked<T>> {
  const invokedAt = Date.now();
  const note = (answered: T | null, outcome: OperationOutcome, got: Got) => {
    const operation = { ...asking, invokedAt, answeredAt: Date.now(), outcome, got };
    recorder.operations.push(operation);
    return { answered, operation };
  };
  try {
    const answered = await request();
    const got = answered ? gotOf(answered) : { answer: 'UNAUTHENTICATED' };
    return note(answered, refusals.includes(got.answer) ? 'refused' : 'ok', got);
  } catch (error) {
    const answer = faultIn(error);
    if (mistakes.includes(answer)) throw error;
    const isLate = answer === 'UNAUTHENTICATED' && answeredLate.includes(asking.kind);
    return note(null, refusals.includes(answer) && !isLate ? 'refused' : 'unknown', { answer });
  }
}

function gotOf({ __typename = 'Done', id, state, sessionToken, device, sessionsEnded }: Answered): Got {
  return {
    answer: __typename,
    ...(sessionToken && { session: hashOf('ses', sessionToken) }),
    ...(__typename === 'SignedIn' && device && { deviceId: device.id }),
    ...(__typename === 'Challenge' && { challengeId: id }),
    ...(state && { state }),
    ...(sessionsEnded !== undefined && { sessionsEnded }),
  };
}

/** The code of the one error of an answer, or what kept the answer away. */
function faultIn(error: unknown): string {
  const { message, cause } = error as Error;
  const [, code] = /"code":"([A-Z_]+)"/.exec(message) ?? [];
  return code ?? `${message}${cause instanceof Error ? `: ${cause.message}` : ''}`;
}

/** The hash of a token as the tables have it. */
export function hashOf(kind: 'ses' | 'dev', token: string): string {
  return `\\x${tokenHash(kind, token)?.toString('hex')}`;
}

/** The session that an operation needs. */
export function sessionOf(token: string | null): Pick<Sent, 'session'> {
  return token === null ? {} : { session: hashOf('ses', token) };
}
