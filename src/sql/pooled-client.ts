import { Client, type ClientBase, type ClientConfig } from 'pg';
import { endsConnection } from '../postgres/read-only.js';
import { type Answered, type Asking, RowShapes } from './row-shapes.js';

/** How node-postgres takes what comes in (8.23, lib/client.js). */
interface Taking {
  _getActiveQuery(): Answered | null;
  _handleRowDescription(message: object): void;
  _handleDataRow(message: object): void;
  _handleCommandComplete(message: object): void;
}
const taking = Client.prototype as unknown as Taking;

/**
 * A connection of the pool: what is asked in one turn of the event loop goes out together, and a connection leaves the
 * pool as soon as it is lost, its answer is overdue, or it may not write. Whoever has a lost one may never come to give it
 * back, as Kysely under the migrations: each would take a place in the pool for good, and ten of them would end the service.
 */
export class PooledClient extends Client {
  /** Set by the pool for as long as somebody has the connection. */
  declare release?: (error?: Error | boolean) => void;
  /** `I`: no transaction is open (PostgreSQL's ReadyForQuery); null before the first answer. */
  declare getTransactionStatus: () => 'I' | 'T' | 'E' | null;
  readonly madeAt = performance.now();
  private isCorked = false;
  private readonly shapes: RowShapes;

  /** Its end is heard while somebody has it, too: an error event that nobody hears would end the process. Whoever waits for an answer is told by that. */
  constructor(config?: ClientConfig) {
    super(config);
    this.on('error', () => undefined);
    this.shapes = new RowShapes(this.wire);
  }

  private get wire(): Wire {
    return (this as unknown as { readonly connection: Wire }).connection;
  }

  private get answered(): Answered | null {
    return taking._getActiveQuery.call(this);
  }

  _handleRowDescription(message: object): void {
    taking._handleRowDescription.call(this, message);
    this.shapes.keep(this.answered);
  }

  _handleDataRow(message: object): void {
    this.shapes.apply(this.answered);
    taking._handleDataRow.call(this, message);
  }

  _handleCommandComplete(message: object): void {
    this.shapes.keep(this.answered);
    taking._handleCommandComplete.call(this, message);
  }

  override query = ((...given: Parameters<ClientBase['query']>) => {
    this.cork();
    const answer: unknown = super.query(...given);
    if (answer instanceof Promise) answer.catch((error) => this.leaveIfLost(error));
    return answer;
  }) as ClientBase['query'];

  /** One packet for all that is sent in this turn, rather than one for each statement. */
  private cork(): void {
    if (this.isCorked) return;
    const { stream } = this.wire;
    this.isCorked = true;
    stream.cork();
    process.nextTick(() => {
      this.isCorked = false;
      stream.uncork();
    });
  }

  private leaveIfLost(error: Error): void {
    if (!endsConnection(error)) return;
    const { release } = this;
    // Whoever has it gives it back as well, or tries to end the transaction; neither means anything any more.
    this.release = () => {};
    release?.(error);
  }
}

interface Wire extends Asking {
  readonly stream: NodeJS.WritableStream & { cork(): void; uncork(): void };
}
