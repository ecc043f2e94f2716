import {
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
} from 'graphql';

/** A place of the API where a client may write a text, and a request that is ordinary but for what stands there. */
export interface TextPlace {
  readonly name: string;
  readonly query: string;
  readonly variables: (value: unknown) => Record<string, unknown>;
}

const textTypes = ['String', 'ID', 'EmailAddress', 'DateTime'];

/** Something ordinary of a type; where the path leads, the value. */
function sampleOf(type: GraphQLInputType, path: readonly string[], value: unknown): unknown {
  const named = getNamedType(type);
  if (path.length === 0) return value;
  if (isInputObjectType(named)) {
    const [head, ...rest] = path;
    const fields = Object.values(named.getFields());
    return Object.fromEntries(
      fields.map(({ name, type: of }) => [name, sampleOf(of, name === head ? rest : ['-'], value)]),
    );
  }
  if (isEnumType(named)) return named.getValues()[0]?.name;
  return (
    { Boolean: true, Int: 1, EmailAddress: 'someone@example.com', DateTime: '2026-01-01T00:00:00Z' }[named.name] ?? 'x'
  );
}

/** Where in an argument a text may stand. */
function pathsIn({ type }: GraphQLArgument | GraphQLInputField): string[][] {
  const named = getNamedType(type);
  if (isInputObjectType(named)) {
    return Object.values(named.getFields()).flatMap((field) => pathsIn(field).map((path) => [field.name, ...path]));
  }
  return textTypes.includes(named.name) ? [[]] : [];
}

/** Every place where the fields of a type take a text. */
function placesIn(type: GraphQLObjectType, wrap: (selection: string) => string, keyword: string): TextPlace[] {
  return Object.values(type.getFields()).flatMap((field) =>
    field.args.flatMap((argument) =>
      pathsIn(argument).map((path) => ({
        name: [type.name, field.name, argument.name, ...path].join('.'),
        query: `${keyword} (${field.args.map(({ name, type: of }) => `$${name}: ${of}`).join(' ')}) {
          ${wrap(`${field.name}(${field.args.map(({ name }) => `${name}: $${name}`).join(' ')})
            ${isLeafType(getNamedType(field.type)) ? '' : '{ __typename }'}`)} }`,
        variables: (value: unknown) =>
          Object.fromEntries(
            field.args.map((other) => [other.name, sampleOf(other.type, other === argument ? path : ['-'], value)]),
          ),
      })),
    ),
  );
}

/** All places of a schema; over WebSocket are those of subscriptions. */
export function textPlacesOf(schema: GraphQLSchema): { overHttp: TextPlace[]; overWebSocket: TextPlace[] } {
  const root = (selection: string) => selection;
  const of = (name: string) => schema.getType(name) as GraphQLObjectType;
  return {
    overHttp: [
      ...placesIn(of('Query'), root, 'query'),
      ...placesIn(of('Mutation'), root, 'mutation'),
      ...placesIn(of('Account'), (selection) => `viewer { ${selection} }`, 'query'),
    ],
    overWebSocket: placesIn(of('Subscription'), root, 'subscription'),
  };
}
