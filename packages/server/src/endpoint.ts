import { DoorstepError, errorOf, type GraphqlFault } from './errors.js';

/** A GraphQL document with the types of its answer and of its variables; those exist for the compiler alone. */
export interface Operation<Data, Variables> {
  readonly query: string;
  readonly types?: (variables: Variables) => Data;
}

/** Where Doorstep is, and how it is asked. */
export interface EndpointOptions {
  /** Doorstep's address as your backend reaches it: `PUBLIC_URL`, or that of `BACKEND_PORT`. */
  readonly url: string | URL;
  /** The key of your API client, `key_...`; blanks around it, such as a file's last line break, do not count. */
  readonly key: string;
  /** For how long one question may take, 100 to 60 000 ms; 5000 unless said. */
  readonly timeoutMs?: number;
}

const KEY = /^key_[\w-]{43}$/;
const PATH = 'backend/graphql';
const TIMEOUT_MS = 5_000;

interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly GraphqlFault[];
}

/** Doorstep's API for products' backends, asked over HTTP. */
export class Endpoint {
  private readonly url: URL;
  private readonly timeoutMs: number;
  // Of the runtime's kind: whoever prints this object prints no key.
  readonly #authorization: string;

  /** @throws TypeError for options that cannot be meant */
  constructor({ url, key, timeoutMs = TIMEOUT_MS }: EndpointOptions) {
    this.url = addressOf(url);
    if (typeof key !== 'string' || !KEY.test(key.trim())) throw new TypeError('key: expected the key of an API client');
    if (!(timeoutMs >= 100 && timeoutMs <= 60_000)) throw new TypeError('timeoutMs: expected 100 to 60000');
    this.#authorization = `Bearer ${key.trim()}`;
    this.timeoutMs = timeoutMs;
  }

  /** Where subscriptions are served. */
  get socketUrl(): string {
    return this.url.href.replace(/^http/, 'ws');
  }

  /** What a socket says of itself first. */
  get connectionParams(): Record<string, unknown> {
    return { authorization: this.#authorization };
  }

  /** Asks once. @throws DoorstepError */
  async send<Data, Variables>(operation: Operation<Data, Variables>, variables: Variables): Promise<Data> {
    return dataOf<Data>(await this.post(operation.query, variables, this.deadline()));
  }

  /** The same for what changes nothing: where a connection broke without an answer, another one is tried. */
  async read<Data, Variables>(operation: Operation<Data, Variables>, variables: Variables): Promise<Data> {
    const deadline = this.deadline();
    const ask = () => this.post(operation.query, variables, deadline);
    const response = await ask().catch((error: unknown) => {
      if (error instanceof DoorstepError && error.code === 'UNREACHABLE') return ask();
      throw error;
    });
    return dataOf<Data>(response);
  }

  private deadline(): AbortSignal {
    return AbortSignal.timeout(this.timeoutMs);
  }

  /** @returns status and text of what was answered; both come within the deadline */
  private async post(query: string, variables: unknown, signal: AbortSignal): Promise<Raw> {
    try {
      const response = await fetch(this.url, {
        method: 'POST',
        headers: {
          authorization: this.#authorization,
          'content-type': 'application/json',
          accept: 'application/json',
        },
        body: JSON.stringify({ query, variables }),
        // The key goes where it was meant to go.
        redirect: 'error',
        signal,
      });
      return { status: response.status, text: await response.text() };
    } catch (cause) {
      if (signal.aborted) {
        throw new DoorstepError('TIMED_OUT', `Doorstep did not answer within ${this.timeoutMs} ms`, { cause });
      }
      throw new DoorstepError('UNREACHABLE', `nothing answers at ${this.url.origin}`, { cause });
    }
  }
}

interface Raw {
  readonly status: number;
  readonly text: string;
}

function dataOf<Data>({ status, text }: Raw): Data {
  const { data, errors } = parsed<Data>(text) ?? {};
  const [error] = Array.isArray(errors) ? errors : [];
  if (error) throw errorOf(error);
  // A gateway's page, another program, a body that was cut.
  if (!data) throw new DoorstepError('UNREACHABLE', `what answers there is not Doorstep (HTTP ${status})`);
  return data;
}

function parsed<Data>(text: string): Answer<Data> | null {
  try {
    return JSON.parse(text) as Answer<Data> | null;
  } catch {
    return null;
  }
}

function addressOf(url: string | URL): URL {
  const given = URL.canParse(String(url)) ? new URL(url) : null;
  const isPlain = given && !given.username && !given.password && !given.search && !given.hash;
  if (!isPlain || !/^https?:$/.test(given.protocol)) {
    throw new TypeError('url: expected an http or https address without user, query and fragment');
  }
  return new URL(PATH, given.href.endsWith('/') ? given : `${given.href}/`);
}
