import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { CodeKey } from '../codes/keys.js';
import type { Limits } from '../config/limits.js';
import { Turns } from '../mail/turns.js';
import type { Outbound } from '../outbound/outbound.js';
import { addressesOf } from '../outbox/webhooks.js';
import type { Sql } from '../sql/database.js';
import { Lane, type LaneTools } from './lane.js';
import { WebhookTries } from './webhook-tries.js';

/** Lanes that send at the same time, unless they take long; and all in all. */
const [QUICK_LANES, LANES, LONG_MS] = [20, 200, 1_000];
/** Beyond the time of an answer: by then what became of it is written down, or whoever had it is gone. */
const CLAIM_MARGIN_SECONDS = 5;

/** Sends webhooks: each address has a lane of its own. */
export class WebhookSender {
  private readonly lanes = new Map<string, Lane>();
  private readonly cut = new AbortController();
  private readonly tools: LaneTools;
  private isOver = false;

  constructor(
    private readonly db: Sql,
    outbound: Pick<Outbound, 'post'>,
    keys: readonly CodeKey[],
    { WEBHOOK_SECONDS, WEBHOOK_DAYS }: Limits,
    logger: Logger,
  ) {
    this.tools = {
      db,
      tries: new WebhookTries(db, outbound, keys, WEBHOOK_SECONDS),
      turns: new Turns(QUICK_LANES, LANES, LONG_MS),
      times: { claimSeconds: WEBHOOK_SECONDS + CLAIM_MARGIN_SECONDS, worthDays: WEBHOOK_DAYS },
      logger,
      cut: this.cut.signal,
    };
  }

  /** Wakes the lanes of a client; nobody waits for what they do: the queue's jobs must not stand behind a slow address. */
  async wake(clientId: string): Promise<void> {
    for (const address of await addressesOf(this.db, clientId)) {
      const name = `${address.clientId} ${address.url}`;
      if (this.isOver) return;
      const lane = this.lanes.get(name) ?? new Lane(address, this.tools, () => this.lanes.delete(name));
      this.lanes.set(name, lane);
      lane.look();
    }
  }

  /**
   * Begins nothing more.
   * @param runningMs how long what is under way may take; then it is cut off, and due again
   * @param lastWordsMs how long it may then take to write that down
   */
  async close(runningMs: number, lastWordsMs: number): Promise<void> {
    this.isOver = true;
    const ended = Promise.all([...this.lanes.values()].map((lane) => lane.close()));
    await orAfter(ended, runningMs);
    this.cut.abort();
    await orAfter(ended, lastWordsMs);
  }
}

async function orAfter(work: Promise<unknown>, ms: number): Promise<void> {
  const over = new AbortController();
  const late = sleep(ms, undefined, { signal: over.signal, ref: false }).catch(() => undefined);
  await Promise.race([work, late]);
  over.abort();
}
