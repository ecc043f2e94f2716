// A shop on a host of its own, whose people sign in at Doorstep. Their tokens stay with Doorstep's pages: the shop gets a
// code by way of the browser, exchanges it for a session's id, and asks by that from then on.

import { readFileSync } from 'node:fs';
import { doorstep, returnState, sameState, signInAddress } from '@doorstep/server';
import { requireSession } from '@doorstep/server/express';
import express from 'express';
import { cookieOf } from './cookies.js';
import { Sessions } from './sessions.js';

const { DOORSTEP_URL = 'http://localhost:4000', SHOP_URL = 'http://127.0.0.1:3000' } = process.env;
const key = process.env.DOORSTEP_KEY ?? readFileSync(process.env.DOORSTEP_KEY_FILE ?? '../../.data/client-key', 'utf8');

const door = doorstep({ url: DOORSTEP_URL, key, keepChecks: true });
const sessions = new Sessions();
const secure = SHOP_URL.startsWith('https:');
// Lax: the browser comes back from another site, and has to bring them.
const cookie = { httpOnly: true, sameSite: 'lax', secure, path: '/' };
const [SESSION, STATE] = ['session', 'state'].map((name) => `${secure ? '__Host-' : ''}shop-${name}`);

const app = express();
app.disable('x-powered-by');
app.use((_request, response, next) => {
  response.set({
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'",
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
  });
  next();
});
app.use('/live.js', express.static('live.js'));

/** To Doorstep's pages, and back to /returned. */
app.get('/sign-in', (_request, response) => {
  // Bound to this browser: a link with somebody else's code signs nobody in here.
  const state = returnState();
  response.cookie(STATE, state, { ...cookie, maxAge: 3_600_000 });
  response.redirect(signInAddress(DOORSTEP_URL, { returnTo: `${SHOP_URL}/returned`, state }));
});

app.get('/returned', async (request, response) => {
  const state = cookieOf(request, STATE);
  response.clearCookie(STATE, cookie);
  const { code, state: returned } = request.query;
  const session = sameState(state, returned) ? await door.redeemReturn(code, state) : null;
  if (!session)
    return response.status(400).send(page('<p>That did not work. <a href="/sign-in">Sign in again</a></p>'));
  // A new id each time: one that was planted before the sign-in is worth nothing.
  sessions.end(cookieOf(request, SESSION));
  response.cookie(SESSION, sessions.start(session.id), cookie);
  response.redirect('/');
});

// From here on, who is signed in is asked at each request; of what it may, the package keeps the answer.
const doorstepId = (request) => sessions.doorstepId(cookieOf(request, SESSION));
const anybody = requireSession(door, { optional: true, sessionId: doorstepId, usedFrom: (request) => request.ip });
const signedIn = requireSession(door, { sessionId: doorstepId, usedFrom: (request) => request.ip });

app.get('/', anybody, (request, response) => {
  const { doorstep: session } = request;
  response.send(
    session
      ? page(`<p id="who">${escaped(session.email)} on ${escaped(session.deviceName)}</p>
          <form method="post" action="/sign-out"><button>Sign out of the shop</button></form>
          <script src="/live.js" type="module"></script>`)
      : page('<p id="who">Nobody is signed in.</p><p><a href="/sign-in">Sign in</a></p>'),
  );
});

app.get('/orders', signedIn, (request, response) => {
  response.json({ of: request.doorstep.accountId, orders: [] });
});

/** Tells the page at once when its session is over. */
app.get('/live', signedIn, (request, response) => {
  response.set('content-type', 'text/event-stream').flushHeaders();
  const stop = sessions.watch(cookieOf(request, SESSION), () => response.end('event: over\ndata:\n\n'));
  response.on('close', stop);
});

app.post('/sign-out', (request, response) => {
  // Nobody else's page signs people out.
  if (request.get('origin') !== SHOP_URL) return response.sendStatus(403);
  sessions.end(cookieOf(request, SESSION));
  response.clearCookie(SESSION, cookie);
  response.redirect(303, '/');
});

const escaped = (text) => text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);

function page(content) {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Shop</title><h1>Shop</h1>${content}</html>`;
}

const server = app.listen(Number(new URL(SHOP_URL).port || 3000), '127.0.0.1', () => {
  process.stdout.write(`The shop is at ${SHOP_URL}\n`);
});

const closing = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    closing.abort();
    door.close();
    server.close();
    server.closeAllConnections();
  });
}

// What ends at Doorstep ends here in the same second, also where no request comes. It needs no cursor: what ended while
// this process was away is asked anew at the next request.
for await (const { sessionId } of door.feed({ types: ['SESSION_ENDED'], signal: closing.signal })) {
  sessions.endOf(sessionId);
}
