import { setTimeout as sleep } from 'node:timers/promises';
import type { BaseLogger } from 'pino';
import type { Bus, Topic } from './bus.js';
import { type Link, type LinkEvents, retryDelayMs } from './link.js';

/** Topics kept for a store that is away; past it they are dropped, and other servers find out at their next re-check. */
const UNSENT_MOST = 10_000;

/** Failures in a row after which it is no hiccup that nothing can be sent while messages do arrive. */
const SEND_FAILURES_LOGGED = 3;

/** How long `close` waits for the last messages to leave. */
const LAST_WORDS_MS = 300;

/**
 * The bus over a link: wakes its own listeners itself, once per turn of the event loop, and keeps what the link could not
 * send until it can.
 */
export class LinkedBus implements Bus {
  private readonly listeners = new Map<Topic, Set<() => void>>();
  /** Topics of which the link does not know yet that they are listened to. */
  private readonly coming = new Map<Topic, Promise<boolean>>();
  private readonly due = new Set<Topic>();
  private readonly unsent = new Set<Topic>();
  private readonly link: Link;
  private state: 'opening' | 'up' | 'down' | 'closed' = 'opening';
  private turn: NodeJS.Immediate | undefined;
  private sending: Promise<void> | undefined;
  private retry: NodeJS.Timeout | undefined;
  private sendFailures = 0;

  constructor(
    connect: (events: LinkEvents) => Link,
    private readonly logger: Pick<BaseLogger, 'info' | 'warn' | 'error'>,
  ) {
    this.link = connect({
      // Whatever is not listened to ends there, rubbish included.
      wake: (name) => this.wakeHere(name as Topic),
      up: () => this.wentUp(),
      down: (error) => this.wentDown(error),
    });
  }

  get isConnected(): boolean {
    return this.state === 'up';
  }

  get topics(): Iterable<Topic> {
    return this.listeners.keys();
  }

  listenersOn(topic: Topic): number {
    return this.listeners.get(topic)?.size ?? 0;
  }

  publish(topic: Topic): void {
    if (this.state === 'closed') return;
    this.keepUnsent(topic);
    this.due.add(topic);
    this.actSoon();
  }

  wakeHere(topic: Topic): void {
    if (!this.listeners.has(topic)) return;
    this.due.add(topic);
    this.actSoon();
  }

  subscribe(topic: Topic, wake: () => void): () => void {
    if (this.state === 'closed') return () => {};
    // Wrapped, so that the same function subscribed twice is two subscriptions.
    const listener = () => wake();
    const present = this.listeners.get(topic);
    if (present) {
      present.add(listener);
    } else {
      this.listeners.set(topic, new Set([listener]));
      this.begin(topic);
    }
    return () => this.unsubscribe(topic, listener);
  }

  inForce(topic: Topic): Promise<boolean> {
    return this.coming.get(topic) ?? Promise.resolve(false);
  }

  private begin(topic: Topic): void {
    const coming = this.link.listen(topic);
    if (!coming) return;
    this.coming.set(topic, coming);
    void coming.then(() => {
      if (this.coming.get(topic) === coming) this.coming.delete(topic);
    });
  }

  async close(): Promise<void> {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.listeners.clear();
    clearImmediate(this.turn);
    // What ends with this server (its sockets, its presence) should be known at once to the others.
    await Promise.race([this.send(), sleep(LAST_WORDS_MS, undefined, { ref: false })]);
    await this.link.close();
  }

  private unsubscribe(topic: Topic, listener: () => void): void {
    const present = this.listeners.get(topic);
    if (!present?.delete(listener) || present.size > 0) return;
    this.listeners.delete(topic);
    this.link.unlisten(topic);
  }

  private wentUp(): void {
    if (this.state === 'closed') return;
    if (this.state === 'down') this.logger.info('The bus is back: listeners on other servers are woken at once again');
    this.state = 'up';
    // Nobody knows what was missed meanwhile, so everybody reads again.
    for (const topic of this.listeners.keys()) this.due.add(topic);
    this.sendFailures = 0;
    this.cancelRetry();
    this.actSoon();
  }

  private wentDown(error: Error): void {
    if (this.state === 'down' || this.state === 'closed') return;
    this.state = 'down';
    this.logger.warn({ reason: reasonOf(error) }, 'The bus is away: other servers hear of changes late. Trying again');
  }

  /** Acts once per turn of the event loop, which makes one wake-up and one message out of a burst. */
  private actSoon(): void {
    this.turn ??= setImmediate(() => {
      this.turn = undefined;
      this.wakeDue();
      if (!this.retry) void this.send();
    });
  }

  private wakeDue(): void {
    const topics = [...this.due];
    this.due.clear();
    for (const topic of topics) {
      // A copy: a listener may subscribe or unsubscribe, itself or others.
      const listeners = this.listeners.get(topic);
      for (const listener of [...(listeners ?? [])]) {
        if (listeners?.has(listener)) this.wake(listener);
      }
    }
  }

  private wake(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.logger.error({ err: error }, 'A listener of the bus failed');
    }
  }

  private keepUnsent(topic: Topic): void {
    if (this.unsent.size < UNSENT_MOST) this.unsent.add(topic);
  }

  private send(): Promise<void> {
    this.sending ??= this.sendUnsent().finally(() => {
      this.sending = undefined;
    });
    return this.sending;
  }

  private async sendUnsent(): Promise<void> {
    this.cancelRetry();
    while (this.unsent.size > 0) {
      // Emptied before the send: what is published during it must be told again after it.
      const topics = [...this.unsent];
      this.unsent.clear();
      try {
        await this.link.send(topics);
        this.sendFailures = 0;
      } catch (error) {
        for (const topic of topics) this.keepUnsent(topic);
        this.sendLater(error as Error);
        return;
      }
    }
  }

  private sendLater(error: Error): void {
    if (this.state === 'closed') return;
    this.sendFailures += 1;
    if (this.state === 'up' && this.sendFailures === SEND_FAILURES_LOGGED) {
      this.logger.warn({ reason: reasonOf(error) }, 'The bus takes no messages: other servers hear of changes late');
    }
    this.retry = setTimeout(() => void this.send(), retryDelayMs(this.sendFailures)).unref();
  }

  private cancelRetry(): void {
    clearTimeout(this.retry);
    this.retry = undefined;
  }
}

/** Never the error itself: one of ioredis carries the command that failed, and AUTH has the password in it. */
function reasonOf({ message, code }: NodeJS.ErrnoException): string | undefined {
  // A host with several addresses, none of which answers, gives an AggregateError: a code and no message.
  return message || code;
}
