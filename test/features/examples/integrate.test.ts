import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { projectRoot } from '../../../src/config/project.js';
import { Backend } from '../../support/backend.js';
import { readText } from '../../support/examples.js';
import { Handset, newOwner, PASSWORD } from '../../support/handset.js';
import { Servers } from '../../support/servers.js';
import { freePort } from '../../support/store.js';
import { commandsIn, programsIn, Terminal } from '../../support/terminal.js';
import { until } from '../../support/waiting.js';

// docs/integrate.md, step by step: its programs and its commands, with the addresses of the test in place of those that it names.

const document = 'docs/integrate.md';
const [commands, programs] = [commandsIn(document), programsIn(document)];
/** What starts Doorstep and installs packages; the rest is run here. */
const unused = new Set([...commands.keys()].filter((name) => !['start', 'pack'].includes(name)));

let servers: Servers;
let folder: string;
let addresses: Map<string, string>;
beforeAll(async () => {
  const ports = [await freePort(), await freePort(), await freePort()];
  servers = await Servers.start({ env: { RETURN_ORIGINS: `http://127.0.0.1:${ports[0]}` } });
  addresses = new Map([
    ['http://localhost:4000', servers.client().url],
    ...ports.map((port, nth) => [`:300${nth}`, `:${port}`] as const),
    ...ports.map((port, nth) => [`listen(300${nth}`, `listen(${port}`] as const),
    ['../doorstep/examples/phone/phone.json', 'phone.json'],
    ['cd examples/phone', `cd ${path.join(projectRoot, 'examples/phone')}`],
    ['node phone.js', `node ${path.join(projectRoot, 'examples/phone/phone.js')}`],
  ]);
  folder = mkdtempSync(path.join(tmpdir(), 'doorstep-shop-'));
  mkdirSync(path.join(folder, 'node_modules', '@doorstep'), { recursive: true });
  for (const name of ['express', '@doorstep/server']) {
    symlinkSync(path.join(projectRoot, 'node_modules', name), path.join(folder, 'node_modules', name), 'junction');
  }
  const shop = await Backend.add(servers, { ownAccounts: true });
  write('doorstep-key', `${shop.key}\n`);
  write('package.json', '{ "type": "module" }');
  for (const [name, text] of programs) write(name, here(text));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await servers[Symbol.asyncDispose]();
});

function write(name: string, text: string): void {
  writeFileSync(path.join(folder, name), text);
}

function here(text: string): string {
  return [...addresses].reduce((replaced, [from, to]) => replaced.replaceAll(from, to), text);
}

function run(name: string): Terminal {
  unused.delete(name);
  const env = { DOORSTEP_URL: servers.client().url, PHONE_FILE: path.join(folder, 'phone.json') };
  return Terminal.run(here(commands.get(name) ?? 'false'), folder, env);
}

/** The first cookie that an answer sets, as the next request brings it. */
function cookieOf(response: Response, name: string): string {
  const found = response.headers.getSetCookie().find((cookie) => cookie.startsWith(`${name}=`));
  return found?.split(';')[0] ?? '';
}

const visit = (url: string, cookie = '') => fetch(url, { headers: { cookie }, redirect: 'manual' });

test('another host', async () => {
  const shopUrl = here('http://127.0.0.1:3000');
  await using terminal = run('shop');
  await terminal.says(`The shop is at ${shopUrl}`);
  expect(await (await visit(shopUrl)).text()).toContain('Sign in');
  const away = await visit(`${shopUrl}/sign-in`);
  const { searchParams } = new URL(away.headers.get('location') ?? '');
  const phone = await servers.signedUp();
  const back = await phone.ask<{ url: string }>(
    `mutation ($returnTo: String!, $state: String!) { result: returnToProduct(returnTo: $returnTo, state: $state) { url } }`,
    { returnTo: searchParams.get('return_to'), state: searchParams.get('state') },
  );
  expect((await visit(back.url)).status).toBe(400);
  const arrived = await visit(back.url, cookieOf(away, 'state'));
  expect(arrived.headers.get('location')).toBe('/');
  const own = cookieOf(arrived, 'own');
  expect(await (await visit(shopUrl, own)).text()).toBe('You are signed in on Phone.');
  await phone.signOut();
  await until(async () => (await (await visit(shopUrl, own)).text()).includes('Sign in'), 'the end');
});

test('the same host', async () => {
  const url = here('http://localhost:3001');
  await using terminal = run('sameHost');
  await terminal.says(url);
  const phone = await servers.signedUp();
  expect(await (await visit(url)).text()).toBe('Nobody is signed in.\n');
  const cookie = `doorstep-session=${phone.sessionToken}`;
  expect(await (await visit(url, cookie)).text()).toBe(`You are ${phone.owner.email} on Phone.\n`);
});

test('a native app, and no sockets', async () => {
  const owner = newOwner();
  addresses.set('grace@example.com', owner.email);
  await using phone = run('phone');
  await phone.says('Password: ');
  phone.type(PASSWORD);
  await phone.says('digits sent to');
  phone.type(await servers.mailbox.code(owner.email));
  await phone.end();
  await using service = run('native');
  await service.says(here('http://localhost:3002'));
  expect(await run('askNative').end()).toBe(`200 You are ${owner.email}.\n`);

  const page = JSON.parse(await run('page').end());
  expect(page.data.events.events).toContainEqual(expect.objectContaining({ type: 'SESSION_STARTED' }));
  const laptop = new Handset(servers.client(), servers.mailbox, owner, 'Laptop');
  await laptop.signIn();
  expect(JSON.parse(await run('introspect').end())).toMatchObject({ active: true, sub: (await laptop.viewer())?.id });
  expect([...unused]).toEqual([]);
});

test.each([
  document,
  'docs/native-push.md',
  'docs/testing.md',
  'docs/your-users.md',
  'packages/server/README.md',
  'examples/README.md',
  ...['express', 'phone', 'python-introspect', 'your-own-login'].map((name) => `examples/${name}/README.md`),
])('the links of %s lead to files', (file) => {
  const prose = readText(file).replace(/^```.*?^```$/gms, '');
  const targets = [...prose.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target = '']) => target);
  const missing = targets.filter((target) => !existsSync(path.join(projectRoot, path.dirname(file), target)));
  expect(missing).toEqual([]);
});
