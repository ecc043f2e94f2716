import {
  type Client,
  type CombinedError,
  cacheExchange,
  createClient,
  fetchExchange,
  mapExchange,
  type OperationResult,
  subscriptionExchange,
} from '@urql/core';
import { keptAnswers } from './kept-answers.ts';
import { Line, type LineOptions, type LineState } from './line.ts';
import type { Store } from './store.ts';

export interface ApiOptions extends LineOptions {
  /** Called when the server answers another account than before: somebody else has signed in with this browser. */
  readonly onAnotherAccount: () => void;
}

/**
 * The one way to the server: queries and mutations over HTTP, subscriptions over one WebSocket. Tokens live in cookies
 * that no script can read, which is what the header asks for.
 */
export class Api {
  /** How the WebSocket stands. */
  readonly line: Store<LineState>;
  /** How often the WebSocket has come (back) to life: what was read before may be old. */
  readonly connections: Store<number>;
  private readonly socket: Line;
  private current: Client;

  constructor(private readonly options: ApiOptions) {
    this.socket = new Line(options);
    this.line = this.socket.state;
    this.connections = this.socket.connections;
    this.current = this.open();
  }

  get client(): Client {
    return this.current;
  }

  /** Forgets everything that was read and the socket: what follows is asked for as somebody else. */
  renew(): Client {
    this.socket.reset();
    this.current = this.open();
    return this.current;
  }

  /** The language has changed: what is watched is told in it from now on, and whoever watches reads the rest again. */
  speakAnew(): void {
    this.socket.renew();
  }

  private open(): Client {
    /** Whose data this client has read. */
    let accountId: string | null = null;
    const ifOfAccount = (result: OperationResult): OperationResult => {
      const id: unknown = result.data?.viewer?.id;
      if (typeof id !== 'string') return result;
      accountId ??= id;
      if (id === accountId) return result;
      if (client === this.current) this.options.onAnotherAccount();
      return { ...result, data: undefined };
    };
    const client = createClient({
      url: `${this.options.address}/graphql`,
      preferGetMethod: false,
      requestPolicy: 'cache-and-network',
      fetchOptions: () => ({
        headers: { 'session-transport': 'cookie', 'accept-language': this.options.language() },
      }),
      exchanges: [
        keptAnswers,
        cacheExchange,
        mapExchange({
          onError: (error) => {
            if (client === this.current) this.noteEnd(error);
          },
          onResult: ifOfAccount,
        }),
        fetchExchange,
        subscriptionExchange({
          forwardSubscription: ({ query, variables }) => ({
            subscribe: (sink) => ({
              unsubscribe: this.socket.subscribe(
                { query: query ?? '', variables: variables as Record<string, unknown> },
                sink,
              ),
            }),
          }),
        }),
      ],
    });
    return client;
  }

  private noteEnd(error: CombinedError): void {
    if (error.graphQLErrors.some(({ extensions }) => extensions.code === 'UNAUTHENTICATED')) {
      this.options.onSessionEnd();
    }
  }
}
