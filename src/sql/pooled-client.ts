import { Client, type ClientBase, DatabaseError } from 'pg';

/**
 * A connection of the pool that leaves it as soon as it is lost, or its answer is overdue. Kysely gives back a connection
 * when its transaction has ended, which on a lost one it never does: each would take a place in the pool for good, and
 * ten of them would end the service.
 */
export class PooledClient extends Client {
  /** Set by the pool for as long as somebody has the connection. */
  declare release?: (error?: Error) => void;

  override query = ((...given: Parameters<ClientBase['query']>) => {
    const answer: unknown = super.query(...given);
    if (answer instanceof Promise) answer.catch((error) => this.leaveIfLost(error));
    return answer;
  }) as ClientBase['query'];

  private leaveIfLost(error: Error): void {
    // What PostgreSQL itself answers leaves the connection as it was, unless it says goodbye.
    if (error instanceof DatabaseError && error.severity !== 'FATAL' && error.severity !== 'PANIC') return;
    const { release } = this;
    // Whoever has it gives it back as well, or tries to end the transaction; neither means anything any more.
    this.release = () => {};
    release?.(error);
  }
}
