import { createClient, type Client as Socket } from 'graphql-ws';
import { Store } from './store.ts';

/** graphql-ws closes with it when the session that a socket was opened under is over. */
const SESSION_ENDED = 4401;
/** The server closes with it when the session has a new token: the cookie has it already. */
const COME_BACK = 1012;
const PING_EVERY_MS = 10_000;
/** An answer that takes longer will not come: a laptop that slept, another network. */
const PONG_WITHIN_MS = 5_000;
/** A page that loses its last subscription for a moment, as between two pages, keeps its socket. */
const LINGER_MS = 2_000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;

/** How the live line stands: `idle` while nothing needs it. */
export type LineState = 'idle' | 'connecting' | 'live' | 'lost';

export interface LineOptions {
  /** Of the server: `https://doorstep.example`. */
  readonly address: string;
  readonly language: () => string;
  /** Called when the server says that the session is over. */
  readonly onSessionEnd: () => void;
}

/** The one WebSocket of a page, opened when something subscribes, and again and again when it was lost. */
export class Line {
  readonly state = new Store<LineState>('idle');
  /** How often a socket has come (back) to life: what was read before may be old. */
  readonly connections = new Store(0);
  private socket: Socket;
  /** Closed to be opened again at once, by the page itself or by the server. */
  private isRenewing = false;
  /** The server has been told the language, and has not answered yet. */
  private isGreeting = false;
  /** What it was told is old by now. */
  private isOutdated = false;
  private pongTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: LineOptions) {
    this.socket = this.open();
    // What was open before the network went may be dead without knowing it.
    addEventListener('online', () => this.renew());
  }

  readonly subscribe: Socket['subscribe'] = (payload, sink) => this.socket.subscribe(payload, sink);

  /** Opens the socket anew for what is subscribed to, as after a change of language. */
  renew(): void {
    if (this.isGreeting) this.isOutdated = true;
    if (this.state.get() !== 'live') return;
    this.isRenewing = true;
    this.socket.terminate();
  }

  /** Ends all subscriptions: the next one is of somebody else. */
  reset(): void {
    void this.socket.dispose();
    this.state.set('idle');
    this.socket = this.open();
  }

  private open(): Socket {
    const ifCurrent =
      <Args extends unknown[]>(listener: (...args: Args) => void) =>
      (...args: Args) => {
        if (socket === this.socket) listener(...args);
      };
    const socket: Socket = createClient({
      url: `${this.options.address.replace(/^http/, 'ws')}/graphql`,
      connectionParams: () => ({ 'accept-language': this.options.language() }),
      lazyCloseTimeout: LINGER_MS,
      keepAlive: PING_EVERY_MS,
      retryAttempts: Number.POSITIVE_INFINITY,
      shouldRetry: () => true,
      retryWait: (retries) => (this.takeRenewing() ? Promise.resolve() : pause(retries)),
      on: {
        connecting: ifCurrent((isRetry) => {
          if (!isRetry) this.state.set('connecting');
        }),
        opened: ifCurrent(() => {
          this.isGreeting = true;
          this.isOutdated = false;
        }),
        connected: ifCurrent(() => {
          this.isGreeting = false;
          this.state.set('live');
          this.connections.set(this.connections.get() + 1);
          if (this.isOutdated) this.renew();
        }),
        ping: ifCurrent((isReceived) => {
          if (!isReceived) this.pongTimer = setTimeout(() => socket.terminate(), PONG_WITHIN_MS);
        }),
        pong: ifCurrent((isReceived) => {
          if (isReceived) clearTimeout(this.pongTimer);
        }),
        closed: ifCurrent((event) => this.note(event as CloseEvent)),
      },
    });
    return socket;
  }

  private note({ code, wasClean }: CloseEvent): void {
    clearTimeout(this.pongTimer);
    this.isGreeting = false;
    if (code === COME_BACK) this.isRenewing = true;
    const isEnd = code === 1000 && wasClean;
    this.state.set(isEnd ? 'idle' : this.isRenewing ? 'connecting' : 'lost');
    if (code === SESSION_ENDED) this.options.onSessionEnd();
  }

  private takeRenewing(): boolean {
    const isRenewing = this.isRenewing;
    this.isRenewing = false;
    return isRenewing;
  }
}

/** Waits before the next try, longer each time; no longer than until the browser says that there is a network again. */
function pause(retries: number): Promise<void> {
  const longest = Math.min(FIRST_RETRY_MS * 2 ** retries, LONGEST_RETRY_MS);
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener('online', end);
      resolve();
    };
    // Not all pages of a server that was restarted come back in the same moment.
    const timer = setTimeout(end, longest * (0.5 + Math.random() / 2));
    addEventListener('online', end);
  });
}
