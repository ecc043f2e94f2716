import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  parse,
  specifiedRules,
  type ValidationRule,
  validate,
} from 'graphql';
import type { Limits } from '../config/limits.js';
import { validationOptions } from './document-rules.js';

/** What is kept to be run again, in documents of the greatest length and of most tokens: what apps ask is a handful. */
const KEPT_MOST = 20;

/** A document that may be run, and its text, of which there is one for all who sent the same. */
export interface Prepared {
  readonly text: string;
  readonly document: DocumentNode;
  /** How long it is. */
  readonly tokens: number;
}

/** Parses documents and holds them to the rules, once for as long as it is sent again and again. */
export class Documents {
  /** The one that was asked for last stands last. */
  private readonly kept = new Map<string, Prepared>();
  private keptShare = 0;

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly rules: readonly ValidationRule[],
    private readonly limits: Pick<Limits, 'GRAPHQL_TOKENS' | 'WS_PAYLOAD_BYTES'>,
  ) {}

  /** @returns the document, or what is wrong with it */
  prepare(text: string): Prepared | readonly GraphQLError[] {
    const known = this.kept.get(text);
    if (known) {
      this.kept.delete(text);
      this.kept.set(text, known);
      return known;
    }
    let document: DocumentNode;
    try {
      document = parse(text, { maxTokens: this.limits.GRAPHQL_TOKENS, noLocation: true });
    } catch (error) {
      return [asRequestError(error, 'GRAPHQL_PARSE_FAILED')];
    }
    const errors = this.validate(document);
    if (errors.length > 0) return errors;
    const prepared = { text, document, tokens: document.tokenCount ?? 0 };
    this.keep(prepared);
    return prepared;
  }

  /** A rule of graphql-js may throw over a document instead of reporting it. */
  private validate(document: DocumentNode): readonly GraphQLError[] {
    try {
      const errors = validate(this.schema, document, [...specifiedRules, ...this.rules], validationOptions);
      return errors.map((error) => asRequestError(error, 'GRAPHQL_VALIDATION_FAILED'));
    } catch (error) {
      return [asRequestError(error, 'GRAPHQL_VALIDATION_FAILED')];
    }
  }

  private keep(prepared: Prepared): void {
    this.kept.set(prepared.text, prepared);
    this.keptShare += this.shareOf(prepared);
    for (const [text, oldest] of this.kept) {
      if (this.keptShare <= KEPT_MOST) return;
      this.kept.delete(text);
      this.keptShare -= this.shareOf(oldest);
    }
  }

  /** Of what the longest document takes: a text may be long and say little. */
  private shareOf({ text, tokens }: Prepared): number {
    return Math.max(tokens / this.limits.GRAPHQL_TOKENS, text.length / this.limits.WS_PAYLOAD_BYTES);
  }
}

/** @throws what is no fault of the document */
export function asRequestError(error: unknown, code: string): GraphQLError {
  if (!(error instanceof GraphQLError)) throw error;
  return new GraphQLError(error.message, {
    nodes: error.nodes,
    source: error.source,
    positions: error.positions,
    extensions: { code },
  });
}
