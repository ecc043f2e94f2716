import type { EntityManager } from '@mikro-orm/postgresql';
import type { Topic } from '../bus/bus.js';

/** A transaction, and what is to happen once it is committed. */
export interface Tx {
  readonly em: EntityManager;
  /** Wakes whoever listens on the topic, after the commit. */
  wake(topic: Topic): void;
  /** Hands a delivery of the outbox to the workers, after the commit. */
  send(deliveryId: string): void;
}

interface AfterCommit {
  publish(topic: Topic): void;
  enqueue(deliveryId: string): void;
}

/** Runs work in a transaction; others are told of it only when it is true. */
export class Transactions {
  constructor(private readonly afterCommit: AfterCommit) {}

  async run<T>(em: EntityManager, work: (tx: Tx) => Promise<T>): Promise<T> {
    const topics = new Set<Topic>();
    const deliveryIds = new Set<string>();
    const result = await em.transactional((inner) =>
      work({
        em: inner as EntityManager,
        wake: (topic) => topics.add(topic),
        send: (deliveryId) => deliveryIds.add(deliveryId),
      }),
    );
    for (const topic of topics) this.afterCommit.publish(topic);
    for (const deliveryId of deliveryIds) this.afterCommit.enqueue(deliveryId);
    return result;
  }
}
