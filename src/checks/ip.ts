import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { ipOf } from '../places/client-network.js';

/** `IP`: its values inside the server are always in the one form that is stored and compared. */
export const IP = new GraphQLScalarType<string, string>({
  name: 'IP',
  description: 'An IPv4 or IPv6 address.',
  serialize: String,
  parseValue: parse,
  parseLiteral: (node) => parse(node.kind === Kind.STRING ? node.value : undefined),
});

function parse(value: unknown): string {
  const ip = typeof value === 'string' ? ipOf(value) : null;
  if (ip !== null) return ip;
  throw new GraphQLError('this is not an IPv4 or IPv6 address', { extensions: { code: 'BAD_USER_INPUT' } });
}
