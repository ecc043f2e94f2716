import type { FeedEvent } from './operations.js';
import type { Webhook } from './webhooks.js';

/** What to push, with keys of your own, to the devices that an event names. It holds ids alone, and no code. */
export interface WakeUp {
  /** `SHOW`: the device fetches the prompt under its own session, and shows it. `TAKE_DOWN`: it is over. */
  readonly action: 'SHOW' | 'TAKE_DOWN';
  /** Whether it is a `LoginRequest` or a `Confirmation` of the public API, as Doorstep's own pushes say it. */
  readonly kind: 'LOGIN' | 'CONFIRMATION';
  /** Its id there, and the same for all that is pushed about it: what comes later takes the place of what came before. */
  readonly promptId: string;
  /** By their ids at Doorstep, as `deviceId` of a session check. Never empty. */
  readonly deviceIds: readonly string[];
  readonly accountId: string;
  /** Your own id of the account, where it is a subject of yours. */
  readonly externalId: string | null;
  /** For how long it is worth delivering; what comes later than that is of no use to anybody. */
  readonly ttlSeconds: number;
  /** The same as an instant by Doorstep's clock, in seconds since 1970, for push services that want one. */
  readonly expiresAt: number;
}

/** That a prompt is over is worth telling for as long as one may be shown: codes live for ten minutes at most. */
const TAKE_DOWN_SECONDS = 600;

/**
 * Which devices to wake because of an event, and for what.
 * @param event of the feed, or a webhook
 * @param now by this machine's clock, in ms; a code ends when Doorstep says, this only keeps what is old from being pushed
 * @returns null where nothing is to be pushed: another event, no device to wake, or a code that has ended by now
 */
export function wakeUpOf(event: FeedEvent | Webhook, now = Date.now()): WakeUp | null {
  const told = 'data' in event ? event.data : event;
  const { accountId, externalId, deviceIds, promptId } = told;
  const action = actionOf(told);
  if (!action || !accountId || !promptId || !deviceIds?.length) return null;
  const occurredAt = Date.parse(told.occurredAt);
  const endsAt = action === 'SHOW' ? Date.parse(told.expiresAt ?? '') : occurredAt + TAKE_DOWN_SECONDS * 1000;
  // A clock that is behind makes no code live longer than it does.
  const ttlSeconds = Math.floor((endsAt - Math.max(now, occurredAt)) / 1000);
  if (!(ttlSeconds > 0)) return null;
  return {
    action,
    kind: promptId.startsWith('cnf_') ? 'CONFIRMATION' : 'LOGIN',
    promptId,
    deviceIds,
    accountId,
    externalId,
    ttlSeconds,
    expiresAt: Math.floor(endsAt / 1000),
  };
}

function actionOf({ type }: FeedEvent): WakeUp['action'] | null {
  if (type === 'LOGIN_REQUESTED' || type === 'CONFIRMATION_REQUESTED') return 'SHOW';
  return type === 'CODE_OVER' ? 'TAKE_DOWN' : null;
}
