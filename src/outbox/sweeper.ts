import type { Sql } from '../sql/database.js';
import type { Pulse } from '../sql/pulse.js';
import { leftBehind } from './outbox.js';
import type { MailQueue } from './queue.js';

/** With the time for which what is due counts as under way, a mail whose job was lost leaves within ten seconds. */
const SWEEP_EVERY_SECONDS = 6;
const MOST = 500;

/** Queues again what a crash, or an emptied queue, left behind in the outbox. Any number of processes may do so at once. */
export function sweepOutbox(pulse: Pulse, queue: Pick<MailQueue, 'enqueueAgain'>): void {
  pulse.add({
    what: 'sweeper: the outbox cannot be read',
    everySeconds: SWEEP_EVERY_SECONDS,
    isIdle: () => false,
    run: async (db: Sql) => {
      for (const { id, attempts } of await leftBehind(db, MOST)) queue.enqueueAgain(id, attempts);
    },
  });
}
