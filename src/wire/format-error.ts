import { unwrapResolverError } from '@apollo/server/errors';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import { ApiError } from '../api/errors.js';

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
  const cause = causeOf(error);
  const { path, locations } = formatted;
  if (cause instanceof ApiError) {
    return { message: cause.message, path, extensions: { ...cause.extensions } };
  }
  const refused = cause instanceof GraphQLError ? (refusedVariable(cause) ?? refusedNull(cause)) : null;
  if (refused) {
    const message = production ? withoutHints(refused.message) : refused.message;
    return { message, locations, path, extensions: { code: 'BAD_USER_INPUT', field: refused.field } };
  }
  const code = formatted.extensions?.code;
  const isOfRequest = typeof code === 'string' && requestCodes.includes(code);
  if (isOfRequest || (cause instanceof GraphQLError && !cause.originalError && !path)) {
    const shown = withoutValues(formatted.message);
    const message = production ? withoutHints(shown) : shown;
    return { message, locations, path, extensions: { code: isOfRequest ? code : 'GRAPHQL_VALIDATION_FAILED' } };
  }
  logger.error({ err: cause, requestId }, 'a request failed');
  return {
    message: 'Something went wrong on our side.',
    path,
    extensions: { code: 'INTERNAL_SERVER_ERROR', requestId },
  };
}

/** What was thrown: by a resolver, or by a stream that was under way, whose errors have no path. */
function causeOf(error: unknown): unknown {
  if (error instanceof GraphQLError && error.originalError instanceof ApiError) return error.originalError;
  return unwrapResolverError(error);
}

/**
 * A value of a variable that its type does not take. graphql-js quotes it, and it may be or hold a password or a token:
 * what is told is where it is, and what the type wants.
 */
function refusedVariable({ message, originalError }: GraphQLError): { field: string; message: string } | null {
  const [, variable] = /^Variable "\$(\w+)" got invalid value /.exec(message) ?? [];
  const reason = originalError?.message;
  if (!variable || reason === undefined) return null;
  const place = message.slice(0, -reason.length - '; '.length);
  const field = / at "([^"]*)"$/.exec(place)?.[1] ?? variable;
  return { field, message: `${field}: ${withoutValues(reason)}` };
}

/** Null for an argument that may be left out but not be null: a document may pass it, so it comes to light as it runs. */
function refusedNull({ message }: GraphQLError): { field: string; message: string } | null {
  const [, field] = /^Argument "(\w+)" of non-null type "[^"]*" must not be null/.exec(message) ?? [];
  return field === undefined ? null : { field, message: `${field}: must not be null` };
}

/** graphql-js quotes what a scalar cannot represent. */
function withoutValues(message: string): string {
  return message.replace(/( cannot represent .*?value): .*$/s, '$1');
}

/** graphql-js proposes the names that it knows; in production a stranger need not learn them. */
function withoutHints(message: string): string {
  return message.replace(/ ?Did you mean.*$/s, '').replace(/ ?(Perhaps|Maybe) you.*$/s, '');
}
