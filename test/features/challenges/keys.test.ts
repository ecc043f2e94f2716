import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { Codes } from '../../../src/codes/codes.js';
import { parseCodeKeys } from '../../../src/codes/keys.js';
import { asA, promptId } from '../../support/outcomes.js';
import { CREATE_SUPPORT_REPORT, codeShownOn, requestReset } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';
import { until } from '../../support/waiting.js';

const newKey = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;

test('a worker that does not have the newest key yet leaves the mail to one that has', async () => {
  await using servers = await Servers.start({ worker: false });
  await servers.add({ api: false, worker: true }, { CODE_KEYS: newKey('old') });
  const phone = servers.stranger();
  await phone.signUp();
  await until(() => servers.log.some((line) => line.includes('which an open challenge needs')), 'the worker to see it');
  await servers.add({ api: false, worker: true });
  expect(await servers.mailbox.code(phone.owner.email)).toMatch(/^\d{8}$/);
});

test('a challenge needs the secret of its key, not its name', () => {
  const [key, other] = [newKey('same'), newKey('same')].map((text) => new Codes(parseCodeKeys(text))) as [Codes, Codes];
  const challenge = {
    id: '0b8f2a36-6b3f-4a0b-9a44-0f6f6f0a5b11',
    keyId: 'same',
    salt: randomBytes(32),
    codeLength: 12,
  };
  expect(key.of(challenge)).toMatch(/^\d{12}$/);
  expect(key.of(challenge)).toBe(key.of(challenge));
  expect(other.of(challenge)).not.toBe(key.of(challenge));
});

describe('keys that rotate over two servers', () => {
  test('leave open challenges good, in whatever order each server has them', async () => {
    const [oldKey, key] = [newKey('old'), newKey('new')];
    await using servers = await Servers.start({ env: { CODE_KEYS: oldKey } });
    const keyOf = async ({ id }: { id: string }) =>
      (await servers.database.row<{ key: string }>('select key_id as key from challenge where id = $1', [id])).key;
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    const before = await laptop.challenged();
    const stranger = servers.stranger();
    const signUp = asA('Challenge', await stranger.signUp());
    const codes = { shown: await codeShownOn(phone, before), mailed: await servers.mailbox.code(stranger.owner.email) };
    expect([await keyOf(before), await keyOf(signUp)]).toEqual(['old', 'old']);

    // First everybody learns the new key, then uses it: in between the servers have them in different order.
    await servers.add({ api: true, worker: false }, { CODE_KEYS: `${oldKey},${key}` });
    await servers.add({ api: true, worker: true }, { CODE_KEYS: `${key},${oldKey}` });
    const [, learning, using] = [0, 1, 2].map((nth) => servers.client(nth));
    if (!learning || !using) throw new Error('there are three servers');
    asA('SignedIn', await phone.another('Laptop', using).verify(before, codes.shown));
    asA('SignedIn', await stranger.another('Phone', using).verify(signUp, codes.mailed));

    const after = await phone.another('Tablet', using).challenged();
    const meanwhile = await phone.another('Watch', learning).challenged();
    expect([await keyOf(after), await keyOf(meanwhile)]).toEqual(['new', 'old']);
    for (const [there, elsewhere, challenge] of [
      [learning, using, after],
      [using, learning, meanwhile],
    ] as const) {
      const code = await codeShownOn(phone.twin(elsewhere), challenge);
      expect(await codeShownOn(phone.twin(there), challenge)).toBe(code);
      asA('Challenge', await phone.another('Tablet', there).sendCode(challenge, 'EMAIL'));
      const mailed = await servers.mailbox.next(phone.owner.email, ({ text }) => text?.includes(code) ?? false);
      expect(mailed.text?.split('\n')).toContain(code);
      asA('SignedIn', await phone.another('Tablet', there).verify(challenge, code));
    }
  });

  test('a challenge whose key is gone is cancelled at the next code, and says so', async () => {
    const [oldKey, key] = [newKey('old'), newKey('new')];
    await using servers = await Servers.start({ env: { CODE_KEYS: oldKey } });
    const phone = await servers.trusted();
    const challenge = await phone.another('Laptop').challenged();
    const code = await codeShownOn(phone, challenge);
    const stranger = servers.stranger();
    const signUp = asA('Challenge', await stranger.signUp());
    const mailed = await servers.mailbox.code(stranger.owner.email);
    const reset = await requestReset(phone);

    await servers.add({ api: true, worker: false }, { CODE_KEYS: key });
    const rotated = servers.client(1);
    // The trusted devices are shown no code, and nothing fails because of it.
    const account = await phone.twin(rotated).viewer();
    expect(account?.loginRequests).toMatchObject([{ id: promptId(challenge), state: 'PENDING', code: null }]);
    await phone.twin(rotated).ask(CREATE_SUPPORT_REPORT, { token: challenge.token });
    for (const [handset, asked, typed] of [
      [phone.another('Laptop', rotated), challenge, code],
      [stranger.another('Phone', rotated), signUp, mailed],
    ] as const) {
      expect(asA('ChallengeClosed', await handset.verify(asked, typed)).state).toBe('CANCELLED');
      expect((await handset.challenge(asked)).state).toBe('CANCELLED');
      expect(handset.sessionToken).toBeNull();
    }
    expect((await phone.another('Laptop', rotated).challenge(reset)).state).toBe('PENDING');
    expect(await servers.database.count('challenge', 'id = $1 and password_hash is not null', [signUp.id])).toBe(0);
    // What begins under the new key is good at once.
    const fresh = await phone.another('Laptop', rotated).challenged();
    const shown = await codeShownOn(phone.twin(rotated), fresh);
    asA('SignedIn', await phone.another('Laptop', rotated).verify(fresh, shown));
  });
});
