import { createHmac } from 'node:crypto';
import type { CodeKey } from '../codes/keys.js';

/**
 * The secret that a client's webhooks are signed with, as Standard Webhooks writes one (`whsec_` and base64): HMAC-SHA-256
 * of the client's id under a key of `CODE_KEYS`. It is stored nowhere. Codes are made of other input, so that none is ever
 * part of one.
 */
export function webhookSecretOf(key: CodeKey, clientId: string): string {
  return `whsec_${createHmac('sha256', key.secret).update('webhook').update(clientId).digest('base64')}`;
}
