import { createHmac, timingSafeEqual } from 'node:crypto';
import type { EventType, FeedEvent } from './operations.js';

/** For how long a webhook is taken, before and after the time that it names. */
const TOLERANCE_SECONDS = 300;

/** What a request brings; names of headers in any case. */
export type WebhookHeaders = Pick<Headers, 'get'> | Readonly<Record<string, string | readonly string[] | undefined>>;

/** An event as a webhook brings it (Standard Webhooks). */
export interface Webhook {
  /** That of the event, the same each time it is sent: drop repeats. */
  readonly id: string;
  readonly type: EventType;
  readonly timestamp: string;
  /** `sequence`: its place in the feed. Of two events of an account the one with the greater came later. */
  readonly data: FeedEvent & { readonly sequence: number };
}

/** The request is not from Doorstep, is not what Doorstep sent, or comes too late: answer it with 400. */
export class WebhookInvalid extends Error {
  override readonly name = 'WebhookInvalid';
}

/**
 * Reads a webhook, once its signature has shown where it comes from.
 * @param body as it came, byte by byte: not what a JSON parser has made of it
 * @param secrets `whsec_...`; two or more while they are exchanged
 * @throws WebhookInvalid
 * @throws TypeError if a secret is none
 */
export function verifyWebhook(
  headers: WebhookHeaders,
  body: string | Uint8Array,
  secrets: string | readonly string[],
): Webhook {
  const keys = [secrets].flat().map(keyOf);
  if (keys.length === 0) throw new TypeError('secrets: expected at least one');
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    header(headers, name),
  );
  if (!id || !timestamp || !signatures) throw new WebhookInvalid('a header of the signature is missing');
  const seconds = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) : Number.NaN;
  if (!(Math.abs(Date.now() / 1000 - seconds) <= TOLERANCE_SECONDS)) throw new WebhookInvalid('it is not of this time');
  const expected = keys.map((key) => createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest());
  const given = signatures.split(' ').flatMap((signature) => {
    const [version, text = ''] = signature.split(',');
    return version === 'v1' ? [Buffer.from(text, 'base64')] : [];
  });
  if (!isOneOf(expected, given)) throw new WebhookInvalid('the signature is wrong');
  return { ...parsed(body), id };
}

/** In a time that does not tell how nearly. */
function isOneOf(expected: readonly Buffer[], given: readonly Buffer[]): boolean {
  let found = 0;
  for (const signature of given) {
    for (const right of expected) {
      if (signature.length === right.length) found |= Number(timingSafeEqual(signature, right));
    }
  }
  return found === 1;
}

function keyOf(secret: string): Buffer {
  const [, text = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret.trim()) ?? [];
  const key = Buffer.from(text, 'base64');
  // Standard Webhooks: 24 to 64 bytes.
  if (key.length < 24 || key.length > 64) throw new TypeError('secrets: expected the secret of a client, whsec_...');
  return key;
}

function header(headers: WebhookHeaders, name: string): string | null {
  if (typeof headers.get === 'function') return (headers as Headers).get(name);
  const found = Object.entries(headers as Record<string, unknown>).filter(([key]) => key.toLowerCase() === name);
  const values = found.flatMap(([, value]) => value ?? []);
  // Of two nobody can tell which is meant.
  return values.length === 1 && typeof values[0] === 'string' ? values[0] : null;
}

function parsed(body: string | Uint8Array): Omit<Webhook, 'id'> {
  try {
    const text = typeof body === 'string' ? body : new TextDecoder('utf-8', { fatal: true }).decode(body);
    const { type, timestamp, data } = JSON.parse(text) as Webhook;
    if (typeof type === 'string' && typeof timestamp === 'string' && data !== null && typeof data === 'object') {
      return { type, timestamp, data };
    }
  } catch {
    // Said below.
  }
  throw new WebhookInvalid('the body is not that of a webhook');
}
