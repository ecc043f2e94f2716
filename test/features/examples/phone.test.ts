import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Backend } from '../../support/backend.js';
import { Handset, newOwner, PASSWORD } from '../../support/handset.js';
import { asA } from '../../support/outcomes.js';
import { devicesSeenBy, removeDevice } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';
import { freePort } from '../../support/store.js';
import { commandsIn, Terminal } from '../../support/terminal.js';
import { until } from '../../support/waiting.js';

// examples/phone, word for word as its README has it; the addresses of the example are those of the test.

const folder = 'examples/phone';
const commands = commandsIn(`${folder}/README.md`);
const unused = new Set(commands.keys());

let servers: Servers;
let keychain: string;
let env: Record<string, string>;
beforeAll(async () => {
  servers = await Servers.start();
  const shop = await Backend.add(servers, { ownAccounts: true });
  keychain = mkdtempSync(path.join(tmpdir(), 'doorstep-phone-'));
  env = {
    DOORSTEP_URL: servers.client().url,
    DOORSTEP_KEY: shop.key,
    PHONE_FILE: path.join(keychain, 'phone.json'),
    PORT: String(await freePort()),
  };
});
afterAll(async () => {
  rmSync(keychain, { recursive: true, force: true });
  await servers[Symbol.asyncDispose]();
});

const owner = newOwner();

function run(name: string): Terminal {
  unused.delete(name);
  const command = (commands.get(name) ?? 'false')
    .replace('ada@example.com', owner.email)
    .replace('127.0.0.1:5000', `127.0.0.1:${env.PORT}`);
  return Terminal.run(command, folder, env);
}

test('does what it says', async () => {
  await run('build').end();
  await signUp();
  await turnOnTwoStep();
  const laptop = new Handset(servers.client(), servers.mailbox, owner, 'Laptop');
  await using codes = run('codes');
  await signInWith(codes, laptop);
  await using backend = run('backend');
  await backend.says('A service at');
  expect(await run('ask').end()).toBe(`200 Hello ${owner.email} on 'Example phone'\n`);
  await run('signOut').end();
  await codes.end(1);
  expect(await run('ask').end()).toMatch(/^401 /);
  await signIn();
  expect(await run('ask').end()).toMatch(/^200 /);
  await using again = run('codes');
  await again.says('Listening');
  await removeFrom(laptop);
  expect(await again.end(1)).toContain('The session is over');
  await until(async () => (await run('ask').end()).startsWith('401 '), '401');
  expect([...unused]).toEqual([]);
}, 120_000);

async function signUp(): Promise<void> {
  const terminal = run('signUp');
  await terminal.says('Password: ');
  terminal.type(PASSWORD);
  await terminal.says('digits sent to');
  terminal.type(await servers.mailbox.code(owner.email));
  expect(await terminal.end()).toContain('Signed in.');
  expect(statSync(env.PHONE_FILE ?? '').mode & 0o777).toBe(0o600);
}

async function turnOnTwoStep(): Promise<void> {
  const terminal = run('twoStep');
  await terminal.says('Code sent to');
  terminal.type(await servers.mailbox.code(owner.email));
  expect(await terminal.end()).toContain('this phone is trusted');
}

async function signInWith(codes: Terminal, laptop: Handset): Promise<void> {
  await codes.says('Listening');
  const challenge = await laptop.challenged();
  const shown = await codes.says(/Laptop \(.*\) wants to sign in\. Its code: \d{6}\n/);
  asA('SignedIn', await laptop.verify(challenge, /code: (\d{6})/.exec(shown)?.[1] ?? ''));
  await codes.says('Laptop: VERIFIED');
}

async function signIn(): Promise<void> {
  const terminal = run('signIn');
  await terminal.says('Password: ');
  terminal.type(PASSWORD);
  expect(await terminal.end()).toBe('Password: Signed in.\n');
}

async function removeFrom(laptop: Handset): Promise<void> {
  const phone = (await devicesSeenBy(laptop)).find(({ name }) => name === 'Example phone');
  await removeDevice(laptop, phone?.id ?? '');
}
