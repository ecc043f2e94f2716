import { createHmac } from 'node:crypto';

/**
 * What a webhook is signed with, in the headers of Standard Webhooks 1.0.
 * @param secret `whsec_` and base64
 * @param at when it is sent: receivers take none that is minutes old
 */
export function signedHeaders(secret: string, id: string, at: Date, body: string): Record<string, string> {
  const timestamp = Math.floor(at.getTime() / 1000);
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const mac = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': `v1,${mac}` };
}
