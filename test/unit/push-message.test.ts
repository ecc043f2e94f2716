import { createECDH } from 'node:crypto';
import { encryptNotification } from '@block65/webcrypto-web-push';
import { expect, jest, test } from '@jest/globals';
import ece from 'http_ece';
import { topicOf } from '../../src/codes/codes.js';
import { newSigningKey, parseSigningKeys } from '../../src/codes/signing-keys.js';
import { encrypt } from '../../src/push/push-message.js';
import { Vapid } from '../../src/push/vapid.js';
import { BrowserSubscription } from '../support/push.js';
import { senderOf } from '../support/push-service.js';

/** RFC 8291, section 5 and appendix A. */
const vector = {
  plain: 'When I grow up, I want to be a watermelon',
  salt: 'DGv6ra1nlYgDCS1FRnbzlw',
  serverPublic: 'BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8',
  serverPrivate: 'yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw',
  userPublic: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
  userPrivate: 'q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94',
  auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  message:
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
};

const bytes = (base64url: string) => Buffer.from(base64url, 'base64url');

test('the library encrypts as the test vector of RFC 8291 has it', async () => {
  const point = bytes(vector.serverPublic);
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString('base64url'));
  const jwk = { kty: 'EC', crv: 'P-256', x, y };
  const curve = { name: 'ECDH', namedCurve: 'P-256' };
  const pair = {
    privateKey: await crypto.subtle.importKey('jwk', { ...jwk, d: vector.serverPrivate }, curve, true, ['deriveBits']),
    publicKey: await crypto.subtle.importKey('jwk', jwk, curve, true, []),
  };
  // What is random in it, as the vector has it.
  const salted = jest.spyOn(crypto, 'getRandomValues').mockReturnValue(new Uint8Array(bytes(vector.salt)) as never);
  const keyed = jest.spyOn(crypto.subtle, 'generateKey').mockResolvedValue(pair as never);
  try {
    const keys = { p256dh: vector.userPublic, auth: vector.auth };
    const subscription = { endpoint: 'https://push.example/', expirationTime: null, keys };
    const message = await encryptNotification(subscription, Buffer.from(vector.plain), { pad: false });
    expect(Buffer.from(message).toString('base64url')).toBe(vector.message);
  } finally {
    salted.mockRestore();
    keyed.mockRestore();
  }
});

test('what the tests decrypt with reads the vector', () => {
  const privateKey = createECDH('prime256v1');
  privateKey.setPrivateKey(bytes(vector.userPrivate));
  const parameters = { version: 'aes128gcm', privateKey, authSecret: bytes(vector.auth) } as const;
  expect(ece.decrypt(bytes(vector.message), parameters).toString()).toBe(vector.plain);
});

test('a message is of one size, whatever it says, and never the same twice', async () => {
  const browser = new BrowserSubscription();
  const { p256dh = '' } = browser.input;
  const subscription = { endpoint: browser.endpoint, p256dh: bytes(p256dh), auth: browser.auth };
  const contents = [
    { id: 'req_00000000-0000-4000-8000-000000000000', kind: 'LOGIN' },
    { id: 'cnf_00000000-0000-4000-8000-000000000000', kind: 'CONFIRMATION' },
    { id: 'cnf_00000000-0000-4000-8000-000000000000', kind: 'CONFIRMATION' },
  ] as const;
  const messages = await Promise.all(contents.map((content) => encrypt(subscription, content)));
  expect(messages.map(({ length }) => length)).toEqual([231, 231, 231]);
  expect(new Set(messages.map((message) => message.toString('hex'))).size).toBe(3);
  await expect(encrypt(subscription, { id: 'x'.repeat(128), kind: 'LOGIN' })).rejects.toThrow(RangeError);
});

test('a topic names one challenge on one device, under one key, and tells neither', () => {
  const [one, other] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'];
  const [key, another] = [
    { id: 'a', secret: Buffer.alloc(32, 1) },
    { id: 'b', secret: Buffer.alloc(32, 2) },
  ];
  const topics = [
    topicOf(key, one, other),
    topicOf(key, other, one),
    topicOf(key, one, one),
    topicOf(another, one, other),
  ];
  expect(new Set(topics).size).toBe(4);
  for (const topic of topics) expect(topic).toMatch(/^[\w-]{32}$/);
  expect(topicOf(key, one, other)).toBe(topics[0]);
});

test('who sends is signed for each push service, by the key that is asked for, and anew after an hour', async () => {
  const keys = parseSigningKeys(`${newSigningKey('new')},${newSigningKey('old')}`);
  const vapid = new Vapid(keys, 'mailto:ops@doorstep.example');
  const now = new Date();
  const header = (keyId: string, origin: string, at = now) => vapid.header(keyId, origin, at);
  const message = async (keyId: string, origin: string) => ({
    path: '',
    headers: { authorization: (await header(keyId, origin)) ?? '' },
    body: Buffer.alloc(0),
    at: 0,
  });
  const [newer, older] = [await message('new', 'https://one.example'), await message('old', 'https://two.example')];
  const [fromNew, fromOld] = [
    await senderOf(newer, 'https://one.example'),
    await senderOf(older, 'https://two.example'),
  ];
  expect(fromNew.subject).toBe('mailto:ops@doorstep.example');
  expect(fromNew.key).not.toBe(fromOld.key);
  await expect(senderOf(newer, 'https://two.example')).rejects.toThrow('aud');
  expect(header('gone', 'https://one.example')).toBeNull();

  const first = await header('new', 'https://one.example');
  expect(await header('new', 'https://one.example', new Date(now.getTime() + 3_599_000))).toBe(first);
  expect(await header('new', 'https://one.example', new Date(now.getTime() + 3_600_000))).not.toBe(first);
});
