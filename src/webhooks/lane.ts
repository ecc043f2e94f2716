import type { Logger } from 'pino';
import type { Turns } from '../mail/turns.js';
import { type Address, claimWebhooks, recordWebhooks, type WebhookTimes } from '../outbox/webhooks.js';
import type { Sql } from '../sql/database.js';
import type { Tried, WebhookTries } from './webhook-tries.js';

/** Webhooks that are under way to one address at the same time; one, while it fails. */
const WIDTH = 10;
/** The longest that a timer of Node's can be set for is more than this; then the lane looks again. */
const SLEEP_MAX_MS = 3_600_000;

/** What lanes work with. */
export interface LaneTools {
  readonly db: Sql;
  readonly tries: WebhookTries;
  readonly turns: Turns;
  readonly times: WebhookTimes;
  readonly logger: Logger;
  /** Ends what is under way. */
  readonly cut: AbortSignal;
}

/**
 * What goes to one address, so that none waits for another: a few at once, one while it fails, none while it asks to be left
 * alone. It ends when nothing is left for it to do.
 */
export class Lane {
  private width = WIDTH;
  private restsUntil = 0;
  private mustLook = false;
  private isOver = false;
  private isFailing = false;
  private working: Promise<void> | null = null;
  private timer: NodeJS.Timeout | null = null;

  /** @param ended is told when there is nothing left; it may be woken again all the same */
  constructor(
    readonly address: Address,
    private readonly tools: LaneTools,
    private readonly ended: () => void,
  ) {}

  /** Something may be due. */
  look(): void {
    this.mustLook = true;
    this.working ??= this.work().finally(() => {
      this.working = null;
      if (this.mustLook && !this.isOver) this.look();
      else if (!this.timer) this.ended();
    });
  }

  private async work(): Promise<void> {
    this.sleep(null);
    while (this.mustLook && !this.isOver) {
      // What was written up to this point is found by what is read next.
      this.mustLook = false;
      const restMs = this.restsUntil - performance.now();
      if (restMs > 0) return this.sleep(restMs);
      try {
        await this.tools.turns.take(() => this.sendSome());
      } catch (error) {
        // The sweeper finds what is left.
        this.mustLook = false;
        this.tools.logger.warn({ err: error }, 'webhooks: the outbox cannot be read or written now');
      }
    }
  }

  private async sendSome(): Promise<void> {
    const { db, tries, times, cut } = this.tools;
    const { webhooks, dueInMs } = await claimWebhooks(db, this.address, this.width, times);
    if (webhooks.length === 0) {
      // What is due and cannot be taken up is somebody else's.
      if (dueInMs !== null && dueInMs > 0 && !this.mustLook) this.sleep(dueInMs);
      return;
    }
    const tried = await tries.try(this.address, webhooks, cut);
    await recordWebhooks(
      db,
      tried.map(({ outcome }) => outcome),
      times,
    );
    this.heed(tried);
    this.mustLook = true;
  }

  private heed(tried: readonly Tried[]): void {
    const faults = tried.filter(({ outcome }) => outcome.fault !== null);
    this.width = faults.length === tried.length ? 1 : WIDTH;
    for (const { restMs } of faults) {
      if (restMs !== null) this.restsUntil = Math.max(this.restsUntil, performance.now() + restMs);
    }
    const [first] = faults;
    if (!first) this.isFailing = false;
    else if (!this.isFailing && !this.isOver) {
      this.isFailing = true;
      const { fault, statusCode } = first.outcome;
      // The rest of an address may be a secret.
      const origin = new URL(this.address.url).origin;
      const { clientId } = this.address;
      this.tools.logger.warn({ clientId, origin, fault, statusCode }, 'webhooks: an address does not take them now');
    }
  }

  private sleep(ms: number | null): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    if (ms === null || this.isOver) return;
    this.timer = setTimeout(
      () => {
        this.timer = null;
        this.look();
      },
      Math.min(Math.ceil(ms), SLEEP_MAX_MS),
    ).unref();
  }

  /** Begins nothing more. Resolves when what is under way is over, and written down. */
  async close(): Promise<void> {
    this.isOver = true;
    this.sleep(null);
    await this.working;
  }
}
