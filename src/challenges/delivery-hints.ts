import type { Locale, TextKey, Texts } from '../texts/texts.js';
import { Wait } from '../texts/times.js';
import type { DeliveryReasonName, DeliveryView } from './challenge-views.js';

/** Why a send is where it is, for people, with what to do about it; null where there is nothing left to do. */
export function hintFor(view: DeliveryView, texts: Texts, locale: Locale): string | null {
  if (!view.reason || (view.isOver && isOneOf(awaited, view.reason))) return null;
  return texts.t(locale, hintOf(view, view.reason), {
    changedAt: view.changedAt,
    heldUntil: view.mailHeld ?? Wait.of(0),
    count: view.devicesReached ?? 0,
    reply: replyOf(view),
  });
}

/** Which text says why, and offers no way that is closed: mail may be held, and no device trusted. */
function hintOf(view: DeliveryView, reason: DeliveryReasonName): TextKey {
  if (isOneOf(answered, reason) && replyOf(view) !== '') return `delivery.hintWithReply.${reason}`;
  if (view.isForAnotherDevice && isOneOf(pointingAtNoMail, reason)) return `delivery.hintWithoutMail.${reason}`;
  if (isOneOf(pointingAtMail, reason) && (view.mailHeld || view.isForAnotherDevice))
    return `delivery.hintWhileHeld.${reason}`;
  if (reason === 'MAIL_HELD' && !view.hasTrusted) return `delivery.hintWithoutDevice.${reason}`;
  return `delivery.hint.${reason}`;
}

const answered = ['MAIL_SERVER_UNAVAILABLE', 'ADDRESS_REFUSED', 'MAIL_REFUSED'] as const;
const pointingAtNoMail = ['NO_TRUSTED_DEVICE_ONLINE', 'NOTIFICATIONS_OFF', 'PUSH_REFUSED', 'PUSH_GONE'] as const;
const pointingAtMail = [
  'NOT_YET_ACKNOWLEDGED',
  'PROMPTS_PAUSED',
  'PUSH_WAITING',
  'PUSH_ACCEPTED',
  'PUSH_SERVICE_UNAVAILABLE',
] as const;
/** Where nothing is left to do about it once the challenge is over. */
const awaited = ['NOT_YET_ACKNOWLEDGED', 'PUSH_ACCEPTED'] as const;

function isOneOf<Name extends DeliveryReasonName>(names: readonly Name[], reason: DeliveryReasonName): reason is Name {
  return names.some((name) => name === reason);
}

/** What the mail server answered, as `452 4.2.2`; empty where it did not. */
function replyOf({ replyCode, enhancedStatus }: DeliveryView): string {
  return [replyCode, enhancedStatus].filter((part) => part !== null).join(' ');
}
