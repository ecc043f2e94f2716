import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { InboxMail } from '../../src/embedded/inbox.js';
import { Handset, newOwner, PASSWORD } from '../support/handset.js';
import { codeIn } from '../support/mailbox.js';
import { SIGN_IN, SIGN_UP } from '../support/operations.js';
import { asA } from '../support/outcomes.js';
import { letIn, REQUEST_PASSWORD_RESET, requestReset } from '../support/owner.js';
import { Servers } from '../support/servers.js';
import { refusal, startMailServer } from '../support/smtp.js';
import { until } from '../support/waiting.js';

// Addresses and names as somebody would write them who wants a mail to go elsewhere, or to say something else.

let servers: Servers;

beforeAll(async () => {
  servers = await Servers.start({ limits: { OPEN_MAILS_PER_ADDRESS_AND_IP_HOUR: 100 } });
});
afterAll(() => servers[Symbol.asyncDispose]());

const device = { name: 'Phone', platform: 'IOS' };

describe('an address', () => {
  test.each([
    'ann@example.com,eve@evil.example',
    'ann@example.com;eve@evil.example',
    'ann@example.com eve@evil.example',
    'ann@example.com\teve@evil.example',
    'ann@example.com\r\nBcc: eve@evil.example',
    'ann@example.com\neve@evil.example',
    'ann@example.com\u0085eve@evil.example',
    'ann@example.com\u2028eve@evil.example',
    'ann@example.com\0',
    'ann@example.com%0d%0aBcc:eve@evil.example',
    'friends: ann@example.com, eve@evil.example;',
    'Ann <ann@example.com>',
    '<ann@example.com>',
    'ann@example.com <eve@evil.example>',
    '"ann eve"@example.com',
    '"ann@example.com"@evil.example',
    '"ann\\"@example.com',
    'ann(eve@evil.example)@example.com',
    '@evil.example:ann@example.com',
    'ann%example.com@evil.example@example.com',
    'ann@[127.0.0.1]',
    'ann@[IPv6:::1]',
    'ann@127.0.0.1',
    'ann@example.com.',
    'ann@.example.com',
    'ann@-example.com',
    'ann@exa_mple.com',
    'ann@exa mple.com',
    '.ann@example.com',
    'ann.@example.com',
    'an..n@example.com',
    'ann\u200b@example.com',
    'ann\u202e@example.com',
    'ann\u00ad@example.com',
    'ann\uff20example.com',
    'ann',
    'ann@',
    '@example.com',
    '',
    ' ',
    `${'a'.repeat(65)}@example.com`,
    `ann@${'a'.repeat(64)}.com`,
    `ann@${'a.'.repeat(130)}com`,
    `${'é'.repeat(40)}@example.com`,
    `ann@${'x'.repeat(50_000)}.com`,
  ])('such as %j names no mailbox, in whichever field it stands', async (email) => {
    const input = { email, password: PASSWORD, device };
    const documents: [string, Record<string, unknown>][] = [
      [SIGN_UP, { input }],
      [SIGN_IN, { input }],
      [REQUEST_PASSWORD_RESET, { email }],
    ];
    for (const [document, variables] of documents) {
      const { message, extensions } = await servers.client().error(document, variables);
      expect(extensions.code).toBe('BAD_USER_INPUT');
      expect(message.length).toBeLessThan(200);
    }
  });

  /** Signs up with one way to write it. @returns the address that the account has */
  async function accountOf(email: string, mailbox: string): Promise<string> {
    const phone = new Handset(servers.client(), servers.mailbox, { email, password: PASSWORD });
    const challenge = asA('Challenge', await phone.signUp());
    return asA('SignedIn', await phone.verify(challenge, await servers.mailbox.code(mailbox))).account.email;
  }

  test.each<[string, (local: string) => [string, string]]>([
    ['capital letters', (local) => [`${local}@example.com`, `${local.toUpperCase()}@EXAMPLE.COM`]],
    ['wide letters in the domain', (local) => [`${local}@example.com`, `${local}@ｅｘａｍｐｌｅ.com`]],
    ['the sign for kelvin', (local) => [`${local}@kelvin.example`, `${local}@\u212aelvin.example`]],
    ['an accent of its own', (local) => [`${local}é@example.com`, `${local}e\u0301@example.com`]],
  ])('is one, written with %s or without', async (_what, ways) => {
    const [plain, written] = ways(randomUUID());
    const email = await accountOf(plain, plain);
    const again = new Handset(servers.client(), servers.mailbox, { email: written, password: PASSWORD });
    expect(asA('SignedIn', await again.signIn()).account.email).toBe(email);
  });

  test.each<[string, (local: string) => [string, string]]>([
    ['a Cyrillic letter before the @', (local) => [`${local}-ann@example.com`, `${local}-аnn@example.com`]],
    ['a Cyrillic letter in the domain', (local) => [`${local}@apple.example`, `${local}@аpple.example`]],
    ['a letter that folds in some languages', (local) => [`${local}-i@example.com`, `${local}-ı@example.com`]],
    ['a dot that some providers leave out', (local) => [`${local}.a@example.com`, `${local}a@example.com`]],
    ['a tag that some providers leave out', (local) => [`${local}@example.com`, `${local}+a@example.com`]],
  ])('is another with %s: it opens no account of the first, and its mails go there', async (_what, ways) => {
    const [email, lookalike] = ways(randomUUID());
    await accountOf(email, email);
    const before = servers.mailbox.to(email).length;
    const other = new Handset(servers.client(), servers.mailbox, { email: lookalike, password: PASSWORD });
    asA('InvalidCredentials', await other.signIn());
    await requestReset(other);
    asA('Challenge', await other.signUp());
    // Its own sign-up has a code: no account was taken for it.
    expect(codeIn(await servers.mailbox.next(lookalike))).not.toBeNull();
    expect(servers.mailbox.to(email)).toHaveLength(before);
  });
});

test('an address beyond ASCII is refused by a mail server that takes none, and holds up no other mail', async () => {
  const isAscii = (text: string) => !/[^\0-\x7f]/.test(text);
  await using mailServer = await startMailServer({
    hideSMTPUTF8: true,
    onRcptTo: ({ address }, _session, done) =>
      done(isAscii(address.split('@')[0] ?? '') ? null : refusal(553, '5.6.7 the address needs SMTPUTF8')),
  });
  await using few = await Servers.start({ env: { SMTP_URL: `smtp://127.0.0.1:${mailServer.port}` } });
  const stateOf = async (email: string) => {
    const phone = new Handset(few.client(), few.mailbox, { email, password: PASSWORD });
    const { id } = asA('Challenge', await phone.signUp());
    const read = () => few.database.row('select state, failure, attempts from delivery where challenge_id = $1', [id]);
    await until(async () => (await read()).state !== 'QUEUED', 'the end of the delivery');
    return read();
  };
  expect(await stateOf('пошта@example.com')).toEqual({ state: 'FAILED', failure: 'ADDRESS_REFUSED', attempts: 1 });
  const sent = { state: 'SENT', failure: null, attempts: 1 };
  expect(await stateOf(newOwner().email)).toEqual(sent);
  // A domain needs no more than ASCII.
  expect(await stateOf('ann@bücher.example')).toEqual(sent);
  expect(mailServer.mails.map(({ to }) => to.length)).toEqual([1, 1]);
  for (const { source } of mailServer.mails) expect(isAscii(source.slice(0, source.indexOf('\r\n\r\n')))).toBe(true);
});

describe('what leaves', () => {
  const hostile = [
    'Bcc: eve@evil.example',
    '<a href="https://evil.example">Sign in</a>',
    '[Sign in](https://evil.example)',
    'www.evil.example/login',
    '&#104;ttps://evil.example',
    '” Doorstep: your code is 12345678 “',
    '=?utf-8?q?Bcc=3A_eve=40evil.example?=',
  ];

  /** One recipient, no code where everybody sees it, and nothing of it acts. */
  function expectPlain(mail: InboxMail): void {
    expect(mail.envelope.to).toHaveLength(1);
    expect(mail.to.map(({ address }) => address)).toEqual(mail.envelope.to);
    const names = mail.headers.map(({ name }) => name.toLowerCase());
    expect(names.filter((name) => ['cc', 'bcc', 'reply-to', 'sender'].includes(name))).toEqual([]);
    for (const once of ['to', 'from', 'subject', 'message-id', 'date']) {
      expect(names.filter((name) => name === once)).toHaveLength(1);
    }
    expect(mail.subject).not.toMatch(/\d/);
    expect(mail.html).not.toMatch(/<[^>]*href|<a\b|<img|<script|<form|style="[^"]*url/i);
    expect(`${mail.text}${mail.html}`).not.toMatch(/:\/\/|evil\.example|eve@/);
  }

  test.each(hostile)('to the address of a sign-up or a reset says nothing that the asker wrote: %s', async (name) => {
    const phone = new Handset(servers.client(), servers.mailbox, newOwner(), name);
    const input = {
      ...phone.owner,
      device: { ...device, name, model: name.slice(0, 64), osVersion: name.slice(0, 32) },
    };
    const acceptLanguage = { headers: { 'accept-language': `en, ${name.replace(/[^ -~]/g, '')}` } };
    const challenge = await phone.ask(SIGN_UP, { input }, acceptLanguage);
    const mail = await servers.mailbox.next(phone.owner.email);
    expectPlain(mail);
    expect(`${mail.text}${mail.html}`).not.toMatch(/evil|12345678|Bcc|href/i);
    asA('SignedIn', await phone.verify(asA('Challenge', challenge), codeIn(mail) ?? ''));
    await requestReset(phone);
    const reset = await servers.mailbox.next(phone.owner.email);
    expectPlain(reset);
    expect(`${reset.text}${reset.html}`).not.toMatch(/evil|12345678|Bcc|href/i);
  });

  test.each(hostile)(
    'to its owner quotes the name of a device, and has one code alone on its line: %s',
    async (name) => {
      const phone = await servers.trusted();
      const laptop = phone.another(name);
      const challenge = await laptop.challenged();
      asA('Challenge', await laptop.sendCode(challenge, 'EMAIL'));
      const mail = await servers.mailbox.next(phone.owner.email, (candidate) => codeIn(candidate) !== null);
      expectPlain(mail);
      const codes = (mail.text ?? '').split('\n').filter((line) => /^\s*\d{6,12}\s*$/.test(line));
      expect(codes).toEqual([codeIn(mail)]);
      await letIn(phone, phone.another(name), false);
      expectPlain(await servers.mailbox.next(phone.owner.email, ({ subject }) => subject.startsWith('New device')));
    },
  );
});
