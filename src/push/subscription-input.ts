import { ECDH } from 'node:crypto';
import { BadUserInput } from '../api/errors.js';
import type { Allowed } from '../config/allow-list.js';
import type { PushSubscription } from '../devices/push-subscriptions.js';
import { refusalOf } from '../outbound/destinations.js';
import type { PushSubscriptionInput } from './push.types.js';

const ENDPOINT_LENGTH_MOST = 2_048;
const AUTH_BYTES = 16;
/** Of a key or a secret in base64, with its padding; what is longer is none. */
const BASE64_LENGTH_MOST = 128;

/**
 * Reads what a client sent as its device's subscription.
 * @param allowed push services besides those that are public https
 * @throws BadUserInput
 */
export function readSubscription(input: PushSubscriptionInput, allowed: readonly Allowed[]): PushSubscription {
  return {
    endpoint: endpointOf(input.endpoint, allowed),
    p256dh: pointOf(input.p256dh),
    auth: secretOf(input.auth),
  };
}

function endpointOf(text: string, allowed: readonly Allowed[]): string {
  const field = 'input.endpoint';
  if (text.length > ENDPOINT_LENGTH_MOST) throw new BadUserInput(field, `is longer than ${ENDPOINT_LENGTH_MOST}`);
  // Printable ASCII: a URL that has nothing left to be read in two ways.
  if (!/^[\x21-\x7e]+$/.test(text) || !URL.canParse(text)) throw new BadUserInput(field, 'is no URL');
  const url = new URL(text);
  if (url.hash) throw new BadUserInput(field, 'has a fragment');
  const refusal = refusalOf(url, allowed);
  if (refusal !== null) throw new BadUserInput(field, refusal);
  // As it will be sent to: one endpoint is registered once, however it is written.
  if (url.href.length > ENDPOINT_LENGTH_MOST) throw new BadUserInput(field, `is longer than ${ENDPOINT_LENGTH_MOST}`);
  return url.href;
}

function pointOf(text: string): Buffer {
  const field = 'input.p256dh';
  const bytes = base64Url(text, field);
  // Compressed points, and those off the curve, are refused here, not when the first message is due.
  if (bytes.length !== 65 || bytes[0] !== 4 || !isOnCurve(bytes)) {
    throw new BadUserInput(field, 'is no uncompressed point of P-256');
  }
  return bytes;
}

function isOnCurve(point: Buffer): boolean {
  try {
    ECDH.convertKey(point, 'prime256v1');
    return true;
  } catch {
    return false;
  }
}

function secretOf(text: string): Buffer {
  const bytes = base64Url(text, 'input.auth');
  if (bytes.length !== AUTH_BYTES) throw new BadUserInput('input.auth', `has not ${AUTH_BYTES} bytes`);
  return bytes;
}

/** Some clients pad it, or take the other alphabet. */
function base64Url(text: string, field: string): Buffer {
  if (text.length > BASE64_LENGTH_MOST || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) {
    throw new BadUserInput(field, 'is no base64url');
  }
  return Buffer.from(text, 'base64');
}
