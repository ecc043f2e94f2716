import { GraphQLError } from 'graphql';
import type { Wait } from '../texts/times.js';

/**
 * The codes of ours that leave in `errors[].extensions.code`; the list is closed. A request that never reached a resolver
 * has one of GraphQL's own instead, see format-error.ts.
 */
export type ErrorCode =
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'BAD_USER_INPUT'
  | 'CURSOR_LOST'
  | 'RATE_LIMITED'
  | 'OVERLOADED'
  | 'INTERNAL_SERVER_ERROR';

/** A refusal that is nobody's screen but the developer's: its message is for the one who wrote the client. */
export class ApiError extends GraphQLError {
  constructor(code: ErrorCode, message: string, extensions: Record<string, unknown> = {}) {
    super(message, { extensions: { ...extensions, code } });
  }
}

/** The request carries no live session. */
export class Unauthenticated extends ApiError {
  constructor() {
    super('UNAUTHENTICATED', 'This needs a live session.');
  }
}

/** The session's device is not trusted. */
export class Forbidden extends ApiError {
  constructor() {
    super('FORBIDDEN', 'This needs a session on a trusted device.');
  }
}

/** The account's user and password are a product's own: what asks for them here has nothing to ask. */
export class HeldElsewhere extends ApiError {
  constructor() {
    super('FORBIDDEN', 'The product holds this account and its password: ask there.');
  }
}

/** The id names nothing that belongs to the caller. */
export class NotFound extends ApiError {
  constructor(what: string) {
    super('NOT_FOUND', `There is no such ${what}.`);
  }
}

/** A value is out of its bounds. */
export class BadUserInput extends ApiError {
  /** @param field the path of the value, such as `input.device.name` */
  constructor(field: string, message: string) {
    super('BAD_USER_INPUT', `${field}: ${message}`, { field });
  }
}

/** What came after the cursor cannot be told any more: whoever reads has to look at everything anew. */
export class CursorLost extends ApiError {
  constructor() {
    super(
      'CURSOR_LOST',
      'This cursor is too old, or of another database: read what you hold anew, and go on without it.',
    );
  }
}

/** Too often; `retryAt` says when it works again, `retryInSeconds` how long that is. */
export class RateLimited extends ApiError {
  constructor(readonly retry: Wait) {
    const { until, seconds } = retry;
    super('RATE_LIMITED', 'Too many requests; try again later.', {
      retryAt: until.toISOString(),
      retryInSeconds: seconds,
    });
  }
}

/** The server has more to do than it may queue; the same request works a moment later. */
export class Overloaded extends ApiError {
  constructor() {
    super('OVERLOADED', 'The server is busy; try again in a moment.');
  }
}
