import type { Sql } from '../sql/database.js';
import type { Pulse } from '../sql/pulse.js';
import { rowsOf } from '../sql/rows.js';
import { sql } from '../sql/statement.js';
import { mailsLeftBehind } from './outbox.js';
import { pushesLeftBehind } from './pushes.js';
import type { Channel, JobQueue } from './queue.js';
import { clientsLeftBehind } from './webhooks.js';

/** With the time for which what is due counts as under way, a mail whose job was lost leaves within ten seconds. */
const SWEEP_EVERY_SECONDS = 6;
const MOST = 500;

/**
 * Queues again what a crash, or an emptied queue, left behind in the outbox, whatever the channel: one statement asks for
 * all. Any number of processes may do so at once.
 */
export function sweepOutbox(pulse: Pulse, queue: Pick<JobQueue, 'enqueueAgain' | 'wake'>): void {
  pulse.add({
    what: 'sweeper: the outbox cannot be read',
    everySeconds: SWEEP_EVERY_SECONDS,
    isIdle: () => false,
    run: async (db) => {
      for (const { channel, id, attempts } of await leftBehind(db)) {
        if (channel === 'MAIL') queue.enqueueAgain(id, attempts);
        else queue.wake(channel, id, 'again');
      }
    },
  });
}

function leftBehind(db: Sql): Promise<{ channel: Channel; id: string; attempts: number }[]> {
  return rowsOf(
    db,
    sql`select 'MAIL' as channel, id, attempts from (${mailsLeftBehind(MOST)}) mails
        union all select 'WEBHOOK', id, 0 from (${clientsLeftBehind()}) clients
        union all select 'PUSH', id, 0 from (${pushesLeftBehind(MOST)}) pushes`,
  );
}
