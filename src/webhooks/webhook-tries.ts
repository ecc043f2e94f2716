import { webhookSecretOf } from '../clients/webhook-secret.js';
import type { CodeKey } from '../codes/keys.js';
import { FeedEvent } from '../feed/feed.types.js';
import { readEvents } from '../feed/feed-log.js';
import { type Answer, type Outbound, SendFault } from '../outbound/outbound.js';
import { retryDelayMs } from '../outbox/queue.js';
import type { Address, ClaimedWebhook, WebhookOutcome } from '../outbox/webhooks.js';
import type { Sql } from '../sql/database.js';
import { signedHeaders } from './signature.js';
import { bodyOf } from './webhook-body.js';

const RETRY_MAX_MS = 3_600_000;
/** An address may ask for longer than that, within bounds: some hours of maintenance. */
const ASKED_MAX_MS = 6 * 3_600_000;

/** What became of one try. */
export interface Tried {
  readonly outcome: WebhookOutcome;
  /** For how long the address wants to be left alone; null: it does not say. */
  readonly restMs: number | null;
}

/** Tries webhooks: what each says is read and signed at the last moment. */
export class WebhookTries {
  constructor(
    private readonly db: Sql,
    private readonly outbound: Pick<Outbound, 'post'>,
    /** Of `CODE_KEYS`: the secrets of clients are derived from them. */
    private readonly keys: readonly CodeKey[],
    private readonly answerSeconds: number,
  ) {}

  /** Tries them all at once. @param cut ends it; what got no answer by then is due again at once */
  async try(address: Address, webhooks: readonly ClaimedWebhook[], cut: AbortSignal): Promise<Tried[]> {
    const ids = webhooks.map(({ eventId }) => eventId);
    const { events, database } = await readEvents(this.db, ids);
    const told = new Map(events.map((event) => [event.id, FeedEvent.of(event, database)]));
    return Promise.all(
      webhooks.map((webhook) => this.tryOne(address, webhook, told.get(webhook.eventId) ?? null, cut)),
    );
  }

  private async tryOne(
    { clientId, url }: Address,
    webhook: ClaimedWebhook,
    event: FeedEvent | null,
    cut: AbortSignal,
  ): Promise<Tried> {
    if (!event || webhook.isLate) return ended(webhook, 'TOO_LATE', null);
    const key = this.keys.find(({ id }) => id === webhook.keyId);
    if (!key) return later(webhook, 'NO_KEY', null);
    const body = bodyOf(event);
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'Doorstep',
      ...signedHeaders(webhookSecretOf(key, clientId), event.id, webhook.claimedAt, body),
    };
    const deadline = AbortSignal.any([AbortSignal.timeout(this.answerSeconds * 1000), cut]);
    try {
      return answered(webhook, await this.outbound.post(url, { headers, body }, deadline));
    } catch (error) {
      if (cut.aborted) return { outcome: { webhook, statusCode: null, fault: 'CUT_OFF', delayMs: 0 }, restMs: null };
      return later(webhook, error instanceof SendFault ? error.kind : 'NO_CONNECTION', null);
    }
  }
}

function answered(webhook: ClaimedWebhook, { status, retryAfterMs }: Answer): Tried {
  if (status >= 200 && status < 300) {
    return { outcome: { webhook, statusCode: status, fault: null, delayMs: null }, restMs: null };
  }
  if (status === 410) return ended(webhook, 'GONE', status);
  const tried = later(webhook, 'REFUSED', status);
  if ((status !== 429 && status !== 503) || retryAfterMs === null) return tried;
  const restMs = Math.min(retryAfterMs, ASKED_MAX_MS);
  return { outcome: { ...tried.outcome, delayMs: Math.max(restMs, tried.outcome.delayMs ?? 0) }, restMs };
}

function later(webhook: ClaimedWebhook, fault: string, statusCode: number | null): Tried {
  const delayMs = retryDelayMs(webhook.attempts, RETRY_MAX_MS);
  return { outcome: { webhook, statusCode, fault, delayMs }, restMs: null };
}

function ended(webhook: ClaimedWebhook, fault: string, statusCode: number | null): Tried {
  return { outcome: { webhook, statusCode, fault, delayMs: null }, restMs: null };
}
