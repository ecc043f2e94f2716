import type { Topic } from './bus.js';

/**
 * What carries topics between servers. It begins to connect when it is made, tries again for as long as it takes, and
 * needs no help to heal.
 */
export interface Link {
  /** Tells the topics to every server; rejects where they may not have gone out. Not called again before it settles. */
  send(topics: readonly Topic[]): Promise<void>;
  /**
   * The topic has its first listener here.
   * @returns whether its messages arrive from now on (`wake` was called then), or that takes too long to wait for it; never
   *   rejects. Null: they arrive already, or will with all others (`up`)
   */
  listen(topic: Topic): Promise<boolean> | null;
  /** The topic has no listener here any more. */
  unlisten(topic: Topic): void;
  /** Resolves within half a second, whatever the store does. */
  close(): Promise<void>;
}

/** What a link reports to the bus. */
export interface LinkEvents {
  /** A message came, or a subscription came into force. The name is as it arrived: it may be no topic at all. */
  wake(name: string): void;
  /** Messages arrive from now on; some may have been missed before. */
  up(): void;
  /** Messages do not arrive, or not reliably. Called at every failed attempt. */
  down(error: Error): void;
}

/** How often a connection is asked whether it lives: a peer that vanished sends no FIN. */
export const PING_EVERY_MS = 5_000;

/** How long the store may take to answer before its connection counts as dead. */
export const ANSWER_MS = 2_000;

/** How long a link may take to part with its store. */
export const CLOSE_MS = 400;

const RETRY_FIRST_MS = 100;
const RETRY_LONGEST_MS = 2_000;

/** How long to wait before the next attempt: doubling from 100 ms to 2 s, half of it random so that servers spread. */
export function retryDelayMs(failedAttempts: number): number {
  return Math.min(RETRY_FIRST_MS * 2 ** failedAttempts, RETRY_LONGEST_MS) * (0.5 + Math.random() / 2);
}
