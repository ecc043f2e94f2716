import type { QueryResult } from 'pg';
import type { Sql } from './database.js';
import type { Fragment } from './statement.js';

/** Somebody's connection, while anybody works on it. */
interface Held {
  readonly connection: Promise<Sql>;
  workers: number;
  giveBack(): void;
}

/**
 * At most one connection of the database at a time, for all that share this: what they send meanwhile goes out on it, one
 * after the other. So a query that asks for many costly things at once takes its time, and no more than its share of the
 * pool.
 */
export class SharedConnection implements Sql {
  private held: Held | null = null;
  /** Settles when the connection before is back in the pool. */
  private before: Promise<unknown> = Promise.resolve();

  constructor(private readonly db: Sql) {}

  run(statement: Fragment): Promise<QueryResult> {
    return this.together((connection) => connection.run(statement));
  }

  async together<T>(work: (connection: Sql) => Promise<T>): Promise<T> {
    const held = this.held ?? this.hold();
    held.workers += 1;
    try {
      return await work(await held.connection);
    } finally {
      held.workers -= 1;
      if (held.workers === 0) {
        if (this.held === held) this.held = null;
        held.giveBack();
      }
    }
  }

  private hold(): Held {
    let giveBack = () => {};
    const over = new Promise<void>((resolve) => {
      giveBack = resolve;
    });
    const connection = new Promise<Sql>((resolve, reject) => {
      const work = (opened: Sql) => {
        resolve(opened);
        return over;
      };
      this.before = this.before.then(() => this.db.together(work)).catch(reject);
    });
    this.held = { connection, workers: 0, giveBack };
    return this.held;
  }
}
