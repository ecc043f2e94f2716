import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { Redis, type RedisOptions, ReplyError } from 'ioredis';
import { readRedisUrl } from '../config/redis-url.js';
import type { Topic } from './bus.js';
import { ANSWER_MS, CLOSE_MS, type Link, type LinkEvents, PING_EVERY_MS, retryDelayMs } from './link.js';

const CHANNELS_PER_COMMAND = 1_000;
/** For how long whoever begins to listen waits for that to be in force. */
const LISTEN_MS = 250;

/** Nothing is queued or sent again by the client: what is wanted is kept here, and told anew on each connection. */
const options: RedisOptions = {
  enableOfflineQueue: false,
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  // Pub/sub works while Redis loads its data, and INFO is more than the ACL of such a user needs to allow.
  enableReadyCheck: false,
  connectTimeout: ANSWER_MS,
  commandTimeout: ANSWER_MS,
  disconnectTimeout: CLOSE_MS / 2,
  keepAlive: 10_000,
};

/**
 * Topics over Redis pub/sub, a channel `<REDIS_PREFIX>:<topic>` each; a user with an ACL needs PUBLISH, SUBSCRIBE, UNSUBSCRIBE,
 * PING and `&<REDIS_PREFIX>:*`. Two connections, since one that subscribes may do nothing else under RESP2.
 */
export class RedisLink implements Link {
  private readonly channelPrefix: string;
  private readonly wanted = new Set<Topic>();
  /** Those that have come or gone in this turn. */
  private readonly changed = new Set<Topic>();
  private telling: Promise<boolean> | null = null;
  private readonly subscriber: Redis;
  private readonly publisher: Redis;
  private readonly watchdog: NodeJS.Timeout;
  private failedAttempts = 0;
  private lastError: Error | null = null;

  constructor(
    url: string,
    prefix: string,
    private readonly events: LinkEvents,
  ) {
    this.channelPrefix = `${prefix}:`;
    const address = readRedisUrl(url);
    // Counted here, not by the client: for it a connection has succeeded before the subscriptions have.
    this.subscriber = new Redis({ ...address, ...options, retryStrategy: () => retryDelayMs(this.failedAttempts++) });
    this.subscriber.on('ready', () => void this.takeUp());
    this.subscriber.on('message', (channel) => events.wake(channel.slice(this.channelPrefix.length)));
    this.subscriber.on('error', (error) => {
      this.lastError = error;
    });
    this.subscriber.on('close', () => {
      events.down(this.lastError ?? new Error('Redis closed the connection'));
      this.lastError = null;
    });

    this.publisher = new Redis({ ...address, ...options, retryStrategy: retryDelayMs });
    // Without a listener the client prints; what it means shows when something is sent.
    this.publisher.on('error', () => {});

    this.watchdog = setInterval(() => {
      this.probe(this.subscriber);
      this.probe(this.publisher);
    }, PING_EVERY_MS).unref();
  }

  async send(topics: readonly Topic[]): Promise<void> {
    if (this.publisher.status !== 'ready') throw new Error('Redis is away');
    // In one packet.
    const batch = topics.reduce(
      (commands, topic) => commands.publish(this.channelPrefix + topic, ''),
      this.publisher.pipeline(),
    );
    for (const [error] of (await batch.exec()) ?? []) if (error) throw error;
  }

  listen(topic: Topic): Promise<boolean> | null {
    this.wanted.add(topic);
    return this.change(topic);
  }

  unlisten(topic: Topic): void {
    this.wanted.delete(topic);
    void this.change(topic);
  }

  private change(topic: Topic): Promise<boolean> | null {
    // While there is no connection, `takeUp` will see to it.
    if (this.subscriber.status !== 'ready') return null;
    this.changed.add(topic);
    this.telling ??= Promise.race([this.tellChanged(), sleep(LISTEN_MS, false, { ref: false })]);
    return this.telling;
  }

  /** All of a turn in one command: when a server came back, thousands begin to listen at once. */
  private async tellChanged(): Promise<boolean> {
    await nextTurn();
    const changed = [...this.changed];
    this.changed.clear();
    this.telling = null;
    const begun = changed.filter((topic) => this.wanted.has(topic));
    const ended = changed.filter((topic) => !this.wanted.has(topic));
    // A channel too many wakes nobody, and the next connection starts without it.
    for (const channels of this.channelsOf(ended)) this.subscriber.unsubscribe(...channels).catch(() => {});
    try {
      await this.subscribe(begun);
    } catch (error) {
      this.giveUp(error as Error);
      return false;
    }
    for (const topic of begun) this.events.wake(topic);
    return true;
  }

  async close(): Promise<void> {
    clearInterval(this.watchdog);
    // The client says nothing when it is told to part between two attempts; hence the deadline.
    await Promise.race([Promise.all([this.subscriber, this.publisher].map(ended)), sleep(CLOSE_MS)]);
  }

  /** Subscribes, on a new connection, to everything that has listeners. */
  private async takeUp(): Promise<void> {
    try {
      await this.subscribe([...this.wanted]);
    } catch (error) {
      this.giveUp(error as Error);
      return;
    }
    // With nothing to subscribe to, nothing was asked, and the connection may be gone again.
    if (this.subscriber.status !== 'ready') return;
    this.failedAttempts = 0;
    this.events.up();
  }

  /** All commands leave in this turn: between two of them no topic can lose its last listener. */
  private async subscribe(topics: readonly Topic[]): Promise<void> {
    await Promise.all(this.channelsOf(topics).map((channels) => this.subscriber.subscribe(...channels)));
  }

  /** The channels of topics, as many as one command takes in each list. */
  private channelsOf(topics: readonly Topic[]): string[][] {
    const lists: string[][] = [];
    for (let from = 0; from < topics.length; from += CHANNELS_PER_COMMAND) {
      lists.push(topics.slice(from, from + CHANNELS_PER_COMMAND).map((topic) => this.channelPrefix + topic));
    }
    return lists;
  }

  /** A subscription that failed leaves no way to know which are in force: begins again on a new connection. */
  private giveUp(error: Error): void {
    this.events.down(error);
    this.lastError = error;
    reconnect(this.subscriber);
  }

  private probe(redis: Redis): void {
    if (redis.status !== 'ready') return;
    redis.ping().catch((error) => {
      // A refusal is an answer too.
      if (error instanceof ReplyError) return;
      if (redis === this.subscriber) this.lastError = error;
      reconnect(redis);
    });
  }
}

/** Only from 'ready': told to disconnect while it begins to connect, the client ends for good. */
function reconnect(redis: Redis): void {
  if (redis.status === 'ready') redis.disconnect(true);
}

function ended(redis: Redis): Promise<void> {
  return new Promise((resolve) => {
    redis.once('end', () => resolve());
    redis.disconnect();
  });
}
