import {
  type Client,
  type CombinedError,
  cacheExchange,
  createClient,
  fetchExchange,
  mapExchange,
  subscriptionExchange,
} from '@urql/core';
import { createClient as createSocket, type Client as Socket } from 'graphql-ws';
import { Store } from './store.ts';

/** graphql-ws closes with it when the session that a socket was opened under is over. */
const SESSION_ENDED = 4401;
const PING_EVERY_MS = 10_000;
/** A page that loses its last subscription for a moment, as between two pages, keeps its socket. */
const LINGER_MS = 2_000;

/** How the live line stands: `idle` while nothing needs it. */
export type Line = 'idle' | 'connecting' | 'live' | 'lost';

/** Where the API is found, and in which language it answers. */
export interface ApiOptions {
  /** Of the page: `https://doorstep.example`. */
  readonly origin: string;
  readonly language: () => string;
  /** Called when the server says that the session is over. */
  readonly onSessionEnd: () => void;
}

/**
 * The one way to the server: queries and mutations over HTTP, subscriptions over one WebSocket. Tokens live in cookies
 * that no script can read, which is what the header asks for.
 */
export class Api {
  /** How the WebSocket stands. */
  readonly line = new Store<Line>('idle');
  /** How often the WebSocket has come (back) to life: what was read before may be old. */
  readonly connections = new Store(0);
  private current: { readonly client: Client; readonly socket: Socket };

  constructor(private readonly options: ApiOptions) {
    this.current = this.open();
  }

  get client(): Client {
    return this.current.client;
  }

  /** Forgets everything that was read and the socket: what follows is asked for as somebody else. */
  renew(): Client {
    void this.current.socket.dispose();
    this.line.set('idle');
    this.current = this.open();
    return this.client;
  }

  private open() {
    const socket = this.openSocket();
    const client = createClient({
      url: `${this.options.origin}/graphql`,
      preferGetMethod: false,
      requestPolicy: 'cache-and-network',
      fetchOptions: () => ({
        headers: { 'session-transport': 'cookie', 'accept-language': this.options.language() },
      }),
      exchanges: [
        cacheExchange,
        mapExchange({ onError: (error) => this.noteEnd(error) }),
        fetchExchange,
        subscriptionExchange({
          forwardSubscription: ({ query, variables }) => ({
            subscribe: (sink) => ({
              unsubscribe: socket.subscribe(
                { query: query ?? '', variables: variables as Record<string, unknown> },
                sink,
              ),
            }),
          }),
        }),
      ],
    });
    return { client, socket };
  }

  private openSocket(): Socket {
    const isCurrent = () => socket === this.current.socket;
    const socket: Socket = createSocket({
      url: `${this.options.origin.replace(/^http/, 'ws')}/graphql`,
      lazyCloseTimeout: LINGER_MS,
      keepAlive: PING_EVERY_MS,
      retryAttempts: Number.POSITIVE_INFINITY,
      shouldRetry: () => true,
      on: {
        connecting: (isRetry) => isCurrent() && this.line.set(isRetry ? 'lost' : 'connecting'),
        connected: () => {
          if (!isCurrent()) return;
          this.line.set('live');
          this.connections.set(this.connections.get() + 1);
        },
        closed: (event) => {
          if (!isCurrent()) return;
          const { code, wasClean } = event as CloseEvent;
          this.line.set(code === 1000 && wasClean ? 'idle' : 'lost');
          if (code === SESSION_ENDED) this.options.onSessionEnd();
        },
      },
    });
    return socket;
  }

  private noteEnd(error: CombinedError): void {
    if (error.graphQLErrors.some(({ extensions }) => extensions.code === 'UNAUTHENTICATED')) {
      this.options.onSessionEnd();
    }
  }
}
