import type { StartVerificationMutation, StartVerificationMutationVariables } from './operations.js';

/**
 * Your own id of somebody, for good: 1 to 128 visible ASCII characters, or a whole number. It is text at Doorstep, and comes back
 * as text: compare it with `String(id)`.
 */
export type ExternalId = string | number | bigint;

/** One of the people that you hold yourself. */
export interface SubjectOptions {
  readonly externalId: ExternalId;
  readonly email: string;
  /** BCP 47, for what Doorstep writes to them. */
  readonly locale?: string | null;
}

/** A second step, after you have proven the first. */
export interface VerifyOptions {
  /** Yours, and new for each: `crypto.randomUUID()`. Keep it in the half-signed-in session of that browser, with you. */
  readonly requestId: string;
  readonly externalId: ExternalId;
  /** As you read it (`subject`) before you compared the password. */
  readonly epoch: number;
  readonly purpose: 'SIGN_IN' | 'ENABLE_TWO_STEP' | 'DISABLE_TWO_STEP';
  /** DISABLE_TWO_STEP, required there: the session of Doorstep's that asks. */
  readonly sessionId?: string;
}

/** An action that takes a code of its own, shown with these words. */
export interface ConfirmOptions {
  /** As in `VerifyOptions`. */
  readonly requestId: string;
  /** A subject of yours, or else `accountId`. */
  readonly externalId?: ExternalId;
  /** An account that somebody opened at Doorstep, for a client with `--own-accounts`. */
  readonly accountId?: string;
  /** The session of Doorstep's that asks: its own device is not shown the code. */
  readonly sessionId: string;
  /** What will be done, 1 to 80 characters. */
  readonly title: string;
  /** With what, at most 5: labels of 1 to 32 characters, values of 1 to 64. */
  readonly fields?: readonly { readonly label: string; readonly value: string }[];
}

/**
 * What became of a start: `VerificationStarted`, with the `challengeToken` for the person's device; or why there is nothing
 * to wait for.
 */
export type StartedVerification = StartVerificationMutation['startVerification'];

/** As backend.graphql has it. */
type Input = StartVerificationMutationVariables['input'];

export function inputOf({ requestId, externalId, epoch, purpose, sessionId }: VerifyOptions): Input {
  return { requestId, externalId: textOf(externalId), epoch, purpose, sessionId: sessionId ?? null };
}

export function confirmationInputOf({ title, fields = [], externalId, accountId, ...asked }: ConfirmOptions): Input {
  return {
    ...asked,
    externalId: externalId === undefined || externalId === null ? null : textOf(externalId),
    accountId: accountId ?? null,
    purpose: 'CONFIRM',
    action: { title, fields: [...fields] },
  };
}

/** @throws TypeError for what is no id: nobody is meant by `undefined`, and a number that is not exact is somebody else's */
export function textOf(externalId: ExternalId): string {
  const isId = ['string', 'bigint'].includes(typeof externalId) || Number.isSafeInteger(externalId);
  if (!isId) throw new TypeError('externalId: expected text or a whole number');
  return String(externalId);
}
