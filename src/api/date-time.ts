import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { GraphQLDateTime } from 'graphql-scalars';

/** RFC 3339 with all the digits that anybody's clock has. */
const WRITTEN_LENGTH_MOST = 64;

/** The library's `DateTime`, which reads texts of a bounded length alone, and quotes nothing that it refuses. */
export const DateTime = new GraphQLScalarType<Date, Date>({
  ...GraphQLDateTime.toConfig(),
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time.html',
  parseValue: parse,
  parseLiteral: (node) => parse(node.kind === Kind.STRING ? node.value : undefined),
});

function parse(value: unknown): Date {
  try {
    if (typeof value === 'string' && value.length <= WRITTEN_LENGTH_MOST) return GraphQLDateTime.parseValue(value);
  } catch {
    // Its message holds the value.
  }
  throw new GraphQLError('this is not an instant such as 2007-12-03T10:15:30Z', {
    extensions: { code: 'BAD_USER_INPUT' },
  });
}
