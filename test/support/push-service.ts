import { createECDH } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import ece from 'http_ece';
import { importJWK, jwtVerify } from 'jose';
import { BrowserSubscription } from './push.js';
import { until } from './waiting.js';

/** A message as a push service gets it. */
export interface PushMessage {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** On the test's own clock. */
  readonly at: number;
}

/** How a message is answered: 201 unless said. */
export interface PushMood {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Says nothing for so long; `Infinity`: ever. */
  readonly afterMs?: number;
}

/** Lets pushes go to this machine. */
export const PUSH_HERE = { PUSH_ALLOW: '127.0.0.1' };

/** A push service (RFC 8030) on loopback, which does as it is told. */
export class PushService implements AsyncDisposable {
  readonly messages: PushMessage[] = [];
  private readonly subscriptions = new Map<string, BrowserSubscription>();
  private moodOf: (message: PushMessage, nth: number) => PushMood = () => ({});

  private constructor(
    private readonly server: Server,
    readonly origin: string,
  ) {}

  static async start(): Promise<PushService> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const service = new PushService(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('request', (request, response) => void service.take(request, response));
    return service;
  }

  /** What a browser gets that subscribes here. */
  subscription(): BrowserSubscription {
    const path = `/send/${this.subscriptions.size}`;
    const subscription = new BrowserSubscription(`${this.origin}${path}`);
    this.subscriptions.set(path, subscription);
    return subscription;
  }

  /** @param moodOf is asked for each message, with how many came before it */
  answer(moodOf: (message: PushMessage, nth: number) => PushMood): void {
    this.moodOf = moodOf;
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await request.toArray());
    const headers = request.headers as Record<string, string>;
    const message = { path: request.url ?? '', headers, body, at: performance.now() };
    const {
      status = 201,
      headers: answered = {},
      body: text,
      afterMs = 0,
    } = this.moodOf(message, this.messages.length);
    this.messages.push(message);
    if (afterMs === Number.POSITIVE_INFINITY) return;
    setTimeout(() => response.writeHead(status, answered).end(text), afterMs);
  }

  /** Those that came for a subscription. */
  of(subscription: BrowserSubscription): PushMessage[] {
    return this.messages.filter(({ path }) => `${this.origin}${path}` === subscription.endpoint);
  }

  /** Waits for the nth message of a subscription. */
  async nth(subscription: BrowserSubscription, nth = 0, deadlineMs?: number): Promise<PushMessage> {
    const found = await until(() => this.of(subscription)[nth], `message ${nth}`, deadlineMs);
    return found as PushMessage;
  }

  /** What a message says to the browser that subscribed: decrypted as browsers do (RFC 8291), by other code than encrypts. */
  read({ path, body }: PushMessage): { text: string; content: unknown } {
    const subscription = this.subscriptions.get(path);
    if (!subscription) throw new Error('nobody has subscribed to that');
    const privateKey = createECDH('prime256v1');
    privateKey.setPrivateKey(subscription.privateKey);
    const text = ece.decrypt(body, { version: 'aes128gcm', privateKey, authSecret: subscription.auth }).toString();
    return { text, content: JSON.parse(text) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** Whom a message is from, as push services find out (RFC 8292). @throws unless it is signed for this service, and in time */
export async function senderOf({ headers }: PushMessage, origin: string): Promise<{ key: string; subject: string }> {
  const [, token = '', key = ''] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(headers.authorization ?? '') ?? [];
  const point = Buffer.from(key, 'base64url');
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString('base64url'));
  const publicKey = await importJWK({ kty: 'EC', crv: 'P-256', x, y }, 'ES256');
  const { payload } = await jwtVerify(token, publicKey, {
    audience: origin,
    algorithms: ['ES256'],
    requiredClaims: ['exp'],
  });
  if ((payload.exp ?? 0) > Date.now() / 1000 + 86_400) throw new Error('good for more than a day');
  return { key, subject: payload.sub ?? '' };
}
