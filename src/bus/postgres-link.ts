import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type ClientBase } from 'pg';
import { readPostgresUrl } from '../config/postgres-url.js';
import { requireWritable } from '../postgres/read-only.js';
import type { Topic } from './bus.js';
import { ANSWER_MS, type Link, type LinkEvents, PING_EVERY_MS, retryDelayMs } from './link.js';

/** One for all topics: a channel each would be a statement for each socket that comes and goes. */
const CHANNEL = 'doorstep';

/**
 * Topics over LISTEN and NOTIFY, as payloads of the channel `doorstep`, on one connection of its own. A pooler in between
 * must work by session: LISTEN ends with the transaction under PgBouncer's transaction pooling.
 */
export class PostgresLink implements Link {
  private readonly closing = new AbortController();
  private readonly running: Promise<void>;
  private client: ClientBase | null = null;
  private lastAnswer: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly url: string,
    private readonly events: LinkEvents,
  ) {
    this.running = this.run(this.closing.signal);
  }

  async send(topics: readonly Topic[]): Promise<void> {
    const text = 'SELECT pg_notify($1, topic) FROM unnest($2::text[]) AS topic';
    await this.ask((client) => client.query(text, [CHANNEL, topics]));
  }

  /** Nothing to do: the one channel is listened to all the time. */
  listen(): null {
    return null;
  }

  unlisten(): void {}

  async close(): Promise<void> {
    this.closing.abort();
    await this.running;
  }

  private async run(closing: AbortSignal): Promise<void> {
    let failedAttempts = 0;
    while (!closing.aborted) {
      try {
        await this.listenOnce(closing, () => {
          failedAttempts = 0;
          this.events.up();
        });
      } catch (error) {
        this.events.down(error as Error);
      }
      await sleep(retryDelayMs(failedAttempts++), undefined, { signal: closing, ref: false }).catch(() => {});
    }
  }

  /**
   * Connects, and listens until the connection is lost.
   * @throws the reason, always
   */
  private async listenOnce(closing: AbortSignal, onListening: () => void): Promise<never> {
    // A socket of ours, since the client's own way to end waits for an answer.
    const socket = new Socket();
    const client = new Client({
      ...readPostgresUrl(this.url),
      stream: () => socket,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      connectionTimeoutMillis: ANSWER_MS,
      query_timeout: ANSWER_MS,
      fallback_application_name: 'doorstep-bus',
    });
    const lost = new AbortController();
    const over = AbortSignal.any([closing, lost.signal]);
    over.addEventListener('abort', () => socket.destroy());
    client.on('error', (error) => lost.abort(error));
    client.on('end', () => lost.abort(new Error('PostgreSQL closed the connection')));
    client.on('notification', ({ payload }) => this.events.wake(payload ?? ''));
    try {
      await client.connect();
      await requireWritable(client);
      await client.query(`LISTEN ${CHANNEL}`);
      this.client = client;
      onListening();
      for (;;) {
        await sleep(PING_EVERY_MS, undefined, { signal: over, ref: false });
        // What is told to a standby, or listened for there, reaches nobody.
        await this.ask(requireWritable);
      }
    } catch (error) {
      // What broke the connection says more than what the statement met, or that the sleep was cut short.
      throw lost.signal.aborted ? lost.signal.reason : error;
    } finally {
      this.client = null;
      lost.abort();
    }
  }

  /** One statement after the other: the client takes a second one only to queue it, under a warning. */
  private ask(question: (client: ClientBase) => Promise<unknown>): Promise<unknown> {
    const answer = this.lastAnswer.then(() => {
      if (!this.client) throw new Error('PostgreSQL is away');
      return question(this.client);
    });
    this.lastAnswer = answer.catch(() => {});
    return answer;
  }
}
