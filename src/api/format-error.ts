import { unwrapResolverError } from '@apollo/server/errors';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import { ArgumentValidationError } from 'type-graphql';
import { ApiError } from './errors.js';

interface Violation {
  readonly property: string;
  readonly constraints?: Readonly<Record<string, string>>;
  readonly children?: readonly Violation[];
}

/** Codes that GraphQL itself gives to requests that never reached a resolver; their messages are for the developer. */
const requestCodes = [
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'BAD_REQUEST',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_SUPPORTED',
];

/**
 * What of an error leaves the server: refusals as they are, faults of a request without hints about the schema, and of
 * everything else the request's id alone. The log has the rest under that id.
 */
export function formatError(
  formatted: GraphQLFormattedError,
  error: unknown,
  { logger, requestId, production }: { logger: Logger; requestId: string; production: boolean },
): GraphQLFormattedError {
  const cause = unwrapResolverError(error);
  const { path, locations } = formatted;
  if (cause instanceof ApiError) {
    return { message: cause.message, path, extensions: { ...cause.extensions } };
  }
  if (cause instanceof ArgumentValidationError) {
    const [violation] = violationsOf(cause.extensions.validationErrors as readonly Violation[]);
    const { field, message } = violation ?? { field: 'input', message: 'is not valid' };
    return { message: `${field} ${message}`, path, extensions: { code: 'BAD_USER_INPUT', field } };
  }
  const code = formatted.extensions?.code;
  const isOfRequest = typeof code === 'string' && requestCodes.includes(code);
  if (isOfRequest || (cause instanceof GraphQLError && !cause.originalError && !path)) {
    const message = production ? withoutHints(formatted.message) : formatted.message;
    return { message, locations, path, extensions: { code: isOfRequest ? code : 'GRAPHQL_VALIDATION_FAILED' } };
  }
  logger.error({ err: cause, requestId }, 'a request failed');
  return {
    message: 'Something went wrong on our side.',
    path,
    extensions: { code: 'INTERNAL_SERVER_ERROR', requestId },
  };
}

/** graphql-js proposes the names that it knows; in production a stranger need not learn them. */
function withoutHints(message: string): string {
  return message.replace(/ ?Did you mean.*$/s, '').replace(/ ?(Perhaps|Maybe) you.*$/s, '');
}

function violationsOf(
  errors: readonly Violation[],
  path: readonly string[] = [],
): { field: string; message: string }[] {
  return errors.flatMap(({ property, constraints, children }) => {
    const here = [...path, property];
    const own = Object.values(constraints ?? {}).map((message) => ({ field: here.join('.'), message }));
    return [...own, ...violationsOf(children ?? [], here)];
  });
}
