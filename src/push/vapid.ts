import type { SigningKey } from '../codes/signing-keys.js';

/** The public key of one of `VAPID_KEYS`, as browsers subscribe under it: an uncompressed point of P-256, base64url (RFC 8292, 3.2). */
export function vapidPublicKey({ publicKey }: Pick<SigningKey, 'publicKey'>): string {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  return Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]).toString('base64url');
}
