import { createClient, type Client as SocketClient, type SubscribePayload } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { GraphqlError } from './client.js';
import { within } from './waiting.js';

/** How a socket was closed. */
export interface Closing {
  readonly code: number;
  readonly reason: string;
}

type Arrival<T> =
  | { readonly event: T }
  | { readonly errors: readonly GraphqlError[] }
  | { readonly end: Closing | null };

/** One subscription on a socket of its own; each wait has a deadline. */
export class Subscription<T> implements AsyncDisposable {
  private readonly client: SocketClient;
  private readonly arrived: Arrival<T>[] = [];
  private readonly waiting: ((arrival: Arrival<T>) => void)[] = [];
  private readonly whenClosed: Promise<Closing>;

  constructor(url: string, payload: SubscribePayload, token: string | null) {
    let closed: (closing: Closing) => void = () => {};
    this.whenClosed = new Promise((resolve) => {
      closed = resolve;
    });
    this.client = createClient({
      url,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      // The socket stays open when the subscription ends: how the server closes it is what some tests are about.
      lazy: false,
      onNonLazyError: () => {},
      connectionParams: token ? { authorization: `Bearer ${token}` } : {},
      on: { closed: (event) => closed(event as Closing) },
    });
    this.client.subscribe<Record<string, T>>(payload, {
      next: ({ data, errors }) => {
        if (errors) this.arrive({ errors: errors as unknown as GraphqlError[] });
        else this.arrive({ event: Object.values(data ?? {})[0] as T });
      },
      error: (error) => {
        this.arrive(Array.isArray(error) ? { errors: error } : { end: error as Closing });
      },
      complete: () => this.arrive({ end: null }),
    });
  }

  /** The next event. */
  async next(): Promise<T> {
    const arrival = await this.take('the next event');
    if ('event' in arrival) return arrival.event;
    throw new Error(`the subscription brought no event, but ${JSON.stringify(arrival)}`);
  }

  /** The first event that fits; those before it are dropped. */
  async nextThat(fits: (event: T) => boolean): Promise<T> {
    for (;;) {
      const event = await this.next();
      if (fits(event)) return event;
    }
  }

  /** The error with which the server refused to go on. */
  async error(): Promise<GraphqlError> {
    const arrival = await this.take('an error');
    if ('errors' in arrival && arrival.errors[0]) return arrival.errors[0];
    throw new Error(`the subscription was not refused, but brought ${JSON.stringify(arrival)}`);
  }

  /** Resolves when the server completes the subscription; fails on another event. */
  async completed(): Promise<void> {
    const arrival = await this.take('the end');
    if (!('end' in arrival) || arrival.end) throw new Error(`expected the end: ${JSON.stringify(arrival)}`);
  }

  /** How the socket was closed; waits for it. */
  closed(): Promise<Closing> {
    return within(this.whenClosed, 'the close of the socket');
  }

  /** The events that have arrived and that nobody has taken. */
  get unread(): readonly T[] {
    return this.arrived.flatMap((arrival) => ('event' in arrival ? [arrival.event] : []));
  }

  private arrive(arrival: Arrival<T>): void {
    const waiting = this.waiting.shift();
    if (waiting) waiting(arrival);
    else this.arrived.push(arrival);
  }

  private take(what: string): Promise<Arrival<T>> {
    const arrival = this.arrived.shift();
    if (arrival) return Promise.resolve(arrival);
    return within(new Promise<Arrival<T>>((resolve) => this.waiting.push(resolve)), what);
  }

  /** Leaves; resolves when the socket is closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.dispose();
    await this.closed();
  }
}
