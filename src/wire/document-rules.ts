import {
  type ASTVisitor,
  GraphQLError,
  Kind,
  NoSchemaIntrospectionCustomRule,
  OperationTypeNode,
  type SelectionNode,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';
import type { Limits } from '../config/limits.js';

/**
 * How many errors of one document, and of its variables, are told; the rest is not looked for. Each error of a variable
 * writes down the whole value, and each name that is not there is held against all that are.
 */
export const validationOptions = { maxErrors: 5 } as const;
export const executionOptions = { maxCoercionErrors: 3 } as const;

/**
 * What a GraphQL document may be, over HTTP and WebSocket alike: not too deep, not too many aliases, and one root field
 * in a mutation or a subscription. Each fragment is looked into once, so that doubling fragments cost nothing.
 */
export function documentRules(limits: Limits, introspection: boolean): ValidationRule[] {
  return [
    ...(introspection ? [] : [NoSchemaIntrospectionCustomRule]),
    (context) => new DepthRule(context, limits.GRAPHQL_DEPTH).visitor(),
    (context) => maxAliases(context, limits),
    (context) => oneRootField(context),
    (context) => unconditionalSubscription(context),
  ];
}

function reject(context: ValidationContext, message: string, node?: SelectionNode): void {
  context.reportError(new GraphQLError(message, { nodes: node ? [node] : undefined }));
}

class DepthRule {
  private readonly fragments = new Map<string, number>();

  constructor(
    private readonly context: ValidationContext,
    private readonly max: number,
  ) {}

  visitor(): ASTVisitor {
    return {
      OperationDefinition: (operation) => {
        if (this.depthOf(operation.selectionSet, new Set()) > this.max) {
          reject(this.context, `The document is nested more than ${this.max} levels deep.`);
        }
      },
    };
  }

  private depthOf(selections: SelectionSetNode, spreading: ReadonlySet<string>): number {
    let deepest = 0;
    for (const selection of selections.selections) {
      deepest = Math.max(deepest, this.depthOfSelection(selection, spreading));
    }
    return deepest;
  }

  private depthOfSelection(selection: SelectionNode, spreading: ReadonlySet<string>): number {
    if (selection.kind === Kind.FIELD) {
      // Introspection has a depth of its own making; where it is off, another rule refuses it.
      if (selection.name.value.startsWith('__')) return 0;
      return 1 + (selection.selectionSet ? this.depthOf(selection.selectionSet, spreading) : 0);
    }
    if (selection.kind === Kind.INLINE_FRAGMENT) return this.depthOf(selection.selectionSet, spreading);
    return this.depthOfFragment(selection.name.value, spreading);
  }

  private depthOfFragment(name: string, spreading: ReadonlySet<string>): number {
    const known = this.fragments.get(name);
    if (known !== undefined) return known;
    const fragment = this.context.getFragment(name);
    // A cycle or a missing fragment is another rule's error; it must only not run for ever here.
    if (!fragment || spreading.has(name)) return 0;
    const depth = this.depthOf(fragment.selectionSet, new Set([...spreading, name]));
    this.fragments.set(name, depth);
    return depth;
  }
}

/** Those of fields that lead to objects are counted for themselves: each asks for whole lists of them once more. */
function maxAliases(
  context: ValidationContext,
  { GRAPHQL_ALIASES: max, GRAPHQL_OBJECT_ALIASES: maxOfObjects }: Limits,
): ASTVisitor {
  let aliases = 0;
  let ofObjects = 0;
  return {
    Field(node) {
      if (!node.alias) return;
      aliases += 1;
      if (aliases === max + 1) reject(context, `The document has more than ${max} aliases.`, node);
      if (isOfIntrospection(context, node.name.value)) reject(context, 'Introspection takes no aliases.', node);
      if (!node.selectionSet) return;
      ofObjects += 1;
      if (ofObjects !== maxOfObjects + 1) return;
      reject(context, `The document has more than ${maxOfObjects} aliases of fields that lead to objects.`, node);
    },
  };
}

function isOfIntrospection(context: ValidationContext, field: string): boolean {
  return field === '__schema' || field === '__type' || Boolean(context.getParentType()?.name.startsWith('__'));
}

/**
 * A mutation spends tries and sends, so a request carries one. Counted in the document, through fragments and whatever
 * `@skip` and `@include` say.
 */
function oneRootField(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition({ operation, selectionSet }) {
      if (operation === OperationTypeNode.QUERY) return;
      const fields = countRootFields(context, selectionSet, new Map());
      if (fields > 1) reject(context, `A ${operation} has exactly one root field.`);
    },
  };
}

/** Nothing to subscribe to would be left where `@skip` or `@include` took the root field out (GraphQL, 5.2.4.1). */
function unconditionalSubscription(context: ValidationContext): ASTVisitor {
  const looked = new Set<SelectionSetNode>();
  const look = (selections: SelectionSetNode | undefined): void => {
    if (!selections || looked.has(selections)) return;
    looked.add(selections);
    for (const selection of selections.selections) {
      if (selection.directives?.some(({ name }) => name.value === 'skip' || name.value === 'include')) {
        reject(context, 'The root field of a subscription has neither @skip nor @include.', selection);
      }
      if (selection.kind === Kind.INLINE_FRAGMENT) look(selection.selectionSet);
      if (selection.kind === Kind.FRAGMENT_SPREAD) look(context.getFragment(selection.name.value)?.selectionSet);
    }
  };
  return {
    OperationDefinition({ operation, selectionSet }) {
      if (operation === OperationTypeNode.SUBSCRIPTION) look(selectionSet);
    },
  };
}

function countRootFields(
  context: ValidationContext,
  selections: SelectionSetNode,
  counted: Map<string, number>,
): number {
  let fields = 0;
  for (const selection of selections.selections) {
    if (selection.kind === Kind.FIELD) fields += 1;
    else if (selection.kind === Kind.INLINE_FRAGMENT)
      fields += countRootFields(context, selection.selectionSet, counted);
    else fields += countInFragment(context, selection.name.value, counted);
    // More than one is all that is asked.
    if (fields > 1) return fields;
  }
  return fields;
}

function countInFragment(context: ValidationContext, name: string, counted: Map<string, number>): number {
  const known = counted.get(name);
  if (known !== undefined) return known;
  // Set before it is looked into: a cycle ends here.
  counted.set(name, 0);
  const fragment = context.getFragment(name);
  const fields = fragment ? countRootFields(context, fragment.selectionSet, counted) : 0;
  counted.set(name, fields);
  return fields;
}
