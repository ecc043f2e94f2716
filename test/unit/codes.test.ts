import { createHash, createHmac, randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { type BoundAction, Codes, codeOf, newSalt } from '../../src/codes/codes.js';
import { tokenHash } from '../../src/codes/tokens.js';

const key = { id: 'k1', secret: Buffer.alloc(32, 7) };
const id = '0b8f2a36-6b3f-4a0b-9a44-0f6f6f0a5b11';
const salt = Buffer.alloc(32, 9);
const action: BoundAction = {
  client: 'shop',
  purpose: 'CONFIRM',
  title: 'Pay the invoice',
  fields: [
    { label: 'Amount', value: '12.00 EUR' },
    { label: 'To', value: 'Zoë' },
  ],
};
const code = (changes: Partial<BoundAction> = {}, challengeId = id) =>
  codeOf(key, challengeId, salt, 8, { ...action, ...changes });

describe('the code of an action', () => {
  test('is the HMAC of the id, the salt and the digest of its canonical JSON, as anybody can work it out', () => {
    const json =
      '{"client":"shop","fields":[{"label":"Amount","value":"12.00 EUR"},{"label":"To","value":"Zoë"}],"purpose":"CONFIRM","title":"Pay the invoice"}';
    const digest = createHash('sha256').update(json).digest();
    const mac = createHmac('sha256', key.secret)
      .update(Buffer.concat([Buffer.from('confirm'), Buffer.from(id.replaceAll('-', ''), 'hex'), salt, digest]))
      .digest('hex');
    expect(code()).toBe(String(BigInt(`0x${mac}`) % 10n ** 8n).padStart(8, '0'));
  });

  test.each<[string, Partial<BoundAction>]>([
    ['client', { client: 'shop2' }],
    ['purpose', { purpose: 'DISABLE_TWO_STEP' }],
    ['title', { title: 'Pay the invoice.' }],
    ['fields', { fields: action.fields.slice(0, 1) }],
    ['order of fields', { fields: [...action.fields].reverse() }],
    ['value', { fields: [{ label: 'Amount', value: '120.0 EUR' }, ...action.fields.slice(1)] }],
    ['label', { fields: [{ label: 'Amoun', value: 't12.00 EUR' }, ...action.fields.slice(1)] }],
  ])('is another one for another %s', (_what, changes) => {
    expect(code(changes)).not.toBe(code());
  });

  test('is another one for another challenge, and never that of the challenge alone', () => {
    expect(code({}, randomUUID())).not.toBe(code());
    expect(codeOf(key, id, salt, 8)).not.toBe(code());
  });

  test('is the same however its letters are composed, and in whatever order its members are stored', () => {
    const decomposed = action.fields.map(({ label, value }) => ({ value: value.normalize('NFD'), label }));
    expect(code({ fields: decomposed })).toBe(code());
  });
});

describe("the token of a backend's challenge", () => {
  const codes = new Codes([key, { id: 'k2', secret: Buffer.alloc(32, 8) }]);
  const [one, other] = [randomUUID(), randomUUID()];
  const token = (clientId: string, requestId: string, keyId = 'k1', own: Uint8Array = salt) =>
    codes.challengeTokenOf({ keyId, salt: own }, clientId, requestId);

  test('is the same for the same request, and a token like any other', () => {
    expect(token(one, 'r-1')).toBe(token(one, 'r-1'));
    expect(tokenHash('chl', token(one, 'r-1'))).toHaveLength(32);
  });

  test('is another one for another request, client, key or salt', () => {
    const all = [
      token(one, 'r-1'),
      token(one, 'r-2'),
      token(other, 'r-1'),
      token(one, 'r-1', 'k2'),
      token(one, 'r-1', 'k1', newSalt()),
    ];
    expect(new Set(all).size).toBe(all.length);
  });
});
