import { once } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import Fastify, { type FastifyInstance } from 'fastify';
import { createTransport, type SendMailOptions } from 'nodemailer';
import pino from 'pino';
import { type Inbox, startInbox } from '../../../src/embedded/inbox.js';
import { mountInbox } from '../../../src/embedded/inbox-page.js';
import { createLocalOnly } from '../../../src/wire/local-only.js';

let inbox: Inbox;
let app: FastifyInstance;
let port: number;

beforeEach(async () => {
  inbox = await startInbox({ logger: pino({ level: 'silent' }) });
  app = Fastify();
  mountInbox(
    app,
    inbox,
    createLocalOnly(() => port),
  );
  await app.listen({ port: 0, host: '127.0.0.1' });
  port = (app.server.address() as AddressInfo).port;
});

afterEach(async () => {
  await app.close();
  await inbox.close();
});

test('a mail arrives with its text, its HTML, its addresses and a subject in any script', async () => {
  await send({
    subject: 'Dein Code für Zoë 🔑 日本語',
    text: 'Ihr Code:\n\n48291374\n',
    html: '<p>Ihr Code: <b>48291374</b></p>',
  });

  const [listed] = await json('/inbox/mails');
  expect(listed).toMatchObject({ subject: 'Dein Code für Zoë 🔑 日本語', code: '48291374' });
  const mail = await json(`/inbox/mails/${listed.id}`);
  expect(mail).toMatchObject({
    envelope: { from: 'no-reply@localhost', to: ['ana@example.com'] },
    from: { name: 'Doorstep', address: 'no-reply@localhost' },
    to: [{ name: 'Ana', address: 'ana@example.com' }],
  });
  expect(mail.text).toContain('48291374');
  expect(mail.html).toContain('<b>48291374</b>');
  expect(mail.headers).toContainEqual({ name: 'MIME-Version', value: '1.0' });
  const source = await get(`/inbox/mails/${listed.id}/raw`);
  expect(source.headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(Buffer.byteLength(source.body)).toBe(mail.size);
});

test('the newest mail comes first, and the list empties when it is cleared', async () => {
  await send({ subject: 'first' });
  await send({ subject: 'second' });
  expect((await json('/inbox/mails')).map((mail: { subject: string }) => mail.subject)).toEqual(['second', 'first']);

  expect((await get('/inbox/mails', { method: 'DELETE' })).status).toBe(403);
  expect(inbox.mails()).toHaveLength(2);
  expect((await get('/inbox/mails', { method: 'DELETE', headers: { 'x-doorstep-inbox': 'clear' } })).status).toBe(204);
  expect(await json('/inbox/mails')).toEqual([]);
});

test('the 201st mail pushes out the first', async () => {
  const transport = createTransport(`${inbox.smtpUrl}?pool=true&maxConnections=1&maxMessages=1000`);
  for (let count = 1; count <= 201; count++) {
    await transport.sendMail({ from: 'a@localhost', to: 'b@localhost', subject: `${count}`, text: 'x' });
  }
  transport.close();
  const subjects = inbox.mails().map(({ subject }) => subject);
  expect(subjects).toHaveLength(200);
  expect(subjects[0]).toBe('201');
  expect(subjects[199]).toBe('2');
});

test('a mail above 1 MiB is refused with 552 and not kept, one below it arrives', async () => {
  await expect(
    send({ raw: `Subject: big\r\n\r\n${'x'.repeat(70)}\r\n`.padEnd(1_048_577, 'y\r\n') }),
  ).rejects.toMatchObject({
    responseCode: 552,
  });
  expect(inbox.mails()).toEqual([]);
  await send({ raw: 'Subject: big\r\n\r\n'.padEnd(1_048_000, 'y\r\n') });
  expect(inbox.mails()).toHaveLength(1);
});

test('a mail whose sender hangs up in the middle is not kept', async () => {
  const socket = connect(Number(new URL(inbox.smtpUrl).port), '127.0.0.1');
  for (const line of ['EHLO me', 'MAIL FROM:<a@localhost>', 'RCPT TO:<b@localhost>', 'DATA', 'Subject: half']) {
    await once(socket, 'data');
    socket.write(`${line}\r\n`);
  }
  socket.destroy();
  await send({ subject: 'whole' });
  expect(inbox.mails().map(({ subject }) => subject)).toEqual(['whole']);
});

test('new mails and a clearing reach an open event stream', async () => {
  const events = await openEvents();
  expect(events.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  await send({ subject: 'live', text: 'Code\n\n123456\n' });
  const mail = await nextEvent(events, 'mail');
  expect(mail).toMatchObject({ subject: 'live', code: '123456', id: inbox.mails()[0]?.id });
  expect(mail).not.toHaveProperty('raw');
  inbox.clear();
  expect(await nextEvent(events, 'clear')).toBeNull();
});

test('a listener hears of mails until it unsubscribes', async () => {
  const heard: string[] = [];
  const stop = inbox.onMail(({ subject }) => heard.push(subject));
  await send({ subject: 'heard' });
  stop();
  await send({ subject: 'unheard' });
  expect(heard).toEqual(['heard']);
});

test('closing the inbox ends open streams and idle SMTP connections within a second', async () => {
  const events = await openEvents();
  const idle = connect(Number(new URL(inbox.smtpUrl).port), '127.0.0.1').resume();
  await once(idle, 'connect');
  const ended = Promise.all([once(events.resume(), 'end'), once(idle, 'close')]);
  const since = performance.now();
  await Promise.all([inbox.close(), ended]);
  expect(performance.now() - since).toBeLessThan(1000);
});

test('closing the app ends open streams within a second', async () => {
  const events = await openEvents();
  const ended = once(events.resume(), 'end');
  const since = performance.now();
  await Promise.all([app.close(), ended]);
  expect(performance.now() - since).toBeLessThan(1000);
});

test('the HTML part is served in a sandbox that runs nothing, fetches nothing and is framed by our page alone', async () => {
  await send({ html: '<p>hello</p>' });
  const { headers, body } = await get(`/inbox/mails/${inbox.mails()[0]?.id}/html`);
  const policy = String(headers['content-security-policy']).split('; ');
  expect(policy[0]).toMatch(/^sandbox\b/);
  expect(policy[0]).not.toMatch(/allow-scripts|allow-same-origin|allow-forms|allow-top-navigation/);
  expect(policy).toEqual(expect.arrayContaining(["default-src 'none'", 'img-src data:', "frame-ancestors 'self'"]));
  expect(policy.join()).not.toContain('script-src');
  expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  expect(body).toContain('<p>hello</p>');
});

test('the page and its files carry a policy without inline script or style', async () => {
  for (const [url, type] of [
    ['/inbox', 'text/html'],
    ['/inbox/inbox.css', 'text/css'],
    ['/inbox/inbox.js', 'text/javascript'],
  ] as const) {
    const { status, headers, body } = await get(url);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe(`${type}; charset=utf-8`);
    expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(headers['content-security-policy']).not.toContain('unsafe');
    expect(body).not.toMatch(/<script>|<style|\sstyle="|\son\w+="/);
  }
});

test('what is not there is a page that does not exist, for mails as for their parts', async () => {
  await send({ text: 'text alone' });
  const id = inbox.mails()[0]?.id;
  for (const path of [
    '/inbox/mails/none',
    '/inbox/mails/none/raw',
    '/inbox/mails/none/html',
    `/inbox/mails/${id}/html`,
  ]) {
    expect((await get(path)).status).toBe(404);
  }
});

test.each([
  ['localhost', (own: number) => ({ host: `localhost:${own}` })],
  ['an IPv6 literal', (own: number) => ({ host: `[::1]:${own}` })],
  ['our own page', (own: number) => ({ origin: `http://127.0.0.1:${own}`, 'sec-fetch-site': 'same-origin' })],
  ['a typed address', () => ({ 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' })],
  [
    'a link elsewhere',
    () => ({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }),
  ],
])('a request through %s is answered', async (_name, headers) => {
  expect((await get('/inbox/mails', { headers: headers(port) })).status).toBe(200);
});

test.each([
  ['a foreign Host', (own: number) => ({ host: `evil.example:${own}` })],
  ['a Host that begins like ours', (own: number) => ({ host: `localhost.evil.example:${own}` })],
  ['another port', (own: number) => ({ host: `localhost:${own === 1 ? 2 : own - 1}` })],
  ['no port', () => ({ host: 'localhost' })],
  ...['Forwarded', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded', 'X-Real-IP', 'Via', 'CF-Connecting-IP'].map(
    forwarding,
  ),
  ...['True-Client-IP', 'X-Client-IP', 'Client-IP', 'Fastly-Client-IP', 'X-Azure-ClientIP', 'CF-Ray'].map(forwarding),
  ['the Origin of another site', () => ({ origin: 'https://evil.example' })],
  ['the Origin of another port', () => ({ origin: 'http://localhost:1' })],
  ['an opaque Origin', () => ({ origin: 'null' })],
  ['a fetch by another site', () => ({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })],
  [
    'a frame on another site',
    () => ({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }),
  ],
])('a request with %s meets the answer for an unknown page and changes nothing', async (_name, headers) => {
  await send({ subject: 'kept' });
  const unknown = await get('/nothing-here');
  for (const [method, path] of [
    ['GET', '/inbox'],
    ['GET', '/inbox/mails'],
    ['GET', '/inbox/events'],
    ['DELETE', '/inbox/mails'],
  ] as const) {
    const answer = await get(path, { method, headers: { 'x-doorstep-inbox': 'clear', ...headers(port) } });
    expect(answer.status).toBe(404);
    expect(Object.keys(answer.headers)).toEqual(Object.keys(unknown.headers));
    expect(JSON.parse(answer.body)).toEqual({
      ...JSON.parse(unknown.body),
      message: `Route ${method}:${path} not found`,
    });
  }
  expect(inbox.mails()).toHaveLength(1);
});

test('a peer that is not loopback is refused, an IPv4 one mapped into IPv6 is loopback', () => {
  const isAllowed = createLocalOnly(() => 4000);
  const from = (remoteAddress?: string) =>
    isAllowed({ socket: { remoteAddress }, headers: { host: 'localhost:4000' } } as never);
  expect(['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1'].map(from)).toEqual([true, true, true, true]);
  expect(['10.0.0.1', '192.0.2.1', '::ffff:10.0.0.1', 'fe80::1', '::', undefined].some(from)).toBe(false);
});

function forwarding(name: string): [string, () => Record<string, string>] {
  return [name, () => ({ [name]: '' })];
}

async function send(mail: SendMailOptions): Promise<void> {
  const to = { name: 'Ana', address: 'ana@example.com' };
  const addressed = mail.raw ? { envelope: { from: 'no-reply@localhost', to: to.address } } : { to };
  await createTransport(inbox.smtpUrl).sendMail({ from: 'Doorstep <no-reply@localhost>', ...addressed, ...mail });
}

interface Ask {
  method?: string;
  headers?: Record<string, string>;
}

/** Not by `fetch`, which sends no Host or Sec-Fetch header of the caller's. */
async function ask(path: string, { method = 'GET', headers = {} }: Ask): Promise<IncomingMessage> {
  const request = httpRequest({ host: '127.0.0.1', port, path, method, headers }).end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response.setEncoding('utf8');
}

async function get(
  path: string,
  options: Ask = {},
): Promise<{ status?: number; headers: IncomingHttpHeaders; body: string }> {
  const response = await ask(path, options);
  const body = (await response.toArray()).join('');
  return { status: response.statusCode, headers: response.headers, body };
}

async function json(path: string) {
  return JSON.parse((await get(path)).body);
}

/** An open stream, subscribed: its first bytes came. */
async function openEvents(): Promise<IncomingMessage> {
  const response = await ask('/inbox/events', {});
  await once(response, 'readable');
  return response;
}

async function nextEvent(events: IncomingMessage, name: string): Promise<unknown> {
  let text = '';
  for await (const chunk of events.iterator({ destroyOnReturn: false })) {
    text += chunk;
    const data = text.match(new RegExp(`event: ${name}\ndata: (.*)\n\n`))?.[1];
    if (data) return JSON.parse(data);
  }
  throw new Error(`The stream ended without ${name}`);
}
