import type { People } from '../site/people.js';

/** An operation that is measured. */
export type OperationName = 'second-step' | 'trusted' | 'new-device' | 'viewer' | 'activity' | 'check';

/** What a load process does. */
export type Task =
  | {
      readonly kind: OperationName;
      readonly url: string;
      readonly socketUrl: string;
      readonly people: People;
      readonly atOnce: number;
      readonly seconds: number;
      /** Of a product's backend, where that is who asks. */
      readonly key?: string | undefined;
    }
  /** Opens a live subscription for each, and holds it. */
  | { readonly kind: 'sockets'; readonly socketUrl: string; readonly people: People; readonly atOnce: number }
  /** Codes are asked for at one server and appear at another. */
  | {
      readonly kind: 'latency';
      readonly url: string;
      readonly socketUrl: string;
      readonly people: People;
      readonly seconds: number;
    }
  /** Events are written, and a product's backend hears of them. */
  | {
      readonly kind: 'feed-writer';
      readonly databaseUrl: string;
      readonly redisUrl: string | null;
      readonly redisPrefix: string;
      readonly seconds: number;
    }
  | { readonly kind: 'feed-reader'; readonly socketUrl: string; readonly key: string }
  /** Takes what is pushed. */
  | { readonly kind: 'push-service'; readonly port: number }
  | { readonly kind: 'http'; readonly url: string; readonly atOnce: number; readonly seconds: number }
  | { readonly kind: 'bare-sockets'; readonly socketUrl: string; readonly count: number; readonly atOnce: number };

/** A load that goes in rounds. */
export interface Load {
  /** What a round needs and is not measured. */
  prepare?(): Promise<unknown>;
  /** @param argument of the round, where it takes one */
  round(argument: unknown): Promise<unknown>;
}
