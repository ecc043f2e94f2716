import type { Logger } from 'pino';
import type { CodeKey } from '../codes/keys.js';
import type { Limits } from '../config/limits.js';
import { Turns } from '../mail/turns.js';
import type { Outbound } from '../outbound/outbound.js';
import { type Errand, Lanes } from '../outbox/lane.js';
import {
  type Address,
  addressesOf,
  type ClaimedWebhook,
  claimWebhooks,
  recordWebhooks,
  type WebhookTimes,
} from '../outbox/webhooks.js';
import type { Sql } from '../sql/database.js';
import { WebhookTries } from './webhook-tries.js';

/** Lanes that send at the same time, unless they take long; and all in all. */
const [QUICK_LANES, LANES, LONG_MS] = [20, 200, 1_000];
/** Webhooks that are under way to one address at the same time. */
const WIDTH = 10;
/** Beyond the time of an answer: by then what became of it is written down, or whoever had it is gone. */
const CLAIM_MARGIN_SECONDS = 5;

/** Sends webhooks: each address has a lane of its own. */
export class WebhookSender {
  private readonly lanes: Lanes<ClaimedWebhook>;
  private readonly tries: WebhookTries;
  private readonly times: WebhookTimes;

  constructor(
    private readonly db: Sql,
    outbound: Pick<Outbound, 'post'>,
    keys: readonly CodeKey[],
    { WEBHOOK_SECONDS, WEBHOOK_DAYS }: Limits,
    logger: Logger,
  ) {
    this.tries = new WebhookTries(db, outbound, keys, WEBHOOK_SECONDS);
    this.times = { claimSeconds: WEBHOOK_SECONDS + CLAIM_MARGIN_SECONDS, worthDays: WEBHOOK_DAYS };
    const turns = new Turns(QUICK_LANES, LANES, LONG_MS);
    this.lanes = new Lanes({ turns, logger, what: 'webhooks', width: WIDTH, abreast: 1 });
  }

  /** Wakes the lanes of a client; nobody waits for what they do: the queue's jobs must not stand behind a slow address. */
  async wake(clientId: string): Promise<void> {
    for (const address of await addressesOf(this.db, clientId)) {
      // The rest of an address may be a secret.
      const names = { clientId, origin: new URL(address.url).origin };
      this.lanes.look(`${clientId} ${address.url}`, names, () => this.errandTo(address));
    }
  }

  private errandTo(address: Address): Errand<ClaimedWebhook> {
    return {
      claim: async (most) => {
        const { webhooks, dueInMs } = await claimWebhooks(this.db, address, most, this.times);
        return { items: webhooks, dueInMs };
      },
      run: async (webhooks) => {
        const tried = await this.tries.try(address, webhooks, this.lanes.cutOff);
        await recordWebhooks(
          this.db,
          tried.map(({ outcome }) => outcome),
          this.times,
        );
        return tried.map(({ outcome: { fault, statusCode }, restMs }) => ({ fault, statusCode, restMs }));
      },
    };
  }

  /** See `Lanes.close`. */
  close(runningMs: number, lastWordsMs: number): Promise<void> {
    return this.lanes.close(runningMs, lastWordsMs);
  }
}
