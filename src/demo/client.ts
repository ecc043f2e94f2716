import { createClient, type Client as SocketClient } from 'graphql-ws';
import WebSocket from 'ws';

const REQUEST_MS = 15_000;
const LONGEST_RETRY_MS = 30_000;

/** A GraphQL operation with the types of its answer and of its variables; those exist for the compiler alone. */
export interface Operation<Data, Variables> {
  readonly query: string;
  readonly types?: (variables: Variables) => Data;
}

/** The answer was `errors[]`: a server that cannot serve it, or a request that a correct client does not make. */
export class RequestFailed extends Error {
  constructor(
    message: string,
    /** From the API's closed list, such as `UNAUTHENTICATED`; null if the answer brought none. */
    readonly code: string | null,
  ) {
    super(message);
  }
}

/** There is no session, or it is over: the person has to sign in again, no retry helps. */
export class SessionEnded extends Error {}

/** The server cannot be reached. */
export class Unreachable extends Error {}

interface GraphQLFault {
  readonly message: string;
  readonly extensions?: { readonly code?: string };
}

interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly GraphQLFault[];
}

/** Speaks GraphQL with a Doorstep server: queries and mutations over HTTP, subscriptions over a WebSocket. */
export class Client {
  /** Sent with every request while there is one, and read again whenever the socket connects. */
  sessionToken: string | null = null;
  private readonly endpoint: URL;
  private readonly socket: SocketClient;

  constructor(serverUrl: string) {
    this.endpoint = new URL('/graphql', serverUrl);
    this.socket = createClient({
      url: this.endpoint.href.replace(/^http/, 'ws'),
      webSocketImpl: WebSocket,
      connectionParams: () => ({ authorization: this.authorization }),
      // A server that restarts or is replaced is tried until it is back, and every subscription opens with what was
      // missed. What no retry can heal (4401, the session is over; 4400, a request that is wrong) graphql-ws gives up
      // by itself, before it asks here.
      retryAttempts: Number.POSITIVE_INFINITY,
      shouldRetry: () => true,
      retryWait: (retries) => sleep(Math.random() * Math.min(1000 * 2 ** retries, LONGEST_RETRY_MS)),
    });
  }

  private get authorization(): string | undefined {
    return this.sessionToken ? `Bearer ${this.sessionToken}` : undefined;
  }

  /**
   * Asks once, and never again by itself: a mutation may have been carried out though its answer was lost.
   * @throws RequestFailed, SessionEnded, Unreachable
   */
  async request<Data, Variables>(operation: Operation<Data, Variables>, variables: Variables): Promise<Data> {
    const response = await fetch(this.endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(this.authorization && { authorization: this.authorization }),
      },
      body: JSON.stringify({ query: operation.query, variables }),
      signal: AbortSignal.timeout(REQUEST_MS),
    }).catch((cause) => {
      throw new Unreachable(`Nothing answers at ${this.endpoint.origin}.`, { cause });
    });
    const answer = await response.json().catch((cause) => {
      throw new Unreachable(`What answers at ${this.endpoint} is not GraphQL (HTTP ${response.status}).`, { cause });
    });
    return dataOf(answer as Answer<Data>);
  }

  /**
   * Each event of a subscription; it ends when the server completes it, when the caller leaves its loop, or by `close`.
   * @throws RequestFailed, SessionEnded, Unreachable
   */
  async *subscribe<Data, Variables extends Record<string, unknown>>(
    operation: Operation<Data, Variables>,
    variables: Variables,
  ): AsyncGenerator<Data> {
    try {
      const events = this.socket.iterate<Data>({ query: operation.query, variables });
      for await (const event of events) yield dataOf(event as Answer<Data>);
    } catch (error) {
      throw asError(error);
    }
  }

  /** Ends every subscription. */
  async close(): Promise<void> {
    await this.socket.dispose();
  }
}

function dataOf<Data>({ data, errors }: Answer<Data>): Data {
  const [error] = errors ?? [];
  if (error) throw failureOf(error);
  if (!data) throw new RequestFailed('The answer has no data.', null);
  return data;
}

function failureOf({ message, extensions }: GraphQLFault): Error {
  const code = extensions?.code ?? null;
  return code === 'UNAUTHENTICATED' ? new SessionEnded(message) : new RequestFailed(message, code);
}

/** graphql-ws throws what it was told: a close event, or the `errors[]` of a subscription that was refused. */
function asError(error: unknown): unknown {
  if (Array.isArray(error)) return failureOf(error[0]);
  const { code, reason } = error as { code?: unknown; reason?: string };
  if (code === 4401) return new SessionEnded('The session is over.');
  return typeof code === 'number' ? new Unreachable(`The connection was closed: ${code} ${reason}`) : error;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
