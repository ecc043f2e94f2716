import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { type Scope, scopes } from '../../src/api/caller.js';
import { addClient } from '../../src/clients/clients.js';
import { Database } from '../../src/sql/database.js';
import { openPool } from '../../src/wiring/database.js';
import { type Answer, Client, type GraphqlError } from './client.js';
import type { Handset } from './handset.js';
import type { Servers } from './servers.js';
import type { Subscription } from './subscription.js';

/** What a backend is added with; all scopes and nobody's own accounts unless said. */
export interface BackendOptions {
  readonly scopes?: readonly Scope[];
  readonly ownAccounts?: boolean;
  readonly name?: string;
  readonly audiences?: readonly string[];
  readonly returnOrigins?: readonly string[];
  readonly webhooks?: readonly string[];
  /** What its people are told that the product is, who its mails come from, and where it is. */
  readonly productName?: string;
  readonly sender?: string;
  readonly link?: string;
}

/** What introspection has answered. */
export interface Introspection {
  readonly status: number;
  readonly headers: Headers;
  readonly body: { readonly active?: boolean; readonly error?: string; readonly [member: string]: unknown };
}

/** A product's backend, talking to one server with its key. */
export class Backend {
  private constructor(
    private readonly client: BackendClient,
    readonly id: string,
    readonly name: string,
    readonly key: string,
  ) {}

  /** Adds an API client as the command line does. @param nth the server that it talks to */
  static async add(servers: Servers, options: BackendOptions = {}, nth = 0): Promise<Backend> {
    const name = options.name ?? `shop-${randomUUID()}`;
    const { client, key } = await withDatabase(servers.database.url, (db) =>
      db.transaction((tx) =>
        addClient(tx, {
          name,
          scopes: [...(options.scopes ?? scopes)],
          ownAccounts: options.ownAccounts ?? false,
          audiences: [...(options.audiences ?? [])],
          returnOrigins: [...(options.returnOrigins ?? [])],
          webhooks: [...(options.webhooks ?? [])],
          webhookKeyId: options.webhooks ? (servers.config().codeKeys[0]?.id ?? null) : null,
          productName: options.productName ?? null,
          sender: options.sender ?? null,
          link: options.link ?? null,
        }),
      ),
    );
    return new Backend(new BackendClient(servers.client(nth).url), client.id, name, key);
  }

  get url(): string {
    return this.client.graphqlUrl;
  }

  get socketUrl(): string {
    return this.client.socketUrl;
  }

  /** The same backend, talking to another server, or with another key. */
  at(url: string, key = this.key): Backend {
    return new Backend(new BackendClient(url), this.id, this.name, key);
  }

  graphql<T = Record<string, unknown>>(query: string, variables: Record<string, unknown> = {}): Promise<Answer<T>> {
    return this.client.graphql<T>(query, variables, { token: this.key });
  }

  /** The `result` of a document that must succeed. */
  async ask<T>(query: string, variables: Record<string, unknown> = {}): Promise<T> {
    const { result } = await this.client.data<{ result: T }>(query, variables, { token: this.key });
    return result;
  }

  /** The one error of a request that must be refused. */
  error(query: string, variables: Record<string, unknown> = {}): Promise<GraphqlError> {
    return this.client.error(query, variables, { token: this.key });
  }

  subscribe<T>(query: string, variables: Record<string, unknown> = {}): Subscription<T> {
    return this.client.subscribe(query, variables, { token: this.key });
  }

  /** Asks for a token by RFC 7662, with its key as a bearer token unless said. */
  async introspect(
    form: Readonly<Record<string, string>> | string,
    headers: Readonly<Record<string, string>> = { authorization: `Bearer ${this.key}` },
  ): Promise<Introspection> {
    const answer = await fetch(this.introspectionUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams(form).toString(),
    });
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Introspection['body'] };
  }

  get introspectionUrl(): string {
    return `${this.client.url}/introspect`;
  }

  /** Makes the account of a device a subject of this backend. */
  async holds(servers: Servers, { owner }: Handset, externalId: string = randomUUID()): Promise<string> {
    await servers.database.row(
      `update account set client_id = $1, external_id = $2, subject_email = email, email = null, password_hash = null
       where email = $3 returning id`,
      [this.id, externalId, owner.email],
    );
    return externalId;
  }
}

class BackendClient extends Client {
  override get graphqlUrl(): string {
    return `${this.url}/backend/graphql`;
  }
}

/** Work of the product's own on a database, outside of its processes. */
export async function withDatabase<T>(url: string, work: (db: Database) => Promise<T>): Promise<T> {
  const pool = openPool(url, pino({ level: 'silent' }));
  try {
    return await work(new Database(pool, true));
  } finally {
    await pool.end();
  }
}

/** A session as its id and that of its device and account are in the database. */
export async function sessionOf(
  servers: Servers,
  handset: Pick<Handset, 'sessionToken'>,
): Promise<{ id: string; accountId: string; deviceId: string }> {
  return servers.database.row(
    `select id, account_id as "accountId", device_id as "deviceId" from session
     where token_hash = sha256(convert_to($1, 'UTF8'))`,
    [handset.sessionToken],
  );
}

/** From where a device was seen last; to ask it would be to see it. */
export async function lastAddressOf(servers: Servers, handset: Handset): Promise<string> {
  const { deviceId } = await sessionOf(servers, handset);
  const { address } = await servers.database.row<{ address: string }>(
    'select last_ip_address as address from device where id = $1',
    [deviceId],
  );
  return address;
}
