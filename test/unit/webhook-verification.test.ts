import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { verifyWebhook, WebhookInvalid } from '../../packages/server/dist/index.js';

// Standard Webhooks, as a product's backend checks them.

const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`;
const secret = newSecret();
const id = randomUUID();
const event = { type: 'SESSION_ENDED', timestamp: '2026-11-30T12:00:00.000Z', data: { sessionId: 'ä' } };
const body = JSON.stringify(event);

// The clock stands still: what is just in time stays so, however long it takes to come to it.
const standing = Date.now();
beforeAll(() => void jest.spyOn(Date, 'now').mockReturnValue(standing));
afterAll(() => void jest.restoreAllMocks());
const now = () => Math.floor(standing / 1000);

function signature(by: string, at: number | string = now(), text = body, of = id): string {
  const key = Buffer.from(by.slice('whsec_'.length), 'base64');
  return `v1,${createHmac('sha256', key).update(`${of}.${at}.${text}`).digest('base64')}`;
}

function headers(at: number | string = now(), signatures = signature(secret, at)): Record<string, string> {
  return { 'webhook-id': id, 'webhook-timestamp': String(at), 'webhook-signature': signatures };
}

describe('a webhook is taken', () => {
  test.each<[string, Parameters<typeof verifyWebhook>]>([
    ['by its signature', [headers(), body, secret]],
    ['as bytes', [headers(), Buffer.from(body), secret]],
    [
      'with headers in another case',
      [{ 'Webhook-Id': id, 'WEBHOOK-TIMESTAMP': String(now()), 'webhook-signature': signature(secret) }, body, secret],
    ],
    ['with headers of fetch', [new Headers(headers()), body, secret]],
    ['with a list of one as Node has it', [{ ...headers(), 'webhook-id': [id] }, body, secret]],
    ['by the newer of two secrets', [headers(), body, [newSecret(), secret]]],
    [
      'by one of several signatures',
      [headers(now(), `v1a,xyz ${signature(newSecret())} ${signature(secret)}`), body, secret],
    ],
    ['at the far end of the tolerance', [headers(now() - 299), body, secret]],
  ])('%s', (_how, args) => {
    expect(verifyWebhook(...args)).toEqual({ ...event, id });
  });
});

describe('a webhook', () => {
  const at = now();
  test.each<[string, Parameters<typeof verifyWebhook>]>([
    ['of another secret', [headers(at, signature(newSecret(), at)), body, secret]],
    ['with another body', [headers(), `${body} `, secret]],
    ['with another id', [{ ...headers(), 'webhook-id': randomUUID() }, body, secret]],
    ['with another time', [{ ...headers(at), 'webhook-timestamp': String(at - 1) }, body, secret]],
    ['that is old', [headers(at - 302), body, secret]],
    ['that is of the future', [headers(at + 302), body, secret]],
    ['whose time is no number', [headers('NaN'), body, secret]],
    ['whose time is a number of another kind', [headers(`${at}.5`), body, secret]],
    ['whose time is negative', [headers(-at), body, secret]],
    ['with two times', [{ ...headers(at), 'Webhook-Timestamp': String(at) }, body, secret]],
    ['with two ids in a list', [{ ...headers(), 'webhook-id': [id, id] }, body, secret]],
    ['without its id', [{ ...headers(), 'webhook-id': undefined }, body, secret]],
    ['without signature', [{ ...headers(), 'webhook-signature': '' }, body, secret]],
    ['with a signature of another version', [headers(at, signature(secret, at).replace('v1,', 'v2,')), body, secret]],
    ['with a signature that was cut', [headers(at, signature(secret, at).slice(0, -4)), body, secret]],
    ['with nothing signed', [headers(at, 'v1,'), body, secret]],
    ['whose body is no JSON', [headers(at, signature(secret, at, 'x')), 'x', secret]],
    ['whose body is null', [headers(at, signature(secret, at, 'null')), 'null', secret]],
    ['whose body is another thing', [headers(at, signature(secret, at, '{"type":1}')), '{"type":1}', secret]],
  ])('is not believed %s', (_what, args) => {
    expect(() => verifyWebhook(...args)).toThrow(WebhookInvalid);
  });

  test('is not believed in bytes that are no UTF-8, though signed', () => {
    const bytes = Buffer.from([0x22, 0xff, 0x22]);
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const mac = createHmac('sha256', key).update(`${id}.${at}.`).update(bytes).digest('base64');
    expect(() => verifyWebhook(headers(at, `v1,${mac}`), bytes, secret)).toThrow(WebhookInvalid);
  });
});

test.each(['', 'whsec_', 'secret', `whsec_${randomBytes(8).toString('base64')}`, 'whsec_not base64 at all'])(
  'a secret that is none is a mistake of the program: %j',
  (wrong) => {
    expect(() => verifyWebhook(headers(), body, wrong)).toThrow(TypeError);
    expect(() => verifyWebhook(headers(), body, [secret, wrong])).toThrow(TypeError);
  },
);

test('no secret at all is a mistake of the program', () => {
  expect(() => verifyWebhook(headers(), body, [])).toThrow(TypeError);
});
