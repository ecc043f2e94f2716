import type { Logger } from 'pino';
import type { Sql } from '../sql/database.js';
import { leftBehind } from './outbox.js';
import type { MailQueue } from './queue.js';

const SWEEP_EVERY_MS = 2_000;
const MOST = 500;

/** Queues again what a crash, or an emptied queue, left behind in the outbox. Any number may run at once. */
export class Sweeper {
  private readonly timer: NodeJS.Timeout;
  private sweeping: Promise<void> | null = null;
  private isAway = false;

  constructor(
    private readonly db: Sql,
    private readonly queue: Pick<MailQueue, 'enqueueAgain'>,
    private readonly logger: Logger,
  ) {
    this.timer = setInterval(() => this.sweep(), SWEEP_EVERY_MS).unref();
  }

  private sweep(): void {
    this.sweeping ??= this.sweepOnce().finally(() => {
      this.sweeping = null;
    });
  }

  private async sweepOnce(): Promise<void> {
    try {
      for (const { id, attempts } of await leftBehind(this.db, MOST)) this.queue.enqueueAgain(id, attempts);
      this.isAway = false;
    } catch (error) {
      if (!this.isAway) this.logger.warn({ err: error }, 'sweeper: the outbox cannot be read now');
      this.isAway = true;
    }
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.sweeping;
  }
}
