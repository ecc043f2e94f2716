import type { Logger } from 'pino';
import { isOf } from '../accounts/reach.js';
import type { Bus } from '../bus/bus.js';
import { areEventsStuck, EVENTS_TOPIC, numberEvents } from '../events/events.js';
import type { JobQueue } from '../outbox/queue.js';
import { webhooksOf } from '../outbox/webhooks.js';
import type { Sql } from '../sql/database.js';
import type { Pulse } from '../sql/pulse.js';
import { raw } from '../sql/statement.js';

/** Wakes the readers: the head has moved. */
export const FEED_TOPIC = 'feed';

/** Whoever numbers events has them numbered by then, many times over. */
const STUCK_AFTER_MS = 700;
/** How soon it is tried again where the database did not let it. */
const AGAIN_MS = 1_000;
/** How often it is looked for events of which no wake-up came, nor any from a reader who waits for them. */
const LOOK_SECONDS = 12;

/** Which clients are told of an event by webhooks: those that its feed tells it to. */
const isSeen = isOf({ clientId: raw('c.id'), ownAccounts: raw('c.own_accounts') }, 'e');

/**
 * Numbers committed events, which is the order in which readers are told, and writes their webhooks. Of several workers one
 * does it: whoever finds the lock taken stands by, and begins when events of which it was woken still stand without a number
 * a while later, since whoever had it is gone then. Two that both do it for a moment do no harm: each holds the lock while it
 * numbers.
 */
export class Sequencer {
  private readonly unsubscribe: () => void;
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> = Promise.resolve();
  private isAtWork = false;
  private mustLook = false;
  private isStandby = false;
  private isAway = false;
  private isOver = false;

  constructor(
    private readonly db: Sql,
    private readonly bus: Bus,
    private readonly queue: Pick<JobQueue, 'wake'>,
    private readonly logger: Logger,
    pulse: Pulse,
  ) {
    this.unsubscribe = bus.subscribe(EVENTS_TOPIC, () => {
      if (this.isStandby) this.lookIn(STUCK_AFTER_MS);
      // Whoever cannot reach the database tries again by itself.
      else if (!this.isAway) this.look();
    });
    pulse.add({
      what: 'sequencer: cannot look for events',
      everySeconds: LOOK_SECONDS,
      isIdle: () => this.isAtWork,
      run: async (connection) => {
        if (await areEventsStuck(connection, STUCK_AFTER_MS)) this.look();
      },
    });
    this.look();
  }

  private lookIn(ms: number): void {
    if (this.isOver) return;
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.look();
    }, ms).unref();
  }

  private look(): void {
    this.mustLook = true;
    if (!this.isAtWork) this.running = this.run();
  }

  private async run(): Promise<void> {
    this.isAtWork = true;
    while (this.mustLook && !this.isOver) {
      // Events up to this point are found by what is read next.
      this.mustLook = false;
      try {
        if (!this.isStandby || (await areEventsStuck(this.db, STUCK_AFTER_MS))) await this.number();
        this.isAway = false;
      } catch (error) {
        if (!this.isAway) this.logger.warn({ err: error }, 'sequencer: events cannot be numbered now');
        this.isAway = true;
        this.lookIn(AGAIN_MS);
      }
    }
    this.isAtWork = false;
  }

  private async number(): Promise<void> {
    let mayBeMore = true;
    while (mayBeMore && !this.isOver) {
      const numbered = await numberEvents(this.db, (events) => webhooksOf(events, isSeen));
      this.isStandby = numbered.isTaken;
      if (numbered.count > 0) this.bus.publish(FEED_TOPIC);
      for (const clientId of numbered.clientIds) this.queue.wake('WEBHOOK', clientId, numbered.head);
      mayBeMore = numbered.mayBeMore;
    }
    // Whoever has the lock may have looked before the last of them was there, and be gone before it looks again.
    if (this.isStandby) this.lookIn(STUCK_AFTER_MS);
  }

  async close(): Promise<void> {
    this.isOver = true;
    if (this.timer) clearTimeout(this.timer);
    this.unsubscribe();
    await this.running;
  }
}
