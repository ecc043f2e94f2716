import { randomUUID } from 'node:crypto';
import { Transactions } from '../sql/transactions.js';
import type { Foundation } from './foundation.js';

/** Transactions of a process, of which its bus and its queue are told. */
export function transactionsOf({ db, bus, queue }: Pick<Foundation, 'db' | 'bus' | 'queue'>): Transactions {
  return new Transactions(db, {
    publish: (topic) => bus.publish(topic),
    enqueue: (deliveryId) => queue.enqueue(deliveryId),
    // One that is still queued, or being run, may have read the rows before.
    push: (challengeId) => queue.wake('PUSH', challengeId, randomUUID()),
  });
}
