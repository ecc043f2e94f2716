import { Subscription } from './subscription.js';

/** An entry of `errors[]`. */
export interface GraphqlError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: { readonly code?: string; readonly [name: string]: unknown };
}

/** What a server answered over HTTP. */
export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly data: T | null;
  readonly errors: readonly GraphqlError[];
}

/** What a request carries besides its document. */
export interface Sender {
  /** A session's token. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Talks GraphQL to one server, as any client of the product would. */
export class Client {
  constructor(readonly url: string) {}

  get graphqlUrl(): string {
    return `${this.url}/graphql`;
  }

  get socketUrl(): string {
    return this.graphqlUrl.replace(/^http/, 'ws');
  }

  /** Sends a document over HTTP. */
  async graphql<T = Record<string, unknown>>(
    query: string,
    variables: Record<string, unknown> = {},
    { token, headers }: Sender = {},
  ): Promise<Answer<T>> {
    const response = await fetch(this.graphqlUrl, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...headers,
      },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await response.json()) as { data?: T | null; errors?: GraphqlError[] };
    return { status: response.status, headers: response.headers, data: data ?? null, errors: errors ?? [] };
  }

  /** The data of an answer that must have no errors. */
  async data<T = Record<string, unknown>>(
    query: string,
    variables: Record<string, unknown> = {},
    sender: Sender = {},
  ): Promise<T> {
    const { data, errors } = await this.graphql<T>(query, variables, sender);
    if (!data || errors.length > 0) throw new Error(`errors in the answer: ${JSON.stringify(errors)}`);
    return data;
  }

  /** The one error of a request that must be refused. */
  async error(query: string, variables: Record<string, unknown> = {}, sender: Sender = {}): Promise<GraphqlError> {
    const { data, errors } = await this.graphql(query, variables, sender);
    if (errors.length !== 1 || !errors[0]) throw new Error(`expected one error: ${JSON.stringify({ data, errors })}`);
    return errors[0];
  }

  /** Opens a socket of its own for one subscription. */
  subscribe<T>(query: string, variables: Record<string, unknown> = {}, { token }: Sender = {}): Subscription<T> {
    return new Subscription<T>(this.socketUrl, { query, variables }, token ?? null);
  }
}
