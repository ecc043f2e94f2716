import type { Pool, QueryResult } from 'pg';
import { isReadOnly, READS_ONLY, ReadOnlyDatabase } from '../postgres/read-only.js';
import type { PooledClient } from './pooled-client.js';
import { type Fragment, nameOf, raw } from './statement.js';

/** What runs statements: the database, one connection of it, or a transaction. */
export interface Sql {
  /** Sends a statement; what is sent before an answer came goes out together, and is answered in order. */
  run(statement: Fragment): Promise<QueryResult>;
  /** Work on one connection: what it sends before it waits is one round trip. */
  together<T>(work: (connection: Sql) => Promise<T>): Promise<T>;
}

/** Statements of one transaction; the first goes out together with its `BEGIN`. */
export interface Transaction extends Sql {
  /**
   * Sends a statement whose answer nobody waits for: it goes out with what comes next, and if it fails all of it does.
   * @param read is given the answer, before the transaction ends
   */
  write(statement: Fragment, read?: (answer: QueryResult) => void): void;
  /**
   * Commits what was sent so far, whatever becomes of what follows, and goes on in a transaction of its own. Both go out
   * with what comes next, so until this resolves nothing may be written that relies on the commit; locks are let go between.
   * @throws NotCommitted
   */
  checkpoint(): Promise<void>;
}

/** A transaction that was ended by PostgreSQL although it was to be committed. */
export class NotCommitted extends Error {
  override readonly name = 'NotCommitted';
}

/** The pool that connections are taken from. */
export type Connections = InstanceType<typeof Pool>;

/** The pool of connections, on which every statement is bound, and prepared once a connection. */
export class Database implements Sql {
  /** Connections that were made before are not used again. */
  private trustedSince = 0;

  /**
   * @param isNamed whether statements are prepared by name; a pooler in between may not know names (`DATABASE_PREPARE`)
   * @param requireOpen throws while nothing may be done here yet
   */
  constructor(
    private readonly pool: Connections,
    private readonly isNamed = true,
    private readonly requireOpen: () => void = () => undefined,
  ) {}

  /** @throws ReadOnlyDatabase where the connection that it gets may not write */
  async requireWritable(): Promise<void> {
    await this.together(async (connection) => {
      const { rows } = await connection.run(raw(READS_ONLY));
      if (rows[0]?.readsOnly === false) return;
      const error = new ReadOnlyDatabase();
      this.noteFailure(error);
      throw error;
    });
  }

  private async connect(): Promise<Connection> {
    this.requireOpen();
    for (;;) {
      const client = await this.pooled();
      if (client.madeAt >= this.trustedSince) {
        return new Connection(client, this.isNamed, (error) => this.noteFailure(error));
      }
      client.release?.(true);
    }
  }

  private async pooled(): Promise<PooledClient> {
    try {
      // The pool is told to make these: see `openDatabase`.
      return (await this.pool.connect()) as unknown as PooledClient;
    } catch (error) {
      this.noteFailure(error);
      throw error;
    }
  }

  /** Where one connection may not write, the others may have ended where that one did: none of them is used again. */
  private noteFailure(error: unknown): void {
    if (isReadOnly(error)) this.trustedSince = performance.now();
  }

  run(statement: Fragment): Promise<QueryResult> {
    return this.together((connection) => connection.run(statement));
  }

  async together<T>(work: (connection: Sql) => Promise<T>): Promise<T> {
    const connection = await this.connect();
    try {
      return await work(connection);
    } finally {
      connection.giveBack();
    }
  }

  /**
   * Work in a transaction that is committed when it resolves, and rolled back when it throws.
   * @throws NotCommitted
   */
  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const connection = await this.connect();
    try {
      connection.begin();
      const result = await work(connection);
      await connection.commit();
      return result;
    } catch (error) {
      await connection.rollBack();
      throw error;
    } finally {
      connection.giveBack();
    }
  }
}

/** One connection for as long as somebody has it. */
class Connection implements Transaction {
  private owed = 0;
  private isOpen = false;
  private isGivenBack = false;
  private failure: unknown = null;
  private unawaited: Promise<unknown>[] = [];

  constructor(
    private readonly client: PooledClient,
    private readonly isNamed: boolean,
    private readonly failed: (error: unknown) => void,
  ) {}

  run(statement: Fragment): Promise<QueryResult> {
    const { text, values } = statement.compile();
    return this.send({ text, values, name: this.isNamed ? nameOf(text) : undefined });
  }

  together<T>(work: (connection: Sql) => Promise<T>): Promise<T> {
    return work(this);
  }

  write(statement: Fragment, read?: (answer: QueryResult) => void): void {
    const answer = this.run(statement);
    this.leave(read ? answer.then(read) : answer);
  }

  /** Nobody waits for it by itself: the end of the transaction does. */
  private leave(answer: Promise<unknown>): void {
    answer.catch(() => undefined);
    this.unawaited.push(answer);
  }

  begin(): void {
    this.isOpen = true;
    this.leave(this.send({ text: 'begin' }));
  }

  checkpoint(): Promise<void> {
    const ended = this.end();
    this.begin();
    return ended;
  }

  async commit(): Promise<void> {
    this.isOpen = false;
    await this.end();
  }

  private async end(): Promise<void> {
    const { unawaited } = this;
    this.unawaited = [];
    const answers = await Promise.allSettled([this.send({ text: 'commit' }), ...unawaited]);
    const [committed] = answers;
    if (committed.status === 'rejected') this.isOpen = true;
    // What failed first is the reason for all that failed after it.
    if (this.failure !== null) throw this.failure;
    for (const answer of answers) if (answer.status === 'rejected') throw answer.reason;
    if (committed.status === 'fulfilled' && committed.value.command !== 'COMMIT') {
      throw new NotCommitted(`PostgreSQL answered COMMIT with ${committed.value.command}`);
    }
  }

  /** Never throws: a connection on which it failed is not used again. */
  async rollBack(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    await this.send({ text: 'rollback' }).catch(() => undefined);
  }

  private async send(query: { text: string; values?: unknown[]; name?: string }): Promise<QueryResult> {
    if (this.isGivenBack) throw new Error('a statement came after its connection was given back');
    this.owed += 1;
    try {
      return await this.client.query(query);
    } catch (error) {
      this.failure ??= error;
      this.failed(error);
      throw error;
    } finally {
      this.owed -= 1;
    }
  }

  /** A connection that is in a transaction, or is owed answers, would hand both on to whoever gets it next. */
  giveBack(): void {
    this.isGivenBack = true;
    this.client.release?.(this.owed > 0 || this.client.getTransactionStatus() !== 'I');
  }
}
