import { type PromptKind, promptIdOf, promptKindOf } from '../challenges/prompt-kinds.js';
import { topicOf } from '../codes/codes.js';
import type { CodeKey } from '../codes/keys.js';
import type { Limits } from '../config/limits.js';
import type { AnsweredPush, PushAnswer } from '../devices/push-subscriptions.js';
import { type Answer, type Outbound, SendFault } from '../outbound/outbound.js';
import type { ClaimedPush, PushOutcome } from '../outbox/pushes.js';
import { retryDelayMs } from '../outbox/queue.js';
import type { Sql } from '../sql/database.js';
import { encrypt, type PushContent } from './push-message.js';
import { type PushTarget, readTargets } from './push-targets.js';
import type { Vapid } from './vapid.js';

/** A code is tried again this often at least, for as long as it is worth sending. */
const RETRY_MAX_MS = 30_000;
/** No code is worth sending for longer: what comes later asks anew. */
const REST_MAX_MS = 600_000;

/** What became of one try. */
export interface TriedPush {
  readonly outcome: PushOutcome;
  /** What the push service says of the subscription; null: nothing. */
  readonly answered: AnsweredPush | null;
  /** For how long the push service wants to be left alone; null: it does not say. */
  readonly restMs: number | null;
}

/** Tries pushes: what each says, and whether it is worth sending, is looked at at the last moment. */
export class PushTries {
  constructor(
    private readonly db: Sql,
    private readonly outbound: Pick<Outbound, 'post'>,
    private readonly vapid: Vapid,
    /** Of `CODE_KEYS`: topics are made with them. */
    private readonly keys: readonly CodeKey[],
    private readonly limits: Limits,
  ) {}

  /** Of `VAPID_KEYS` here. */
  get keyIds(): readonly string[] {
    return this.vapid.keyIds;
  }

  /** Tries them all at once. @param cut ends it; what got no answer by then is due again at once */
  async try(pushes: readonly ClaimedPush[], cut: AbortSignal): Promise<TriedPush[]> {
    const ids = pushes.map(({ id }) => id);
    const targets = await readTargets(this.db, this.limits, ids);
    return Promise.all(pushes.map((push) => this.tryOne(push, targets.get(push.id) ?? null, cut)));
  }

  private async tryOne(push: ClaimedPush, target: PushTarget | null, cut: AbortSignal): Promise<TriedPush> {
    // Of what is over there is something to take down only where it was shown, and may be shown still.
    if (!target || target.msLeft <= 0 || (!target.isOpen && !push.wasTaken)) return ended(push, 'FAILED', 'TOO_LATE');
    const { subscription } = target;
    const content = contentOf(target, push.challengeId);
    if (!subscription || !content) return ended(push, 'GONE', 'NO_SUBSCRIPTION');
    const { origin } = new URL(subscription.endpoint);
    const authorization = await this.vapid.header(subscription.keyId, origin, push.claimedAt);
    const { codeKeyId } = target;
    const key = codeKeyId === null ? this.keys[0] : this.keys.find(({ id }) => id === codeKeyId);
    // Another worker may have it already, or still.
    if (authorization === null || !key) return later(push, 'NO_KEY', null);
    const body = await encrypt(subscription, content);
    const headers = {
      authorization,
      ttl: String(Math.ceil(target.msLeft / 1000)),
      // To take something down nobody has to be woken.
      urgency: target.isOpen ? 'high' : 'normal',
      topic: topicOf(key, push.challengeId, push.deviceId),
      'content-encoding': 'aes128gcm',
      'content-type': 'application/octet-stream',
    };
    const deadline = AbortSignal.any([AbortSignal.timeout(this.limits.PUSH_SECONDS * 1000), cut]);
    try {
      const answer = await this.outbound.post(subscription.endpoint, { headers, body }, deadline);
      return judged(push, subscription.endpoint, answer);
    } catch (error) {
      if (cut.aborted) return tried(push, 'PENDING', { fault: 'CUT_OFF', delayMs: 0 });
      const fault = error instanceof SendFault ? error.kind : 'NO_CONNECTION';
      // Whatever its host is, that is no push service.
      return fault === 'NOT_ALLOWED' ? ended(push, 'REFUSED', fault) : later(push, fault, null);
    }
  }
}

/** What a push calls the kinds of prompts. */
const contentKinds = { LOGIN_REQUEST: 'LOGIN', CONFIRMATION: 'CONFIRMATION' } as const satisfies Record<
  PromptKind,
  string
>;

/** Null: the challenge is no prompt. */
function contentOf({ purpose }: PushTarget, challengeId: string): PushContent | null {
  if (purpose === null) return { id: `tst_${challengeId}`, kind: 'TEST' };
  const kind = promptKindOf(purpose);
  return kind && { id: promptIdOf(kind, challengeId), kind: contentKinds[kind] };
}

/** What a status says (RFC 8030, 5 and 8; and what push services do). */
function judged(push: ClaimedPush, endpoint: string, { status, retryAfterMs }: Answer): TriedPush {
  const answered = (answer: PushAnswer): AnsweredPush => ({ deviceId: push.deviceId, endpoint, answer });
  if (status >= 200 && status < 300) {
    return { ...tried(push, 'TAKEN', { statusCode: status }), answered: answered('TAKEN') };
  }
  if (status === 404 || status === 410) {
    return { ...tried(push, 'GONE', { statusCode: status, fault: 'GONE' }), answered: answered('GONE') };
  }
  // Said of subscriptions that are stale, and of whoever sends what it should not: it depends on the others.
  if (status === 400 || status === 403) {
    return { ...tried(push, 'REFUSED', { statusCode: status, fault: 'REFUSED' }), answered: answered('REFUSED') };
  }
  if (status !== 408 && status !== 425 && status !== 429 && status < 500)
    return ended(push, 'REFUSED', 'REFUSED', status);
  const again = later(push, 'UNAVAILABLE', status);
  if ((status !== 429 && status !== 503) || retryAfterMs === null) return again;
  const delayMs = Math.max(retryAfterMs, again.outcome.delayMs ?? 0);
  const resting = { ...again, outcome: { ...again.outcome, delayMs }, restMs: Math.min(retryAfterMs, REST_MAX_MS) };
  // That one device has had too many is nothing to the others: who has a subscription could hold up everybody's by that.
  return status === 503 ? resting : { ...resting, restMs: null };
}

function later(push: ClaimedPush, fault: string, statusCode: number | null): TriedPush {
  return tried(push, 'PENDING', { fault, statusCode, delayMs: retryDelayMs(push.attempts, RETRY_MAX_MS) });
}

function ended(
  push: ClaimedPush,
  state: PushOutcome['state'],
  fault: string,
  statusCode: number | null = null,
): TriedPush {
  return tried(push, state, { fault, statusCode });
}

function tried(push: ClaimedPush, state: PushOutcome['state'], what: Partial<PushOutcome>): TriedPush {
  const outcome = { push, state, statusCode: null, fault: null, delayMs: null, ...what };
  return { outcome, answered: null, restMs: null };
}
