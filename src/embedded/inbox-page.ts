import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { projectRoot } from '../config/project.js';
import type { RequestGuard } from '../wire/local-only.js';
import type { Inbox, InboxMail } from './inbox.js';

const HEARTBEAT_MS = 15_000;

const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** A mail is a stranger's document: no script, no form, nothing fetched; its links open in a tab of their own. */
const mailPolicy = [
  'sandbox allow-popups allow-popups-to-escape-sandbox',
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ');

/**
 * Serves the inbox under `/inbox`: the page, its mails as JSON, HTML and source, and each new one live. A request that
 * `isAllowed` refuses meets the app's answer for an unknown page.
 */
export function mountInbox(app: FastifyInstance, inbox: Inbox, isAllowed: RequestGuard): void {
  app.register(async (scope) => {
    scope.addHook('onRequest', async (request, reply) => {
      if (!isAllowed(request)) return reply.callNotFound();
      reply.headers({
        'cache-control': 'no-store',
        'content-security-policy': pagePolicy,
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      });
    });
    addPage(scope);
    addMails(scope, inbox);
    addEvents(scope, inbox);
  });
}

function addPage(scope: FastifyInstance): void {
  const files = [
    { url: '/inbox', name: 'inbox.html', type: 'text/html; charset=utf-8' },
    { url: '/inbox/inbox.css', name: 'inbox.css', type: 'text/css; charset=utf-8' },
    { url: '/inbox/inbox.js', name: 'inbox.js', type: 'text/javascript; charset=utf-8' },
  ];
  for (const { url, name, type } of files) {
    // Read at the start: a build without them fails there, not at the first visit.
    const content = readFileSync(path.join(projectRoot, 'public', 'inbox', name), 'utf8');
    scope.get(url, (_request, reply) => reply.type(type).send(content));
  }
}

type OneMail = { Params: { id: string } };

function addMails(scope: FastifyInstance, inbox: Inbox): void {
  scope.get('/inbox/mails', async () => inbox.mails().map(summaryOf));

  scope.delete('/inbox/mails', async (request, reply) => {
    // A browser lets no foreign page send a header of ours, however old it is and whatever it leaves out.
    if (request.headers['x-doorstep-inbox'] === undefined) {
      return reply.code(403).send({ message: 'This needs the header X-Doorstep-Inbox.' });
    }
    inbox.clear();
    return reply.code(204).send();
  });

  scope.get<OneMail>('/inbox/mails/:id', async ({ params }, reply) => {
    const mail = inbox.mail(params.id);
    if (!mail) return reply.callNotFound();
    const { raw: _source, ...readable } = mail;
    return { ...readable, code: codeIn(mail) };
  });

  scope.get<OneMail>('/inbox/mails/:id/html', ({ params }, reply) => {
    const html = inbox.mail(params.id)?.html;
    if (!html) return reply.callNotFound();
    // What stands in front puts links into tabs of their own; a doctype or head that follows is read as if it came first.
    return untrusted(reply).type('text/html; charset=utf-8').send(`<!doctype html><base target="_blank">${html}`);
  });

  scope.get<OneMail>('/inbox/mails/:id/raw', ({ params }, reply) => {
    const mail = inbox.mail(params.id);
    if (!mail) return reply.callNotFound();
    return untrusted(reply).type('text/plain; charset=utf-8').send(mail.raw);
  });
}

/** Marks an answer whose body a stranger wrote. Our page frames it, whatever the app says of frames elsewhere. */
function untrusted(reply: FastifyReply): FastifyReply {
  return reply.headers({
    'content-security-policy': mailPolicy,
    'x-frame-options': 'SAMEORIGIN',
    // A sandbox has an origin of its own: Chromium warns of whatever asks for more there.
    'origin-agent-cluster': '?0',
  });
}

/** Server-Sent Events: `mail` with the summary of each new mail, `clear` when all were deleted. */
function addEvents(scope: FastifyInstance, inbox: Inbox): void {
  const open = new Set<PassThrough>();
  const endAll = () => {
    for (const stream of open) stream.end();
  };
  scope.addHook('preClose', async () => endAll());
  inbox.onClose(endAll);

  // No HEAD beside it: there Fastify takes the stream and never ends it.
  scope.get('/inbox/events', { exposeHeadRoute: false }, (_request, reply) => {
    const stream = new PassThrough();
    const tell = (event: string, data: unknown) => stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    // A comment now and then: that the other end is gone without a word shows only when something is written to it.
    const heartbeat = setInterval(() => stream.write(':\n\n'), HEARTBEAT_MS);
    const stops = [
      inbox.onMail((mail) => tell('mail', summaryOf(mail))),
      inbox.onClear(() => tell('clear', null)),
      () => clearInterval(heartbeat),
    ];
    open.add(stream);
    stream.once('close', () => {
      open.delete(stream);
      for (const stop of stops) stop();
    });
    stream.write('retry: 1000\n\n');
    return reply.type('text/event-stream').send(stream);
  });
}

/** What the list shows of a mail. */
function summaryOf(mail: InboxMail) {
  const { id, receivedAt, envelope, from, to, subject, size } = mail;
  return { id, receivedAt, envelope, from, to, subject, size, code: codeIn(mail) };
}

/** The digits that stand alone on a line of the text part, as codes do in our mails. */
function codeIn(mail: InboxMail): string | null {
  return mail.text?.match(/^[ \t]*(\d{6,12})[ \t]*$/m)?.[1] ?? null;
}
