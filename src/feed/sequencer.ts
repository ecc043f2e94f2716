import type { Logger } from 'pino';
import type { Bus } from '../bus/bus.js';
import { areEventsStuck, EVENTS_TOPIC, numberEvents } from '../events/events.js';
import type { Database } from '../sql/database.js';

/** Wakes the readers: the head has moved. */
export const FEED_TOPIC = 'feed';

/** How often it is looked for events of which no wake-up came. */
const LOOK_MS = 500;
/** Whoever numbers events has them numbered by then, many times over. */
const STUCK_AFTER_MS = 700;

/**
 * Numbers committed events, which is the order in which readers are told. Of several workers one does it: whoever finds
 * the lock taken stands by, and begins when events stand without a number, since whoever had it is gone then. Two that
 * both do it for a moment do no harm: each holds the lock while it numbers.
 */
export class Sequencer {
  private readonly unsubscribe: () => void;
  private readonly timer: NodeJS.Timeout;
  private running: Promise<void> = Promise.resolve();
  private isAtWork = false;
  private mustLook = false;
  private isStandby = false;
  private isAway = false;
  private isOver = false;

  constructor(
    private readonly db: Database,
    private readonly bus: Bus,
    private readonly logger: Logger,
  ) {
    this.unsubscribe = bus.subscribe(EVENTS_TOPIC, () => {
      // Whoever stands by, or cannot reach the database, looks by the timer alone.
      if (!this.isStandby && !this.isAway) this.look();
    });
    this.timer = setInterval(() => this.look(), LOOK_MS).unref();
    this.look();
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
      }
    }
    this.isAtWork = false;
  }

  private async number(): Promise<void> {
    let mayBeMore = true;
    while (mayBeMore && !this.isOver) {
      const numbered = await this.db.transaction(numberEvents);
      this.isStandby = numbered.isTaken;
      if (numbered.count > 0) this.bus.publish(FEED_TOPIC);
      mayBeMore = numbered.mayBeMore;
    }
  }

  async close(): Promise<void> {
    this.isOver = true;
    clearInterval(this.timer);
    this.unsubscribe();
    await this.running;
  }
}
