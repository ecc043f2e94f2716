/**
 * Why there is no answer. Doorstep's own codes stand beside these of ours: `UNREACHABLE` (nothing answers there, or
 * something that is not Doorstep), `TIMED_OUT`, and `REFUSED` (a socket was closed for good).
 */
export type DoorstepErrorCode =
  | 'UNREACHABLE'
  | 'TIMED_OUT'
  | 'REFUSED'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'BAD_USER_INPUT'
  | 'CURSOR_LOST'
  | 'RATE_LIMITED'
  | 'OVERLOADED'
  | 'INTERNAL_SERVER_ERROR'
  // One that a later version may have.
  | (string & {});

const TEMPORARY: readonly DoorstepErrorCode[] = [
  'UNREACHABLE',
  'TIMED_OUT',
  'RATE_LIMITED',
  'OVERLOADED',
  'INTERNAL_SERVER_ERROR',
];

/** What an error knows besides its code. */
interface Circumstances {
  readonly cause?: unknown;
  /** How long until it works again, where Doorstep said so. */
  readonly retryInSeconds?: number | null;
  /** Under which Doorstep's log has the rest. */
  readonly requestId?: string | null;
}

/** Doorstep could not be asked, or refused to answer: it says nothing about who is signed in. */
export class DoorstepError extends Error {
  override readonly name = 'DoorstepError';
  /** What your own server answers where nobody catches it: Express and Fastify go by this. */
  readonly statusCode = 503;
  /** How long until it works again, where Doorstep said so. */
  readonly retryInSeconds: number | null;
  /** Under which Doorstep's log has the rest. */
  readonly requestId: string | null;

  constructor(
    readonly code: DoorstepErrorCode,
    message: string,
    { cause, retryInSeconds, requestId }: Circumstances = {},
  ) {
    super(message, { cause });
    this.retryInSeconds = retryInSeconds ?? null;
    this.requestId = requestId ?? null;
  }

  /** Whether the same may work later, with nothing changed. */
  get isTemporary(): boolean {
    return TEMPORARY.includes(this.code);
  }
}

/** An entry of a GraphQL answer's `errors`. */
export interface GraphqlFault {
  readonly message: string;
  readonly extensions?: { readonly code?: unknown; readonly retryInSeconds?: unknown; readonly requestId?: unknown };
}

/** The error that an answer with `errors` stands for. */
export function errorOf({ message, extensions = {} }: GraphqlFault): DoorstepError {
  const { code, retryInSeconds, requestId } = extensions;
  return new DoorstepError(typeof code === 'string' ? code : 'INTERNAL_SERVER_ERROR', String(message), {
    retryInSeconds: typeof retryInSeconds === 'number' ? retryInSeconds : null,
    requestId: typeof requestId === 'string' ? requestId : null,
  });
}
