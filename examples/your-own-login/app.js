// A shop with users and passwords of its own, which has Doorstep ask for the second step. Its people never see Doorstep.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { doorstep } from '@doorstep/server';
import express from 'express';
import { cookieOf } from './cookies.js';
import * as pages from './pages.js';
import { hashOf, isPassword } from './passwords.js';
import { SecondStep } from './second-step.js';
import { Sessions } from './sessions.js';
import { Users } from './users.js';

const { DOORSTEP_URL = 'http://localhost:4000', SHOP_URL = 'http://localhost:3000' } = process.env;
/** As browsers find it, where that is another address. */
const { DOORSTEP_PUBLIC_URL = DOORSTEP_URL, USERS_FILE = 'users.json' } = process.env;
const key = process.env.DOORSTEP_KEY ?? readFileSync(process.env.DOORSTEP_KEY_FILE ?? '../../.data/client-key', 'utf8');
const NEW_ADDRESS = 'New address';

const door = doorstep({ url: DOORSTEP_URL, key, keepChecks: true });
const users = new Users(USERS_FILE);
const sessions = new Sessions();
const secondStep = new SecondStep(door, users);

const secure = SHOP_URL.startsWith('https:');
const cookie = { httpOnly: true, sameSite: 'lax', secure, path: '/' };
const SESSION = `${secure ? '__Host-' : ''}shop-session`;
const doorstepOrigin = new URL(DOORSTEP_PUBLIC_URL).origin;

const app = express();
app.disable('x-powered-by');
app.use((_request, response, next) => {
  response.set({
    'cache-control': 'no-store',
    'content-security-policy': [
      "default-src 'none'; script-src 'self'; style-src 'self'; form-action 'self'; frame-ancestors 'none'",
      // The pages talk to Doorstep by themselves, as the devices that they run on.
      `connect-src 'self' ${doorstepOrigin} ${doorstepOrigin.replace(/^http/, 'ws')}`,
    ].join('; '),
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
  });
  next();
});
app.use(express.static('public'));
app.use('/graphql-ws', express.static(path.dirname(fileURLToPath(import.meta.resolve('graphql-ws/client')))));

/** Also what may be shown beside a code: 64 characters at most, all of them seen. */
const isAddress = (text) => /^[!-~]+@[!-~]+$/.test(text) && text.length <= 64;

const form = express.urlencoded({ extended: false });
/** Nobody else's page does anything here. */
const fromHere = (request, response, next) => {
  if (request.get('origin') === SHOP_URL) next();
  else response.sendStatus(403);
};

/** Who sits there. With a second step, that is a question of Doorstep's too: whose device was removed is out. */
async function signedIn(request) {
  const session = sessions.find(cookieOf(request, SESSION));
  if (!session?.isSignedIn) return null;
  if (session.doorstepId && !(await door.checkId(session.doorstepId, { usedFrom: request.ip }))) {
    sessions.end(session.id);
    return null;
  }
  return { session, user: users.byId(session.userId) };
}

const somebody = async (request, response, next) => {
  request.who = await signedIn(request);
  if (request.who) next();
  else if (request.method === 'GET' && request.accepts('html', 'text/event-stream') === 'html') response.redirect('/');
  else response.sendStatus(401);
};

/** Doorstep's cookies stay in a browser: a page that speaks to it is only for the one whom they stand for there. */
const withSecondStep = (request, response, next) => {
  if (request.who.session.doorstepId) next();
  else say(response, 403, pages.sorry('Please turn on two-step verification first, or sign in again.'));
};

/** Ends the session of that browser, at Doorstep too: whoever sits there next is not to see these people's codes. */
async function leave(request) {
  const session = sessions.find(cookieOf(request, SESSION));
  // First there: where that fails they are signed in still, and see it.
  await secondStep.signedOut(session);
  sessions.end(session?.id);
}

/** A session of a new id each time: one that was planted before is worth nothing. */
async function open(request, response, fields) {
  await leave(request);
  response.cookie(SESSION, sessions.start(fields), cookie);
}

const say = (response, status, content) => response.status(status).send(pages.page(DOORSTEP_PUBLIC_URL, content));

app.get('/', async (request, response) => {
  const who = await signedIn(request);
  say(response, 200, who ? pages.home(who.user) : pages.signIn());
});

app.post('/sign-up', fromHere, form, async (request, response) => {
  const { email, password } = request.body;
  if (!isAddress(email)) return say(response, 400, pages.signUp('That is no e-mail address.'));
  if (!(password?.length >= 12)) return say(response, 400, pages.signUp('That password is too short.'));
  const user = users.add({ email, password: await hashOf(password) });
  if (!user) return say(response, 409, pages.signUp('Somebody has that address already.'));
  await open(request, response, { userId: user.id, isSignedIn: true });
  response.redirect(303, '/');
});

app.get('/sign-up', (_request, response) => say(response, 200, pages.signUp()));

app.post('/sign-in', fromHere, form, async (request, response) => {
  const { email = '', password = '' } = request.body;
  const found = users.byEmail(email);
  const epoch = await secondStep.epochOf(found);
  // The row is read after the epoch: a password that is changed in between is the new one here.
  const user = found && users.byId(found.id);
  if (!(await isPassword(password, user?.password ?? null))) {
    return say(response, 401, pages.signIn('Wrong address or password.'));
  }
  // Asked again, as somebody may have turned it on while the password was compared.
  const isAsked = users.byId(user.id).atDoorstep;
  const { asked, problem } = isAsked ? await secondStep.start(user, 'SIGN_IN', epoch) : {};
  if (problem) return say(response, 403, pages.signIn(problem));
  await open(request, response, { userId: user.id, isSignedIn: !asked, asked });
  response.redirect(303, asked ? '/second-step' : '/');
});

/** The page on which the browser goes on with Doorstep, and to which it brings back a receipt. */
app.get('/second-step', (request, response) => {
  const session = sessions.find(cookieOf(request, SESSION));
  if (!session?.asked) return response.redirect('/');
  say(response, 200, pages.secondStep(session.asked));
});

app.post('/second-step', fromHere, express.json(), async (request, response) => {
  const session = sessions.find(cookieOf(request, SESSION));
  const verified = session && (await secondStep.redeem(session, request.body?.receipt));
  // It may have ended meanwhile.
  if (!verified || !sessions.find(session.id))
    return response.status(400).json({ problem: 'That did not work. Please try again.' });
  sessions.ask(session.id, null);
  response.json({ next: await done[verified.purpose](request, response, session, verified) });
});

/** What a proof leads to, and which page comes then. */
const done = {
  async SIGN_IN(request, response, { userId }, { session }) {
    await open(request, response, { userId, isSignedIn: true, doorstepId: session.id });
    return '/';
  },
  async ENABLE_TWO_STEP(request, response, { userId }, { session }) {
    sessions.endAllOf(userId);
    await open(request, response, { userId, isSignedIn: true, doorstepId: session.id });
    return '/account';
  },
  /** Nothing to do: `atDoorstep` and the sessions stay, and Doorstep says at the next sign-in that there is no second step. */
  async DISABLE_TWO_STEP() {
    return '/account';
  },
  /** What was confirmed is what the receipt says, whatever the browser had asked for. */
  async CONFIRM(_request, _response, { userId }, { action }) {
    await changeEmail(users.byId(userId), action.fields.find(({ label }) => label === NEW_ADDRESS).value);
    return '/account';
  },
};

async function changeEmail(user, email) {
  if (users.byEmail(email)) return;
  users.change(user.id, { email });
  // With a second step, codes go on to the address before until the new one is proven and nobody has objected.
  if (user.atDoorstep) await door.putSubject({ externalId: user.id, email });
}

app.get('/account', somebody, async (request, response) => {
  const { user, session } = request.who;
  const subject = await secondStep.subjectOf(user);
  const isOn = subject?.twoStepEnabled ?? false;
  const mailedTo = subject?.pendingEmail ? subject.email : null;
  say(response, 200, pages.account(user, { isOn, mayAsk: session.doorstepId !== null, mailedTo }));
});

/** Turning it on or off takes the password again, and then a code. */
app.post('/two-step', somebody, fromHere, form, async (request, response) => {
  const { user: before, session } = request.who;
  const isOn = request.body.turn === 'on';
  const epoch = isOn ? await secondStep.introduce(before) : await secondStep.epochOf(before);
  const user = users.byId(before.id);
  if (!(await isPassword(request.body.password ?? '', user.password))) {
    return say(response, 403, pages.sorry('That is not your password.'));
  }
  const purpose = isOn ? 'ENABLE_TWO_STEP' : 'DISABLE_TWO_STEP';
  goOn(response, session, await secondStep.start(user, purpose, epoch, isOn ? undefined : session.doorstepId));
});

/** Another address would lead whoever holds it into the account, so it takes a code where somebody has a second step. */
app.post('/email', somebody, fromHere, form, async (request, response) => {
  const { user, session } = request.who;
  const email = (request.body.email ?? '').trim().toLowerCase();
  if (!isAddress(email) || users.byEmail(email)) return say(response, 409, pages.sorry('Not that address.'));
  if (!(await secondStep.subjectOf(user))?.twoStepEnabled) {
    await changeEmail(user, email);
    return response.redirect(303, '/account');
  }
  const fields = [{ label: NEW_ADDRESS, value: email }];
  goOn(response, session, await secondStep.confirm(user, session.doorstepId, 'Change your e-mail address', fields));
});

/** A code that is mailed to the new address; the browser and Doorstep need nobody for it. */
app.get('/prove-address', somebody, withSecondStep, (_request, response) => {
  say(response, 200, pages.secondStep({ purpose: 'PROVE_ADDRESS' }));
});

app.post('/password', somebody, fromHere, form, async (request, response) => {
  const { user, session } = request.who;
  const { password = '', next = '' } = request.body;
  if (!(await isPassword(password, user.password)))
    return say(response, 403, pages.sorry('That is not your password.'));
  if (next.length < 12) return say(response, 400, pages.sorry('That is too short.'));
  // First the row, then the epoch: whoever was signing in with the old one is too late, or is thrown out.
  users.change(user.id, { password: await hashOf(next) });
  await secondStep.passwordChanged(user, session.doorstepId);
  sessions.endAllOf(user.id, { except: session.id });
  response.redirect(303, '/account');
});

function goOn(response, session, { asked, problem }) {
  if (!asked) return say(response, 409, pages.sorry(problem));
  sessions.ask(session.id, asked);
  response.redirect(303, '/second-step');
}

/** On a trusted phone: the codes for sign-ins elsewhere. They come from Doorstep to the page, past this server. */
app.get('/codes', somebody, withSecondStep, (_request, response) => say(response, 200, pages.codes()));

/** Tells a page at once when its session is over. */
app.get('/live', somebody, (request, response) => {
  response.set('content-type', 'text/event-stream').flushHeaders();
  const stop = sessions.watch(request.who.session.id, () => response.end('event: over\ndata:\n\n'));
  response.on('close', stop);
});

app.post('/sign-out', fromHere, async (request, response) => {
  await leave(request);
  response.clearCookie(SESSION, cookie);
  response.redirect(303, '/');
});

/** Where Doorstep cannot be asked (a `DoorstepError` is 503), people are neither signed in nor signed out. */
app.use((error, _request, response, next) => {
  if (response.headersSent) return next(error);
  process.emitWarning(error);
  say(response, error.statusCode ?? 503, pages.sorry('This does not work right now. Please try again.'));
});

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
// this process was away is asked anew at the next request. It comes last, as it goes on until this process ends.
for await (const { sessionId } of door.feed({ types: ['SESSION_ENDED'], signal: closing.signal })) {
  sessions.endOf(sessionId);
}
