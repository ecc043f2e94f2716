import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { webhookSecretOf } from '../../src/clients/webhook-secret.js';
import type { Backend } from './backend.js';
import type { FeedEvent } from './feed.js';
import type { Servers } from './servers.js';
import { until } from './waiting.js';

/** A webhook as it came in. */
export interface Received {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly path: string;
  readonly type: string;
  readonly data: FeedEvent & { readonly sequence: number };
  /** On the test's own clock. */
  readonly at: number;
}

/** How a webhook is answered: 204 unless said. */
export interface Mood {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Says nothing for so long; `Infinity`: ever. */
  readonly afterMs?: number;
}

/** A backend's endpoint for webhooks, on loopback. */
export class Receiver implements AsyncDisposable {
  readonly received: Received[] = [];
  /** How many were under way at the same moment, at most. */
  mostAtOnce = 0;
  private atOnce = 0;
  private moodOf: (webhook: Received, nth: number) => Mood = () => ({});

  private constructor(
    private readonly server: Server,
    readonly origin: string,
  ) {}

  static async start(): Promise<Receiver> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const receiver = new Receiver(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void receiver.take(request, response));
    return receiver;
  }

  /** An address of its own for each path. */
  url(path = '/hook'): string {
    return `${this.origin}${path}`;
  }

  /** @param moodOf is asked for each webhook, with how many of the same id came before it */
  answer(moodOf: (webhook: Received, nth: number) => Mood): void {
    this.moodOf = moodOf;
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.atOnce);
    response.on('close', () => {
      this.atOnce -= 1;
    });
    const body = Buffer.concat(await request.toArray()).toString();
    const headers = request.headers as Record<string, string>;
    const { type, data } = JSON.parse(body) as Pick<Received, 'type' | 'data'>;
    const id = headers['webhook-id'] ?? '';
    const webhook = { id, headers, body, path: request.url ?? '', type, data, at: performance.now() };
    const { status = 204, headers: answered = {}, afterMs = 0 } = this.moodOf(webhook, this.triesOf(id).length);
    this.received.push(webhook);
    if (afterMs === Number.POSITIVE_INFINITY) return;
    setTimeout(() => response.writeHead(status, answered).end(), afterMs);
  }

  triesOf(id: string): Received[] {
    return this.received.filter((webhook) => webhook.id === id);
  }

  /** The first that matches, whenever it came. */
  that(matches: (webhook: Received) => boolean, what = 'the webhook', deadlineMs?: number): Promise<Received> {
    return until(() => this.received.find(matches), what, deadlineMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** What a backend was told to verify its webhooks with. */
export function webhookSecret(servers: Servers, { id }: Pick<Backend, 'id'>): string {
  const [key] = servers.config().codeKeys;
  if (!key) throw new Error('no key');
  return webhookSecretOf(key, id);
}

/** Verifies as receivers do. @throws unless it is of that backend, unchanged and new */
export function verify(secret: string, { body, headers }: Received): void {
  new Webhook(secret).verify(body, headers);
}

/** Lets webhooks go to this machine. */
export const WEBHOOKS_HERE = { WEBHOOK_ALLOW: '127.0.0.1' };
