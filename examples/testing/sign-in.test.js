// A product's own tests against a real Doorstep: node --test

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { startDoorstep } from './doorstep.js';

const folder = process.env.DOORSTEP_FOLDER ?? '../..';
const password = 'quartz-lantern-92-orbit';
const challenge = '__typename ... on Problem { message } ... on Challenge { token }';
const signedIn = '__typename ... on Problem { message } ... on SignedIn { sessionToken deviceToken }';

let doorstep;
before(async () => {
  doorstep = await startDoorstep(folder);
});
after(() => doorstep?.stop());

/** Somebody new, on a phone: each test has people of its own. */
async function signUp() {
  const email = `${randomUUID()}@example.com`;
  const input = { email, password, device: { name: 'Phone', platform: 'IOS' } };
  const { signUp } = await doorstep.ask(`mutation ($input: SignUpInput!) { signUp(input: $input) { ${challenge} } }`, {
    input,
  });
  return { email, ...(await verify(signUp, await doorstep.mailedCode(email))) };
}

async function verify({ token }, code) {
  const document = `mutation ($token: String!, $code: String!) {
    verifyCode(challengeToken: $token, code: $code) { ${signedIn} } }`;
  const { verifyCode } = await doorstep.ask(document, { token, code });
  assert.equal(verifyCode.__typename, 'SignedIn', verifyCode.message);
  return verifyCode;
}

async function turnOnTwoStep({ email, sessionToken }) {
  const { startTwoStepSetup } = await doorstep.ask(`mutation { startTwoStepSetup { ${challenge} } }`, {}, sessionToken);
  const document = `mutation ($token: String!, $code: String!) {
    enableTwoStep(challengeToken: $token, code: $code) { __typename ... on Problem { message } } }`;
  const code = await doorstep.mailedCode(email);
  const { enableTwoStep } = await doorstep.ask(document, { token: startTwoStepSetup.token, code }, sessionToken);
  assert.equal(enableTwoStep.__typename, 'TwoStepEnabled', enableTwoStep.message);
}

async function signIn(email, name) {
  const input = { email, password, device: { name, platform: 'LINUX' } };
  const document = `mutation ($input: SignInInput!) { signIn(input: $input) { ${signedIn} ${challenge} } }`;
  const { signIn } = await doorstep.ask(document, { input });
  return signIn;
}

/** What the product's backend asks with each request. */
async function whoIs(token) {
  const { session } = await doorstep.askBackend('query ($token: String) { session(token: $token) { email } }', {
    token,
  });
  return session?.email ?? null;
}

test('whoever signs up is signed in, until they sign out', async () => {
  const { email, sessionToken } = await signUp();
  assert.equal(await whoIs(sessionToken), email);
  await doorstep.ask('mutation { signOut { sessionsEnded } }', {}, sessionToken);
  assert.equal(await whoIs(sessionToken), null);
});

test('a new device is let in by the code that a trusted one shows', async () => {
  const phone = await signUp();
  await turnOnTwoStep(phone);
  const asked = await signIn(phone.email, 'Laptop');
  assert.equal(asked.__typename, 'Challenge');
  const laptop = await verify(asked, await doorstep.shownCode(phone.sessionToken, 'Laptop'));
  assert.equal(await whoIs(laptop.sessionToken), phone.email);
});

test('or by the code in a mail', async () => {
  const phone = await signUp();
  await turnOnTwoStep(phone);
  const { token } = await signIn(phone.email, 'Tablet');
  const send = `mutation ($token: String!) {
    sendCode(challengeToken: $token, method: EMAIL) { __typename ... on Problem { message } } }`;
  await doorstep.ask(send, { token });
  const tablet = await verify({ token }, await doorstep.mailedCode(phone.email));
  assert.equal(await whoIs(tablet.sessionToken), phone.email);
});
