import { createHash, createVerify, generateKeyPairSync } from 'node:crypto';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import pino from 'pino';
import PostalMime from 'postal-mime';
import type { Dkim } from '../../../src/config/config.js';
import { type Limits, limitTable } from '../../../src/config/limits.js';
import { readSmtpUrl } from '../../../src/config/smtp-url.js';
import { MailFault } from '../../../src/mail/mail-fault.js';
import { MailTransport, type OutgoingMail } from '../../../src/mail/transport.js';
import { Certificates } from '../../support/certificates.js';
import { refusal, startMailServer, startRawServer } from '../../support/smtp.js';
import { within } from '../../support/waiting.js';

const mail: OutgoingMail = {
  to: 'ana@example.com',
  messageId: '<5f0c@doorstep.example>',
  subject: 'Ваш код для входа',
  text: 'Ihr Code:\n\n48291374\n',
  html: '<p>Ihr Code für Zoë: 48291374</p>',
  locale: 'ru',
};

const opened: MailTransport[] = [];
afterEach(() => {
  for (const transport of opened.splice(0)) transport.close();
});

test('a mail arrives whole, for one recipient, and marked as sent by a machine', async () => {
  await using server = await startMailServer();
  const accepted = await transportTo(server.port).send(mail);
  expect(accepted).toEqual({ replyCode: 250, enhancedStatus: null });

  const [received] = server.mails;
  expect(received).toMatchObject({ from: 'no-reply@doorstep.example', to: ['ana@example.com'] });
  const parsed = await PostalMime.parse(received?.source ?? '');
  expect(parsed).toMatchObject({
    from: { name: 'Doorstep', address: 'no-reply@doorstep.example' },
    to: [{ name: '', address: 'ana@example.com' }],
    subject: mail.subject,
    messageId: mail.messageId,
    text: expect.stringContaining(mail.text),
  });
  expect(parsed.html).toContain(mail.html);
  const headers = Object.fromEntries(parsed.headers.map(({ key, value }) => [key, value]));
  expect(headers).toMatchObject({
    'auto-submitted': 'auto-generated',
    'x-auto-response-suppress': 'All',
    'content-language': 'ru',
  });
  expect(headers).not.toHaveProperty('x-mailer');
  expect(headers).not.toHaveProperty('cc');
});

test('mails share a connection, and one that the server closed meanwhile costs no mail', async () => {
  let closed = () => {};
  const closing = new Promise<void>((resolve) => {
    closed = resolve;
  });
  await using server = await startMailServer({ socketTimeout: 300, onClose: () => closed() });
  const transport = transportTo(server.port);
  await transport.send(mail);
  await transport.send(mail);
  expect(server.connections()).toBe(1);
  await closing;
  await transport.send(mail);
  expect(server.mails).toHaveLength(3);
});

test.each([
  // when, the server's answer, and what is made of it
  ['RCPT', 421, '4.3.2 closing', { isFinal: false, isAddressRefused: false, enhancedStatus: '4.3.2' }],
  ['RCPT', 450, '4.2.1 greylisted', { isFinal: false, isAddressRefused: false, enhancedStatus: '4.2.1' }],
  ['RCPT', 451, 'later', { isFinal: false, isAddressRefused: false, enhancedStatus: null }],
  ['RCPT', 452, '4.2.2 full', { isFinal: false, isAddressRefused: false, enhancedStatus: '4.2.2' }],
  ['RCPT', 550, '5.1.1 no such user', { isFinal: true, isAddressRefused: true, enhancedStatus: '5.1.1' }],
  ['RCPT', 550, 'no such user', { isFinal: true, isAddressRefused: true, enhancedStatus: null }],
  ['RCPT', 551, '5.1.6 moved', { isFinal: true, isAddressRefused: true, enhancedStatus: '5.1.6' }],
  ['RCPT', 552, '5.2.2 full', { isFinal: true, isAddressRefused: true, enhancedStatus: '5.2.2' }],
  ['RCPT', 553, '5.6.7 no SMTPUTF8', { isFinal: true, isAddressRefused: true, enhancedStatus: '5.6.7' }],
  ['RCPT', 554, '5.7.1 relay denied', { isFinal: true, isAddressRefused: false, enhancedStatus: '5.7.1' }],
  ['RCPT', 556, '5.1.10 null MX', { isFinal: true, isAddressRefused: true, enhancedStatus: '5.1.10' }],
  ['RCPT', 550, '5.1.8 no such domain', { isFinal: false, isAddressRefused: false, enhancedStatus: '5.1.8' }],
  ['RCPT', 503, '5.5.1 out of step', { isFinal: false, isAddressRefused: false, enhancedStatus: '5.5.1' }],
  ['RCPT', 530, '5.7.0 log in first', { isFinal: false, isAddressRefused: false, enhancedStatus: '5.7.0' }],
  ['MAIL', 553, '5.7.1 not your address', { isFinal: false, isAddressRefused: false, enhancedStatus: '5.7.1' }],
  ['DATA', 451, '4.7.1 later', { isFinal: false, isAddressRefused: false, enhancedStatus: '4.7.1' }],
  ['DATA', 550, '5.1.1 no such user', { isFinal: true, isAddressRefused: true, enhancedStatus: '5.1.1' }],
  ['DATA', 552, '5.3.4 too big', { isFinal: true, isAddressRefused: false, enhancedStatus: '5.3.4' }],
  ['DATA', 554, 'spam', { isFinal: true, isAddressRefused: false, enhancedStatus: null }],
  ['GREETING', 554, '5.7.1 blocked', { isFinal: false, isAddressRefused: false, enhancedStatus: '5.7.1' }],
] as const)('at %s the answer %i %s is told apart', async (when, replyCode, text, expected) => {
  const error = refusal(replyCode, text);
  await using server = await startMailServer({
    ...(when === 'GREETING' && { onConnect: (_, done) => done(error) }),
    ...(when === 'MAIL' && { onMailFrom: (_, __, done) => done(error) }),
    ...(when === 'RCPT' && { onRcptTo: (_, __, done) => done(error) }),
    ...(when === 'DATA' && {
      onData: (stream, _, done) => {
        stream.on('end', () => done(error));
        stream.resume();
      },
    }),
  });
  const fault = await faultOf(transportTo(server.port));
  expect(fault).toMatchObject({ ...expected, replyCode, isFateUnknown: false });
  expect(JSON.stringify([fault, fault.message, fault.stack])).not.toContain(text.replace(/^[\d.]+ /, ''));
});

test('a wrong password for the mail server is a passing fault, and is not tried in clear', async () => {
  const wrongLogin = refusal(535, '5.7.8 wrong');
  await using server = await startMailServer({ allowInsecureAuth: true, onAuth: (_, __, done) => done(wrongLogin) });
  const inClear = `smtp://ann:secret@127.0.0.1:${server.port}`;
  expect(await faultOf(transport(`${inClear}?requireTLS=false`))).toMatchObject({ isFinal: false, replyCode: 535 });
  const refused = await faultOf(transport(inClear));
  expect(refused).toMatchObject({ isFinal: false, isAddressRefused: false });
  expect(refused.replyCode).not.toBe(535);
});

test('TLS is used where it is offered, and a certificate that nobody vouches for is refused', async () => {
  // smtp-server warns that its own certificate, which is the point here, is nothing to rely on.
  const warning = jest.spyOn(console, 'error').mockImplementation(() => {});
  await using server = await startMailServer({ disabledCommands: [] });
  warning.mockRestore();
  expect(await faultOf(transportTo(server.port))).toMatchObject({ isFinal: false, replyCode: null });
  await transport(`smtp://127.0.0.1:${server.port}?requireTLS=true&tls.rejectUnauthorized=false`).send(mail);
  await transport(`smtp://127.0.0.1:${server.port}?ignoreTLS=true`).send(mail);
  expect(server.mails.map(({ isSecure }) => isSecure)).toEqual([true, false]);
});

test.each([
  ['STARTTLS', 'smtp', false],
  ['TLS from the first byte', 'smtps', true],
])('a certificate is taken of whom the URL trusts, for the host that it names, over %s', async (_, scheme, secure) => {
  using certificates = new Certificates();
  const authority = certificates.authority();
  const { cert, key } = certificates.server('DNS:mail.example', authority);
  await using server = await startMailServer({
    ...{
      secure,
      cert,
      key,
      disabledCommands: [],
      onAuth: (auth, _session, done) => done(null, { user: auth.username }),
    },
  });
  const url = (options: string) => `${scheme}://ann:secret@127.0.0.1:${server.port}?${options}`;
  const refused = { isFinal: false, replyCode: null };
  expect(await faultOf(transport(url('tls.servername=mail.example')))).toMatchObject(refused);
  expect(await faultOf(transport(url(`tls.ca=${authority.certFile}`)))).toMatchObject(refused);
  const other = certificates.authority().certFile;
  expect(await faultOf(transport(url(`tls.ca=${other}&tls.servername=mail.example`)))).toMatchObject(refused);
  expect(server.mails).toEqual([]);
  await transport(url(`tls.ca=${authority.certFile}&tls.servername=mail.example`)).send(mail);
  await transport(url('tls.rejectUnauthorized=false')).send(mail);
  expect(server.mails.map(({ isSecure }) => isSecure)).toEqual([true, true]);
});

test.each([
  ['is not there', null],
  ['says nothing', () => {}],
  ['hangs up at once', (socket: { destroy(): void }) => socket.destroy()],
  ['falls silent after its greeting', (socket: { write(text: string): void }) => socket.write('220 here\r\n')],
  [
    'speaks something else',
    (socket: { write(text: string): void }) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
  ],
])('a mail server that %s is a passing fault', async (_, talk) => {
  const server = await startRawServer(talk ?? (() => {}));
  if (!talk) await server[Symbol.asyncDispose]();
  const url = `smtp://127.0.0.1:${server.port}?connectionTimeout=200&greetingTimeout=200&socketTimeout=200`;
  expect(await faultOf(transport(url))).toMatchObject({ ...passing, isFateUnknown: false });
  if (talk) await server[Symbol.asyncDispose]();
});

const passing = { isFinal: false, isAddressRefused: false, replyCode: null };

/** What a mail server answers to each command in turn, the connection first and the mail itself last. */
const answers = ['220 here', '250 EHLO', '250 MAIL', '250 RCPT', '354 DATA', '250 taken'];

/** A mail server that does something else where it comes to the nth answer. */
function oddFrom(nth: number, does: (socket: Socket) => void) {
  return startRawServer((socket) => {
    let next = 0;
    const answer = () => {
      if (next === nth) does(socket);
      else if (answers[next]) socket.write(`${answers[next]}\r\n`);
      next += 1;
    };
    answer();
    // The mail comes in one piece, or in two: the end of it is what is answered.
    socket.on('data', (chunk) => (next < 5 || chunk.toString().endsWith('\r\n.\r\n')) && answer());
  });
}

// Most of these wait for a time to be over, side by side: each has a mail server of its own.

const tight = { SMTP_GREETING_SECONDS: 1, SMTP_ENVELOPE_SECONDS: 1, SMTP_DATA_SECONDS: 2 } as const;

test.concurrent.each([
  ['SMTP_GREETING_SECONDS', 'greeting', 0, false],
  ['SMTP_ENVELOPE_SECONDS', 'answer to the recipient', 3, false],
  ['SMTP_DATA_SECONDS', 'answer to the mail itself', 5, true],
] as const)('a mail server is given %s for its %s, and not more', async (name, _, nth, isFateUnknown) => {
  const limits = { SMTP_GREETING_SECONDS: 30, SMTP_ENVELOPE_SECONDS: 30, SMTP_DATA_SECONDS: 30, [name]: 2 };
  await using late = await oddFrom(nth, (socket) => {
    setTimeout(() => socket.write(`${answers[nth]}\r\n`), 1500);
  });
  expect(await transportTo(late.port, { limits }).send(mail)).toMatchObject({ replyCode: 250 });

  await using silent = await oddFrom(nth, () => {});
  // The time for the envelope begins where that for the greeting ends.
  const alone = name === 'SMTP_ENVELOPE_SECONDS' ? { ...limits, SMTP_GREETING_SECONDS: 1 } : limits;
  const fault = faultOf(transportTo(silent.port, { limits: alone }));
  expect(await within(fault, 'the end of it')).toMatchObject({ ...passing, isFateUnknown });
});

test.concurrent.each([
  ['from its greeting on', 0, false],
  ['when it has the mail', 5, true],
] as const)(
  'a mail server that answers one byte at a time %s holds a mail no longer',
  async (_, nth, isFateUnknown) => {
    await using server = await oddFrom(nth, (socket) => {
      const drip = setInterval(() => socket.write('2'), 20);
      socket.on('close', () => clearInterval(drip));
    });
    const fault = faultOf(transportTo(server.port, { limits: tight }));
    expect(await within(fault, 'the end of it')).toMatchObject({ ...passing, isFateUnknown });
  },
);

describe('what becomes of a mail is', () => {
  test.each([
    ['before the mail itself', 4, false],
    ['with the mail', 5, true],
  ] as const)('known until DATA has begun: a connection is cut %s', async (_, nth, isFateUnknown) => {
    await using server = await oddFrom(nth, (socket) => socket.destroy());
    expect(await faultOf(transportTo(server.port))).toMatchObject({ ...passing, isFateUnknown });
  });

  test.each([
    ['354 go on', { ...passing, replyCode: 354, isFateUnknown: true }],
    ['hello', { ...passing, isFateUnknown: true }],
    ['421 4.3.2 closing', { ...passing, replyCode: 421, isFateUnknown: false }],
  ])('read from an answer that says no, and from none that is out of step: %s', async (answer, expected) => {
    await using server = await oddFrom(5, (socket) => socket.write(`${answer}\r\n`));
    expect(await faultOf(transportTo(server.port))).toMatchObject(expected);
  });

  test('known of a connection that died while it was kept', async () => {
    let isDead = false;
    await using server = await startMailServer({
      // It is there, and says nothing any more.
      onMailFrom: (_, __, done) => (isDead ? undefined : done()),
    });
    const transport = transportTo(server.port, { limits: tight });
    await transport.send(mail);
    isDead = true;
    expect(await faultOf(transport)).toMatchObject({ ...passing, isFateUnknown: false });
    expect(server.connections()).toBe(1);
  });
});

describe('before the mail itself leaves', () => {
  test('the sender is asked, once the mail server waits for it', async () => {
    let isReady = false;
    await using server = await startMailServer({
      onRcptTo: (_, __, done) => {
        isReady = true;
        done();
      },
    });
    const seen: unknown[] = [];
    const beforeData = async () => void seen.push(isReady, server.mails.length);
    await transportTo(server.port).send(mail, { beforeData });
    expect(seen).toEqual([true, 0]);
    expect(server.mails).toHaveLength(1);
  });

  test('the sender may say no, and nothing leaves', async () => {
    await using server = await startMailServer();
    const no = new Error('not mine any more');
    const transport = transportTo(server.port);
    await expect(transport.send(mail, { beforeData: () => Promise.reject(no) })).rejects.toBe(no);
    await transport.send(mail);
    expect(server.mails).toHaveLength(1);
  });
});

test.concurrent('answers that do not come hold up no other mail', async () => {
  let hanging = 0;
  await using server = await startMailServer({
    onData(stream, { envelope }, done) {
      const isMail = envelope.rcptTo[0]?.address === mail.to;
      if (!isMail) hanging += 1;
      stream.on('end', () => isMail && done()).resume();
    },
  });
  const transport = transportTo(server.port);
  const faults = Array.from({ length: 12 }, () => faultOf(transport, { to: 'hangs@example.com' }));
  const taken = within(transport.send(mail), 'the mail behind them', 20_000);
  expect(await taken).toMatchObject({ replyCode: 250 });
  expect(hanging).toBe(12);
  transport.close();
  for (const fault of await Promise.all(faults)) expect(fault).toMatchObject({ ...passing, isFateUnknown: true });
});

test.each([
  'ana@example.com, eve@example.com',
  'ana@example.com,eve@example.com',
  'ana@example.com;eve@example.com',
  'ana@example.com eve@example.com',
  'ana@example.com\r\nBcc: eve@example.com',
  'ana@example.com\nRCPT TO:<eve@example.com>',
  'ana@example.com>\r\nRCPT TO:<eve@example.com',
  'Ana <ana@example.com>',
  '<ana@example.com>',
  'list: ana@example.com, eve@example.com;',
  '"ana@evil.example"@example.com',
  'ana@evil.example@example.com',
  'ana@example.com\u0000',
  'ana@example.com\u2028eve@example.com',
  'ana(comment)@example.com',
  'ana@[127.0.0.1]',
  'ana@\u212aerio.example',
  'ana',
  '@example.com',
  '',
  `${'a'.repeat(250)}@example.com`,
])('the recipient %j never leaves', async (to) => {
  await using server = await startMailServer();
  const fault = await faultOf(transportTo(server.port), { to });
  expect(fault).toMatchObject({ isFinal: true, isAddressRefused: true, replyCode: null });
  expect(server.connections()).toBe(0);
});

test.each([
  { subject: 'Hello\r\nBcc: eve@example.com' },
  { subject: 'Hello\u2028there' },
  { messageId: '<a@b>\r\nBcc: eve@example.com' },
  { messageId: 'a@b' },
])('a mail with %j never leaves', async (changes) => {
  await using server = await startMailServer();
  expect(await faultOf(transportTo(server.port), changes)).toMatchObject({ isFinal: true, isAddressRefused: false });
  expect(server.connections()).toBe(0);
});

test.each(['o’neil@example.com', 'пошта@example.com', 'a+b=c/d@example.com', 'root@localhost'])(
  'the recipient %s is one address, and gets its mail',
  async (to) => {
    await using server = await startMailServer();
    await transportTo(server.port).send({ ...mail, to });
    expect(server.mails.map((received) => received.to)).toEqual([[to]]);
  },
);

test('a mail is signed where there is a DKIM key, and the signature holds', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const dkim = {
    domainName: 'doorstep.example',
    keySelector: 'mail',
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
  await using server = await startMailServer();
  await transportTo(server.port, { dkim }).send(mail);
  const source = server.mails[0]?.source ?? '';
  const { tags, bodyHash, signedHeaders } = readDkim(source);
  expect(tags).toMatchObject({ a: 'rsa-sha256', c: 'relaxed/relaxed', d: 'doorstep.example', s: 'mail', bh: bodyHash });
  expect(tags.h?.toLowerCase().split(':')).toEqual(expect.arrayContaining(['from', 'to', 'subject', 'message-id']));
  expect(
    createVerify('sha256')
      .update(signedHeaders)
      .verify(publicKey, tags.b ?? '', 'base64'),
  ).toBe(true);
});

test('a fault is logged with its codes, without address or answer', async () => {
  await using server = await startMailServer({ onRcptTo: (_, __, done) => done(refusal(550, '5.1.1 unknown ana')) });
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  await faultOf(transportTo(server.port, { log }));
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ replyCode: 550, enhancedStatus: '5.1.1', command: 'RCPT TO' });
  expect(lines.join()).not.toMatch(/ana|unknown|48291374/);
});

test.each([
  ['smtp://mail.example?requiretls=true', /unknown option 'requiretls'/],
  ['smtp://mail.example?debug=true', /unknown option 'debug'/],
  ['smtp://mail.example?pool=false', /unknown option 'pool'/],
])('%s is refused', (url, fault) => {
  expect(() => readSmtpUrl(url)).toThrow(fault);
});

interface Options {
  readonly dkim?: Dkim;
  readonly log?: pino.Logger;
  readonly limits?: Partial<Limits>;
}

function transportTo(port: number, options: Options = {}): MailTransport {
  return transport(`smtp://127.0.0.1:${port}`, options);
}

function transport(smtpUrl: string, { dkim, log, limits }: Options = {}): MailTransport {
  const mailFrom = { name: 'Doorstep', address: 'no-reply@doorstep.example' };
  const defaults = Object.fromEntries(
    Object.entries(limitTable).map(([name, limit]) => [name, limit.default]),
  ) as Limits;
  const config = { smtpUrl, mailFrom, dkim: dkim ?? null, limits: { ...defaults, ...limits } };
  const transport = new MailTransport(config, log ?? pino({ level: 'silent' }));
  opened.push(transport);
  return transport;
}

async function faultOf(transport: MailTransport, changes: Partial<OutgoingMail> = {}): Promise<MailFault> {
  const fault = await transport.send({ ...mail, ...changes }).catch((error: unknown) => error);
  if (fault instanceof MailFault) return fault;
  throw new Error('the mail was taken, or failed otherwise', { cause: fault });
}

/** What a verifier computes (RFC 6376, 3.4 and 3.7, both parts in the relaxed form). */
function readDkim(source: string) {
  const end = source.indexOf('\r\n\r\n');
  const body = source
    .slice(end + 4)
    .replace(/[ \t]+/g, ' ')
    .replace(/ \r\n/g, '\r\n')
    .replace(/(?:\r\n)*$/, '\r\n');
  const headers = source
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const named = (name: string) =>
    headers.findLast((header) => header.toLowerCase().startsWith(`${name.toLowerCase()}:`)) ?? '';
  const relaxed = (header: string) => {
    const [name = '', ...value] = header.split(':');
    return `${name.toLowerCase().trim()}:${value.join(':').replace(/\s+/g, ' ').trim()}`;
  };
  const signature = named('DKIM-Signature');
  const tags: Record<string, string | undefined> = Object.fromEntries(
    [...signature.replace(/^[^:]*:/, '').matchAll(/(\w+)=([^;]*)/g)].map(([, tag, value = '']) => [
      tag,
      value.replace(/\s/g, ''),
    ]),
  );
  const signed = (tags.h ?? '').split(':').map((name) => `${relaxed(named(name))}\r\n`);
  return {
    tags,
    bodyHash: createHash('sha256').update(body).digest('base64'),
    signedHeaders: signed.join('') + relaxed(signature.replace(/\bb=[^;]*$/, 'b=')),
  };
}
