// A phone as a command line. It keeps its tokens itself: no backend ever sees the one that signs it in.

import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { Doorstep } from './doorstep.js';
import { Tokens } from './tokens.js';

const url = process.env.DOORSTEP_URL ?? 'http://localhost:4000';
const tokens = await Tokens.read(process.env.PHONE_FILE ?? 'phone.json');
const doorstep = new Doorstep(url, tokens);
const device = { name: process.env.PHONE_NAME ?? 'Example phone', platform: 'OTHER', appVersion: '1.0.0' };

let isHidden = false;
const screen = new Writable({
  write(chunk, _encoding, done) {
    if (!isHidden) process.stdout.write(chunk);
    done();
  },
});
const lines = createInterface({ input: process.stdin, output: screen, terminal: process.stdin.isTTY })[
  Symbol.asyncIterator
]();

const challenge = '__typename ... on Problem { message } ... on Challenge { token sentTo codeLength }';
const signedIn = '__typename ... on Problem { message } ... on SignedIn { sessionToken deviceToken }';

const commands = {
  async 'sign-up'(email) {
    const password = await question('Password: ', true);
    const input = { email, password, device };
    await goOn(
      await doorstep.enter(`mutation ($input: SignUpInput!) { signUp(input: $input) { ${challenge} } }`, { input }),
    );
  },

  async 'sign-in'(email) {
    const password = await question('Password: ', true);
    // With the token of this device: where it is trusted, no code is asked for.
    const input = { email, password, device, deviceToken: tokens.device };
    await goOn(
      await doorstep.enter(`mutation ($input: SignInInput!) { signIn(input: $input) { ${signedIn} ${challenge} } }`, {
        input,
      }),
    );
  },

  async 'turn-on-two-step'() {
    const { token, sentTo } = wanted(
      'Challenge',
      await doorstep.ask(`mutation { startTwoStepSetup { ${challenge} } }`),
    );
    const code = await question(`Code sent to ${sentTo}: `);
    const enable = `mutation ($token: String!, $code: String!) {
      enableTwoStep(challengeToken: $token, code: $code) { __typename ... on Problem { message } } }`;
    wanted('TwoStepEnabled', await doorstep.ask(enable, { token, code }));
    say('Two-step verification is on, and this phone is trusted.');
  },

  /** Shows the codes of sign-ins elsewhere, for as long as it runs. */
  async codes() {
    say('Listening for sign-ins.');
    const prompts = 'subscription { loginRequests { id state code deviceName location { label } } }';
    for await (const { id, state, code, deviceName, location } of doorstep.listen(prompts)) {
      if (state !== 'PENDING') {
        say(`${deviceName}: ${state}`);
        continue;
      }
      say(`${deviceName} (${location.label}) wants to sign in. Its code: ${code}`);
      // Whoever waits there is told that the code is on a screen.
      await doorstep.ask('mutation ($id: ID!) { acknowledgeLoginRequest(id: $id) { id } }', { id });
    }
  },

  /** Asks a service of the product: it is told who asks by the session's token. */
  async ask(service) {
    const response = await fetch(service, { headers: { authorization: `Bearer ${tokens.session}` } });
    say(`${response.status} ${(await response.text()).trim()}`);
  },

  async 'sign-out'() {
    await doorstep.ask('mutation { signOut { sessionsEnded } }');
    // The other one stays: with it and the password, a trusted phone is let in again.
    await tokens.keep({ session: null });
    say('Signed out.');
  },
};

/** The second step, where there is one. */
async function goOn(answer) {
  if (answer.__typename === 'SignedIn') return say('Signed in.');
  const { token, sentTo, codeLength } = wanted('Challenge', answer);
  const code = await question(`The ${codeLength} digits sent to ${sentTo}: `);
  const verify = `mutation ($token: String!, $code: String!) { verifyCode(challengeToken: $token, code: $code) { ${signedIn} } }`;
  wanted('SignedIn', await doorstep.enter(verify, { token, code }));
  say('Signed in.');
}

function wanted(typename, answer) {
  if (answer.__typename !== typename) throw new Error(answer.message ?? `unexpected: ${answer.__typename}`);
  return answer;
}

function say(line) {
  process.stdout.write(`${line}\n`);
}

/** @param isSecret whether what is typed stays off the screen */
async function question(text, isSecret = false) {
  process.stdout.write(text);
  isHidden = isSecret;
  const { value = '' } = await lines.next();
  if (isSecret && process.stdin.isTTY) process.stdout.write('\n');
  return value.trim();
}

const [name, ...args] = process.argv.slice(2);
const command = commands[name];
if (!command) {
  say(`node phone.js ${Object.keys(commands).join(' | ')}`);
  process.exit(2);
}
try {
  await command(...args);
  process.exit(0);
} catch (error) {
  // graphql-ws tells of a socket that was closed by its code.
  const isOver = error.code === 4401 || error.code === 'UNAUTHENTICATED';
  process.stderr.write(`${isOver ? 'The session is over: sign in again.' : error.message}\n`);
  process.exit(1);
}
