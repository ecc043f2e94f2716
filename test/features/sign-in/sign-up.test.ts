import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CodeSource, Codes } from '../../../src/codes/codes.js';
import type { GraphqlError } from '../../support/client.js';
import type { Handset } from '../../support/handset.js';
import { codeIn } from '../../support/mailbox.js';
import { SIGN_UP } from '../../support/operations.js';
import { asA, type Challenge } from '../../support/outcomes.js';
import { Servers } from '../../support/servers.js';

describe('signing up', () => {
  let servers: Servers;

  beforeAll(async () => {
    servers = await Servers.start();
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  /** The code as the server derives it: what a test cannot learn where no mail carries it. */
  async function derivedCode({ id }: Challenge): Promise<string> {
    const row = await servers.database.row(
      'select id, key_id as "keyId", salt, code_length as "codeLength" from challenge where id = $1',
      [id],
    );
    return new Codes(servers.config().codeKeys).of(row as unknown as CodeSource);
  }

  function accounts({ owner }: Handset): Promise<number> {
    return servers.database.count('account', 'email = $1', [owner.email]);
  }

  async function refused(input: Record<string, unknown>): Promise<GraphqlError> {
    const device = { name: 'Phone', platform: 'IOS' };
    return servers.client().error(SIGN_UP, { input: { ...servers.stranger().owner, device, ...input } });
  }

  test('an account exists only once the code from its mailbox was typed', async () => {
    const phone = servers.stranger();
    const challenge = asA('Challenge', await phone.signUp());
    const code = await servers.mailbox.code(phone.owner.email);
    expect(challenge).toMatchObject({
      purpose: 'SIGN_UP',
      state: 'PENDING',
      method: 'EMAIL',
      availableMethods: ['EMAIL'],
    });
    expect(code).toHaveLength(challenge.codeLength);
    expect(await accounts(phone)).toBe(0);

    const { account, device } = asA('SignedIn', await phone.verify(challenge, code));
    expect(account.email).toBe(phone.owner.email);
    expect(device).toMatchObject({ name: 'Phone', isCurrent: true, isTrusted: false, notificationsEnabled: true });
    expect(await accounts(phone)).toBe(1);
    expect((await phone.viewer())?.twoStep).toMatchObject({ enabled: false, enabledAt: null, defaultMethod: 'EMAIL' });
  });

  test('what is shown of the address is masked', async () => {
    const phone = servers.stranger();
    const challenge = asA('Challenge', await phone.signUp());
    expect(challenge.sentTo).toBe(`${phone.owner.email[0]}***@e***.com`);
  });

  test('a taken address is answered like a free one, and only its mailbox learns that it is taken', async () => {
    const owner = await servers.signedUp();
    const other = owner.another('Tablet');
    const taken = asA('Challenge', await other.signUp('another-long-passphrase-7'));
    const free = asA('Challenge', await servers.stranger().signUp());

    const unlike = { id: '', token: '', sentTo: '', expiresAt: '', resendAt: '' };
    expect({ ...taken, ...unlike }).toEqual({ ...free, ...unlike });
    const mail = await servers.mailbox.next(owner.owner.email);
    expect(codeIn(mail)).toBeNull();
    expect(mail.text).toContain('account');
  });

  test('no code opens a taken address, not even the one that the server derives', async () => {
    const owner = await servers.signedUp();
    const other = owner.another('Tablet');
    const challenge = asA('Challenge', await other.signUp());
    await servers.mailbox.next(owner.owner.email);
    const { attemptsRemaining } = asA('WrongCode', await other.verify(challenge, await derivedCode(challenge)));
    expect(attemptsRemaining).toBe(4);
    expect(other.sessionToken).toBeNull();
  });

  test('past the mails of an hour the answer is the same, and no code is right', async () => {
    const phone = servers.stranger();
    const challenges: Challenge[] = [];
    for (let nth = 0; nth < 4; nth += 1) challenges.push(asA('Challenge', await phone.signUp()));
    for (let nth = 0; nth < 3; nth += 1) await servers.mailbox.code(phone.owner.email);
    const [mailed, , , withheld] = challenges as [Challenge, Challenge, Challenge, Challenge];

    const unlike = { id: '', token: '', expiresAt: '', resendAt: '' };
    expect({ ...withheld, ...unlike }).toEqual({ ...mailed, ...unlike });
    asA('WrongCode', await phone.verify(withheld, await derivedCode(withheld)));
    asA('SignedIn', await phone.verify(mailed, await derivedCode(mailed)));
    expect(servers.mailbox.to(phone.owner.email)).toHaveLength(3);
  });

  test('two challenges for one address open one account: the second code comes too late', async () => {
    const phone = servers.stranger();
    const first = asA('Challenge', await phone.signUp());
    const second = asA('Challenge', await phone.another('Tablet').signUp());
    const codes = [await servers.mailbox.code(phone.owner.email), await servers.mailbox.code(phone.owner.email)];
    asA('SignedIn', await phone.verify(first, await derivedCode(first)));
    expect(codes).toContain(await derivedCode(second));
    const late = asA('ChallengeClosed', await phone.another('Tablet').verify(second, await derivedCode(second)));
    expect(late.state).toBe('EXPIRED');
    expect(await accounts(phone)).toBe(1);
    // Right as it was, it has cost its try: what follows a try does not take it back.
    expect(await servers.database.count('challenge', 'id = $1 and tries = 1', [second.id])).toBe(1);
  });

  test('the hash of a sign-up is no longer with its challenge once the account exists', async () => {
    const phone = servers.stranger();
    const challenge = asA('Challenge', await phone.signUp());
    const hashes = () => servers.database.count('challenge', 'id = $1 and password_hash is not null', [challenge.id]);
    expect(await hashes()).toBe(1);
    asA('SignedIn', await phone.verify(challenge, await servers.mailbox.code(phone.owner.email)));
    expect(await hashes()).toBe(0);
  });

  test('the hash of an unfinished sign-up goes with the fifth wrong code', async () => {
    const phone = servers.stranger();
    const challenge = asA('Challenge', await phone.signUp());
    for (let nth = 0; nth < 5; nth += 1) asA('WrongCode', await phone.verify(challenge, '00000000'));
    const kept = await servers.database.count('challenge', 'id = $1 and password_hash is not null', [challenge.id]);
    expect(kept).toBe(0);
  });

  test.each([
    ['short', 'tiger-lily', /12/],
    ['longer than the bound', 'x'.repeat(257), /256/],
    ['on every list', 'password1234', /./],
    ['a row of keys', 'qwertyuiopasdf', /./],
  ])('a password that is %s is refused with what would make it stronger', async (_what, password, says) => {
    const phone = servers.stranger();
    const { suggestions, message } = asA('WeakPassword', await phone.signUp(password));
    expect(message).not.toBe('');
    expect(suggestions.join(' ')).toMatch(says);
  });

  test('a password made of the address is refused', async () => {
    const phone = servers.stranger();
    asA('WeakPassword', await phone.signUp(phone.owner.email));
  });

  test('refusals, help and mails speak the language that was asked for, and English where there is none', async () => {
    const phone = servers.stranger();
    const inFrench = { headers: { 'accept-language': 'xx, fr-CA;q=0.8, en;q=0.1' } };
    const input = { ...phone.owner, device: { name: 'Téléphone', platform: 'IOS' } };
    const weak = await phone.ask<{ message: string }>(SIGN_UP, { input: { ...input, password: 'azerty' } }, inFrench);
    expect(weak.message).toMatch(/mot de passe/i);
    const { help } = await phone.ask<Challenge>(SIGN_UP, { input }, inFrench);
    expect(help.join(' ')).toMatch(/courrier|spam|indésirable/i);
    const mail = await servers.mailbox.next(phone.owner.email);
    expect(mail.headers).toContainEqual({ name: 'Content-Language', value: 'fr' });

    const unknown = { headers: { 'accept-language': 'tlh' } };
    const english = await phone.ask<{ message: string }>(SIGN_UP, { input: { ...input, password: 'short' } }, unknown);
    expect(english.message).toMatch(/password/i);
  });

  test.each([
    ['an empty name', { name: '', platform: 'IOS' }, 'input.device.name'],
    ['a name of blanks', { name: ' \n\u00a0', platform: 'IOS' }, 'input.device.name'],
    ['a name that nobody can see', { name: '\u200f\u202e\u{e0067}\u3164', platform: 'IOS' }, 'input.device.name'],
  ])('%s is refused, and the field is named', async (_what, device, field) => {
    expect((await refused({ device })).extensions).toEqual({ code: 'BAD_USER_INPUT', field });
  });

  test('a name of 64 characters, emoji among them, is taken as it is', async () => {
    const phone = servers.stranger();
    const name = `${'x'.repeat(63)}👩‍👧`.slice(0, -3);
    const input = { ...phone.owner, device: { name, platform: 'IOS' } };
    const challenge = await phone.ask<Challenge>(SIGN_UP, { input });
    const { device } = asA('SignedIn', await phone.verify(challenge, await servers.mailbox.code(phone.owner.email)));
    expect(device.name).toBe(name);
  });

  test.each([
    'a@b@c.example',
    'a@b.example, c@d.example',
    'Ann <a@b.example>',
    'a@b.example\r\nbcc: c@d.example',
    'nobody',
    '',
  ])('an address such as %j is refused before anything is done', async (email) => {
    const { extensions } = await refused({ email });
    expect(extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.email' });
  });

  test('a value of the wrong type is refused by its place, and is not quoted: it may hold a password', async () => {
    const noDevice = await refused({ device: undefined, password: 'a secret of mine' });
    expect(noDevice.extensions).toEqual({ code: 'BAD_USER_INPUT', field: 'input' });
    expect(noDevice.message).toMatch(/"device"/);
    const noText = await refused({ password: ['a secret of mine'] });
    expect(noText.extensions).toEqual({ code: 'BAD_USER_INPUT', field: 'input.password' });
    const inDocument = await servers.client().error('{ challenge(token: ["a secret of mine"]) { id } }');
    for (const { message } of [noDevice, noText, inDocument]) expect(message).not.toContain('secret');
  });

  test('an address is one, however its case and its domain are written', async () => {
    const phone = servers.stranger();
    const local = phone.owner.email.split('@')[0] ?? '';
    const input = {
      ...phone.owner,
      email: `${local.toUpperCase()}@Bücher.EXAMPLE`,
      device: { name: 'a', platform: 'IOS' },
    };
    const stored = `${local}@xn--bcher-kva.example`;
    const challenge = await phone.ask<Challenge>(SIGN_UP, { input });
    // The mail server of the tests shows the domain as people read it.
    const code = await servers.mailbox.code(`${local}@bücher.example`);
    const { account } = asA('SignedIn', await phone.verify(challenge, code));
    expect(account.email).toBe(stored);
  });
});
