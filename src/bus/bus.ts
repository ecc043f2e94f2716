import type { BaseLogger } from 'pino';
import type { RunnableConfig } from '../config/config.js';
import { LinkedBus } from './linked-bus.js';
import { PostgresLink } from './postgres-link.js';
import { RedisLink } from './redis-link.js';

/** What one can listen to: an account or a challenge, by id. */
export type Topic = `account:${string}` | `challenge:${string}`;

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
  /** Whether messages of other servers arrive now. */
  readonly isConnected: boolean;
  /** Gives messages that are under way a moment to leave; resolves within a second, whatever the store does. */
  close(): Promise<void>;
}

/**
 * Opens the bus on Redis where there is one, else on PostgreSQL. It neither waits for the store nor fails without it:
 * listeners on the same server are woken all the same, and each outage is logged once.
 */
export function openBus(
  { redisUrl, redisPrefix, databaseUrl }: Pick<RunnableConfig, 'redisUrl' | 'redisPrefix' | 'databaseUrl'>,
  logger: Pick<BaseLogger, 'info' | 'warn' | 'error'>,
): Bus {
  return new LinkedBus(
    (events) =>
      redisUrl === null ? new PostgresLink(databaseUrl, events) : new RedisLink(redisUrl, redisPrefix, events),
    logger,
  );
}

/**
 * Turns the wake-ups of several topics into something that one loop can wait for; those between two waits count as one.
 *
 * `while (!alarm.isOver) { await show(); await alarm.wait(recheckMs); }`
 */
export class Alarm implements Disposable {
  private readonly unsubscribes: readonly (() => void)[];
  private wakeUp: () => void = () => {};
  private hasRung = false;
  private isDisposed = false;

  constructor(bus: Pick<Bus, 'subscribe'>, topics: readonly Topic[]) {
    this.unsubscribes = topics.map((topic) => bus.subscribe(topic, () => this.ring()));
  }

  /** Whether the alarm was disposed; from then on `wait` resolves at once. */
  get isOver(): boolean {
    return this.isDisposed;
  }

  /** Resolves at the next wake-up (at once if there was one since the last wait), after `ms`, or when it is over. */
  async wait(ms?: number): Promise<void> {
    if (!this.hasRung && !this.isDisposed) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.wakeUp = resolve;
        if (ms !== undefined) timer = setTimeout(resolve, ms);
      });
      clearTimeout(timer);
    }
    // A ring up to this point is answered by what the loop reads next.
    this.hasRung = false;
  }

  /** Wakes the loop, or spares it its next wait. */
  ring(): void {
    this.hasRung = true;
    this.wakeUp();
  }

  [Symbol.dispose](): void {
    this.isDisposed = true;
    for (const unsubscribe of this.unsubscribes) unsubscribe();
    this.ring();
  }
}
