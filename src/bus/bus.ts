/**
 * What one can listen to: an account, which of its devices are online, or a challenge, by id; events that have no number
 * yet; the feed of those that have.
 */
export type Topic = `account:${string}` | `presence:${string}` | `challenge:${string}` | 'events' | 'feed';

/**
 * Wakes the listeners of a topic on every server. It carries no data: whoever is woken reads the rows again, so a
 * message that is dropped, doubled or forged costs a read at most.
 */
export interface Bus {
  /**
   * Wakes the topic's listeners here in this turn of the event loop, and those on other servers as soon as the store
   * can be reached. A burst on one topic counts as one. Never throws, never waits.
   */
  publish(topic: Topic): void;
  /**
   * Runs `wake` at each message; when the subscription came into force only after `subscribe` returned; and whenever the
   * connection was lost and came back. So: subscribe first, then read the rows.
   * @returns ends the subscription; may be called again
   */
  subscribe(topic: Topic, wake: () => void): () => void;
  /**
   * Of a topic that is listened to: resolves as soon as its messages arrive, or where the store is away or slow.
   * @returns whether that was still to come, and came: then whoever listens is woken in this turn
   */
  inForce(topic: Topic): Promise<boolean>;
  /** Wakes the topic's listeners here alone: a wake-up that got lost on its way. */
  wakeHere(topic: Topic): void;
  /** What somebody here listens to. */
  readonly topics: Iterable<Topic>;
  /** How many listen to it here. */
  listenersOn(topic: Topic): number;
  /** Whether messages of other servers arrive now. */
  readonly isConnected: boolean;
  /** Gives messages that are under way a moment to leave; resolves within a second, whatever the store does. */
  close(): Promise<void>;
}
