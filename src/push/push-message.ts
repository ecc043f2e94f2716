import { encryptNotification } from '@block65/webcrypto-web-push';
import type { PushSubscription } from '../devices/push-subscriptions.js';

/** What every message has in clear: whatever it says, it is as long as the others. */
const PLAIN_BYTES = 128;

/** What a device is told: which prompt to look at, or that it can be woken. */
export interface PushContent {
  /** As the API has it; a test message has one that it knows nothing of. */
  readonly id: string;
  readonly kind: 'LOGIN' | 'CONFIRMATION' | 'TEST';
}

/** Encrypts it for one device (RFC 8291), for the push service to keep and pass on: 231 bytes. */
export async function encrypt({ endpoint, p256dh, auth }: PushSubscription, content: PushContent): Promise<Buffer> {
  const plain = Buffer.alloc(PLAIN_BYTES, ' ');
  const text = JSON.stringify(content);
  if (plain.write(text) < text.length) throw new RangeError('too long for a push');
  const keys = { p256dh: p256dh.toString('base64url'), auth: auth.toString('base64url') };
  return Buffer.from(await encryptNotification({ endpoint, expirationTime: null, keys }, plain, { pad: false }));
}
