import { type ApolloServerPlugin, type BaseContext, HeaderMap } from '@apollo/server';
import type { FastifyRequest } from 'fastify';
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  isObjectType,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { TRANSPORT_HEADER } from './cookies.js';

/** Headers of which one has to come with a GET: no form and no image can send it unasked (Apollo's CSRF prevention). */
export const preflightHeaders = [
  'apollo-require-preflight',
  'x-apollo-operation-name',
  'graphql-require-preflight',
  'authorization',
  TRANSPORT_HEADER,
];

/** Whether a GET is a query that a page of another site cannot have had sent. */
export function isQueryByGet({ query, headers }: FastifyRequest): boolean {
  const isQuery = typeof (query as { query?: unknown }).query === 'string';
  return isQuery && preflightHeaders.some((name) => headers[name] !== undefined && headers[name] !== '');
}

const secretArgument = /token|code|password/i;
const secretField = /^code$|token$/i;

/**
 * Addresses are written down: by proxies, in histories, in logs. So by GET nothing is asked that takes a token or shows a
 * code or a token.
 */
export const keepSecretsOutOfAddresses: ApolloServerPlugin<BaseContext> = {
  requestDidStart: async () => ({
    async didResolveOperation({ request, document, schema }) {
      if (request.http?.method !== 'GET') return;
      const field = secretFieldIn(document, schema);
      if (field === null) return;
      throw new GraphQLError(`${field} is served by POST alone: it takes a token, or shows what is secret.`, {
        extensions: { code: 'BAD_REQUEST', http: { status: 405, headers: new HeaderMap([['allow', 'POST']]) } },
      });
    },
  }),
};

function secretFieldIn(document: DocumentNode, schema: GraphQLSchema): string | null {
  const types = new TypeInfo(schema);
  let found: string | null = null;
  visit(
    document,
    visitWithTypeInfo(types, {
      Field() {
        const field = types.getFieldDef();
        if (field && isSecret(field)) found ??= field.name;
      },
    }),
  );
  return found;
}

function isSecret({ name, args, type }: GraphQLField<unknown, unknown>): boolean {
  const named = getNamedType(type);
  const shown = isObjectType(named) ? Object.keys(named.getFields()) : [];
  return (
    args.some((argument) => secretArgument.test(argument.name)) ||
    [name, ...shown].some((each) => secretField.test(each))
  );
}
