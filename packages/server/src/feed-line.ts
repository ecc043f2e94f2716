import { createClient } from 'graphql-ws/client';
import { WebSocket } from 'ws';
import type { Endpoint } from './endpoint.js';
import { DoorstepError, errorOf, type GraphqlFault } from './errors.js';
import { type EventType, type FeedEvent, followEvents } from './operations.js';

/** Heartbeats come each second: a connection without any is one that is gone, or led to a server that stands still. */
const SILENCE_MS = 10_000;
const HANDSHAKE_MS = 5_000;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 10_000;
const MESSAGE_BYTES = 1_048_576;

/** Close codes of servers that want the client to come back; any other from 4000 on is final. */
const COME_BACK = [4408, 4429, 4499, 4500, 4504];
const FINAL = [1002, 1003, 1007, 1008, 1009];
const KEY_ENDED = 4401;

/** What a line tells. */
export interface LineListener {
  /** An event or a heartbeat, in the order of the feed. */
  event(event: FeedEvent): void;
  /**
   * The connection is gone: nothing is known until the next heartbeat. It is tried again unless the error is final.
   * @param failures how many connections brought nothing in a row, this one included
   */
  broke(error: DoorstepError, failures: number): void;
}

/** Where a line begins, and what it brings. */
export interface LineOptions {
  readonly after?: string | null;
  readonly types?: readonly EventType[] | null;
  /** Whether a new connection goes on where the last one broke; else it begins with what happens from then on. */
  readonly resumes: boolean;
}

/** The event feed over one socket at a time, which is opened again whenever it breaks. */
export class FeedLine {
  private cursor: string | null;
  private isOpen = false;
  private failures = 0;
  private timer: NodeJS.Timeout | undefined;
  private hangUp = () => {};

  constructor(
    private readonly endpoint: Endpoint,
    private readonly options: LineOptions,
    private readonly listener: LineListener,
  ) {
    this.cursor = options.after ?? null;
  }

  /** Does nothing where it is open, or waits to connect again. */
  open(): void {
    if (this.isOpen) return;
    this.isOpen = true;
    this.connect();
  }

  /** Leaves, without a word to the listener; it may be opened again. */
  close(): void {
    this.isOpen = false;
    clearTimeout(this.timer);
    this.hangUp();
  }

  private connect(): void {
    let silence: NodeJS.Timeout | undefined;
    let socket: Socket | null = null;
    let isOver = false;
    const hangUp = () => {
      isOver = true;
      clearTimeout(silence);
      client.terminate();
      // That was a polite close: one that is never answered would hold the socket.
      socket?.terminate();
    };
    const end = (reason: unknown) => {
      if (isOver) return;
      hangUp();
      this.ended(lineErrorOf(reason));
    };
    const listen = () => {
      clearTimeout(silence);
      silence = setTimeout(() => end(new DoorstepError('TIMED_OUT', 'the feed fell silent')), SILENCE_MS);
    };
    const client = createClient({
      url: this.endpoint.socketUrl,
      webSocketImpl: class extends Socket {
        constructor(url: string, protocols: string | string[]) {
          super(url, protocols);
          socket = this;
        }
      },
      connectionParams: this.endpoint.connectionParams,
      connectionAckWaitTimeout: HANDSHAKE_MS,
      retryAttempts: 0,
      // Told by each close: after 1000 graphql-ws would connect again by itself.
      on: { closed: end },
    });
    this.hangUp = hangUp;
    listen();
    client.subscribe<{ events: FeedEvent }>(
      { query: followEvents.query, variables: { after: this.cursor, types: this.options.types ?? null } },
      {
        next: ({ data, errors }) => {
          if (isOver) return;
          if (errors || !data) return end(errors ?? []);
          listen();
          this.failures = 0;
          if (this.options.resumes) this.cursor = data.events.cursor;
          this.listener.event(data.events);
        },
        error: end,
        complete: () => end([]),
      },
    );
  }

  private ended(error: DoorstepError): void {
    this.failures += 1;
    if (error.isTemporary) {
      const wait = Math.min(FIRST_RETRY_MS * 2 ** (this.failures - 1), LONGEST_RETRY_MS);
      // Scattered, so that a fleet does not come back all at once.
      this.timer = setTimeout(() => this.connect(), wait * (0.5 + Math.random() / 2));
    }
    this.listener.broke(error, error.isTemporary ? this.failures : Infinity);
  }
}

/** A socket that is bounded in time and size, and takes the key nowhere else. */
class Socket extends WebSocket {
  constructor(url: string, protocols: string | string[]) {
    super(url, protocols, {
      handshakeTimeout: HANDSHAKE_MS,
      maxPayload: MESSAGE_BYTES,
      followRedirects: false,
      perMessageDeflate: false,
    });
    // One that is ended while it connects tells of it as an error, when nobody listens any more.
    this.on('error', () => {});
  }
}

/** @param reason what graphql-ws tells: the errors of an answer, how the socket was closed, or what was thrown */
function lineErrorOf(reason: unknown): DoorstepError {
  if (reason instanceof DoorstepError) return reason;
  if (Array.isArray(reason)) {
    const [fault] = reason as GraphqlFault[];
    return fault ? errorOf(fault) : new DoorstepError('UNREACHABLE', 'the feed was ended by Doorstep');
  }
  const { code, reason: words } = (reason ?? {}) as { code?: unknown; reason?: unknown };
  if (code === KEY_ENDED) return new DoorstepError('UNAUTHENTICATED', 'the key is wrong or has ended');
  const isFinal = typeof code === 'number' && !COME_BACK.includes(code) && (code >= 4000 || FINAL.includes(code));
  return isFinal
    ? new DoorstepError('REFUSED', `the feed was closed for good: ${code} ${String(words)}`)
    : new DoorstepError('UNREACHABLE', 'the connection of the feed broke', { cause: reason });
}
