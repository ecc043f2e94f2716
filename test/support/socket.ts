import { EventEmitter, once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Closing } from './subscription.js';
import { within } from './waiting.js';

/** A message of `graphql-transport-ws`, in either direction. */
export interface Message {
  readonly type: string;
  readonly id?: string;
  readonly payload?: unknown;
}

/** A WebSocket spoken by hand, for what no well-behaved client does. */
export class HandSocket implements AsyncDisposable {
  private readonly arrived: Message[] = [];
  private readonly arrivals = new EventEmitter();
  private readonly whenClosed: Promise<Closing>;

  private constructor(private readonly socket: WebSocket) {
    socket.on('error', () => {});
    socket.on('message', (data) => {
      this.arrived.push(JSON.parse(String(data)) as Message);
      this.arrivals.emit('message');
    });
    this.whenClosed = new Promise((resolve) => {
      socket.once('close', (code, reason) => resolve({ code, reason: String(reason) }));
    });
  }

  /** @throws Error where the upgrade is refused: with the HTTP status, or because no protocol is agreed on */
  static async open(
    url: string,
    { protocol = 'graphql-transport-ws', headers = {} as Record<string, string> } = {},
  ): Promise<HandSocket> {
    const socket = new WebSocket(url, protocol, { headers });
    const opened = new HandSocket(socket);
    const refused = new Promise<never>((_resolve, reject) => {
      socket.once('unexpected-response', (_request, response: IncomingMessage) =>
        reject(new Error(`the upgrade was answered with ${response.statusCode}`)),
      );
    });
    await within(Promise.race([once(socket, 'open'), refused]), 'the upgrade');
    return opened;
  }

  /** The same, up to the acknowledgement of connection_init. */
  static async ready(url: string, token: string | null = null): Promise<HandSocket> {
    const socket = await HandSocket.open(url);
    socket.init(token);
    const message = await socket.next();
    if (message.type !== 'connection_ack') throw new Error(`not acknowledged: ${JSON.stringify(message)}`);
    return socket;
  }

  init(token: string | null): void {
    this.send({ type: 'connection_init', payload: token ? { authorization: `Bearer ${token}` } : {} });
  }

  subscribe(id: string, query: string, variables: Record<string, unknown> = {}): void {
    this.send({ id, type: 'subscribe', payload: { query, variables } });
  }

  send(message: Message): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The next message. */
  async next(): Promise<Message> {
    const message = this.arrived.shift();
    if (message) return message;
    await within(once(this.arrivals, 'message'), 'the next message');
    return this.next();
  }

  /** The messages that have arrived and that nobody has taken. */
  get unread(): readonly Message[] {
    return this.arrived;
  }

  /** How the socket was closed; waits for it. */
  closed(): Promise<Closing> {
    return within(this.whenClosed, 'the close of the socket');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.terminate();
    await this.closed();
  }
}

/** A peer on a bare connection that speaks WebSocket, and does not answer a close. */
export class DeafPeer implements Disposable {
  private received = Buffer.alloc(0);

  private constructor(private readonly connection: Socket) {
    connection.on('error', () => {});
    connection.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
    });
  }

  /** Connects and is acknowledged. */
  static async ready(url: string, token: string | null = null): Promise<DeafPeer> {
    const { hostname, port } = new URL(url);
    const peer = new DeafPeer(connect(Number(port), hostname));
    peer.connection.write(
      `GET /graphql HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n' +
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    await peer.hears('101 Switching Protocols');
    peer.send({ type: 'connection_init', payload: token ? { authorization: `Bearer ${token}` } : {} });
    await peer.hears('connection_ack');
    return peer;
  }

  /** A text frame (RFC 6455, 5.2) under a mask of zeros. */
  send(message: Message): void {
    const text = Buffer.from(JSON.stringify(message));
    const length = text.length < 126 ? [0x80 | text.length] : [0x80 | 126, text.length >> 8, text.length & 0xff];
    this.connection.write(Buffer.concat([Buffer.from([0x81, ...length, 0, 0, 0, 0]), text]));
  }

  /** Everything that came so far, as text. */
  get heard(): string {
    return this.received.toString('latin1');
  }

  /** Resolves when a text has come. */
  async hears(text: string): Promise<void> {
    while (!this.heard.includes(text)) await within(once(this.connection, 'data'), text);
  }

  /** Resolves when the server has cut the connection. */
  async cut(): Promise<void> {
    if (!this.connection.closed) await within(once(this.connection, 'close'), 'the cut');
  }

  [Symbol.dispose](): void {
    this.connection.destroy();
  }
}
