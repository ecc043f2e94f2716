import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from './waiting.js';

/** What a piece of work asked of PostgreSQL. */
export interface Asked {
  /** BEGIN, COMMIT and ROLLBACK included. */
  readonly statements: number;
  /** How often somebody waited for PostgreSQL: what is sent while an answer is awaited belongs to the same one. */
  readonly roundTrips: number;
}

const EXECUTE = 'E'.charCodeAt(0);
const SIMPLE_QUERY = 'Q'.charCodeAt(0);
const READY = 'Z'.charCodeAt(0);
const HEADER_BYTES = 5;

/** A way to PostgreSQL that counts what goes over it, by the protocol's own messages (PostgreSQL 18, 54.7). */
export class StatementCounter implements AsyncDisposable {
  private readonly sockets = new Set<Socket>();
  private statements = 0;
  private roundTrips = 0;
  private owed = 0;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(databaseUrl: string): Promise<StatementCounter> {
    const target = new URL(databaseUrl);
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = new URL(databaseUrl);
    url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const counter = new StatementCounter(server, url.href);
    server.on('connection', (client) => counter.join(client, connect(Number(target.port), target.hostname)));
    return counter;
  }

  private join(client: Socket, server: Socket): void {
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.setNoDelay();
      socket.on('error', () => {}).on('close', () => this.sockets.delete(socket));
    }
    const asked = new Messages((type) => this.noteAsked(type), false);
    // What answers the start of a connection was asked by nobody.
    let isOpen = false;
    const answered = new Messages((type) => {
      if (type !== READY) return;
      if (isOpen) this.owed -= 1;
      isOpen = true;
    }, true);
    client.on('data', (data) => asked.read(data)).pipe(server);
    server.on('data', (data) => answered.read(data)).pipe(client);
  }

  private noteAsked(type: number): void {
    if (type !== EXECUTE && type !== SIMPLE_QUERY) return;
    if (this.owed === 0) this.roundTrips += 1;
    this.statements += 1;
    this.owed += 1;
  }

  /** What the work asked of PostgreSQL over this way; nothing else may be going on. */
  async during(work: () => Promise<unknown>): Promise<Asked> {
    const before = { statements: this.statements, roundTrips: this.roundTrips };
    await work();
    return { statements: this.statements - before.statements, roundTrips: this.roundTrips - before.roundTrips };
  }

  /** Resolves when within `ms` no more than `most` statements are asked. */
  async quiet(ms: number, most: number): Promise<void> {
    await until(async () => (await this.during(() => sleep(ms))).statements <= most, 'quiet', 20 * ms);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

/** Cuts a stream into messages, and tells the type of each. */
class Messages {
  private rest = Buffer.alloc(0);

  /** @param hasTypes false: the first message, which starts the connection, has no type */
  constructor(
    private readonly tell: (type: number) => void,
    private hasTypes: boolean,
  ) {}

  read(data: Buffer): void {
    this.rest = Buffer.concat([this.rest, data]);
    for (;;) {
      const typeBytes = this.hasTypes ? 1 : 0;
      if (this.rest.length < HEADER_BYTES - 1 + typeBytes) return;
      const length = this.rest.readUInt32BE(typeBytes) + typeBytes;
      if (this.rest.length < length) return;
      if (this.hasTypes) this.tell(this.rest.readUInt8(0));
      this.hasTypes = true;
      this.rest = this.rest.subarray(length);
    }
  }
}
