import { DatabaseError } from 'pg';
import type { Topic } from '../bus/bus.js';
import { type Database, NotCommitted, type Transaction } from './database.js';

/** A transaction, and what is to happen once it is committed. */
export interface Tx extends Transaction {
  /** Wakes whoever listens on the topic, after the commit. */
  wake(topic: Topic): void;
  /** Hands a delivery of the outbox to the workers, after the commit. */
  send(deliveryId: string): void;
  /** Has the workers look after the commit which pushes of a challenge are due. */
  push(challengeId: string): void;
}

interface AfterCommit {
  publish(topic: Topic): void;
  enqueue(deliveryId: string): void;
  push(challengeId: string): void;
}

/** Runs work in a transaction; others are told of it only when it may be true. */
export class Transactions {
  constructor(
    private readonly db: Database,
    private readonly afterCommit: AfterCommit,
  ) {}

  /** Where no answer to COMMIT came, it may have happened: who is told reads the rows, so that is told too. */
  async run<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const topics = new Set<Topic>();
    const deliveryIds = new Set<string>();
    const pushedIds = new Set<string>();
    const tell = () => {
      for (const topic of topics) this.afterCommit.publish(topic);
      for (const deliveryId of deliveryIds) this.afterCommit.enqueue(deliveryId);
      for (const challengeId of pushedIds) this.afterCommit.push(challengeId);
    };
    // What is told here is told again with what follows: a topic may stand for both.
    const told = (committed: Promise<void>) =>
      committed.then(tell, (error: unknown) => {
        if (!isRefused(error)) tell();
        throw error;
      });
    let isDone = false;
    try {
      const result = await this.db.transaction(async (transaction) => {
        const done = await work({
          run: (statement) => transaction.run(statement),
          together: (share) => transaction.together(share),
          write: (statement, read) => transaction.write(statement, read),
          checkpoint: () => told(transaction.checkpoint()),
          wake: (topic) => void topics.add(topic),
          send: (deliveryId) => void deliveryIds.add(deliveryId),
          push: (challengeId) => void pushedIds.add(challengeId),
        });
        isDone = true;
        return done;
      });
      tell();
      return result;
    } catch (error) {
      if (isDone && !isRefused(error)) tell();
      throw error;
    }
  }
}

/** Whether PostgreSQL itself said that it did not commit. */
function isRefused(error: unknown): boolean {
  return error instanceof NotCommitted || error instanceof DatabaseError;
}
