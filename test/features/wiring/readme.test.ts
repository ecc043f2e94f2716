import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildSchema, Kind, parse } from 'graphql';
import { loadConfig } from '../../../src/config/config.js';
import { limitTable } from '../../../src/config/limits.js';
import { projectRoot } from '../../../src/config/project.js';
import { signingKeys } from '../../support/access-tokens.js';
import { Backend, sessionOf } from '../../support/backend.js';
import { isShownAs, type Json, readExamples, readText, withSecrets } from '../../support/examples.js';
import { wrongCode } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';
import { endProcess } from '../../support/store.js';
import { deleteSubject, putSubject, subjectOf, vetoCode } from '../../support/subjects.js';
import type { Subscription } from '../../support/subscription.js';
import { ask, payment } from '../../support/verifications.js';
import { within } from '../../support/waiting.js';

/** What the story reads of an answer, to send it with the next request. */
type Texts = Readonly<Record<string, string>>;

describe('the examples', () => {
  const examples = readExamples(['README.md', 'docs/api.md']);
  const unused = new Set(examples.keys());
  let servers: Servers;

  beforeAll(async () => {
    servers = await Servers.start({
      env: { SIGNING_KEYS: signingKeys, VAPID_KEYS: signingKeys, RETURN_ORIGINS: 'https://shop.example' },
    });
    await Backend.add(servers, { ownAccounts: true, audiences: ['orders'] });
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  function example(name: string) {
    const found = examples.get(name);
    if (!found) throw new Error(`the documents have no example '${name}'`);
    unused.delete(name);
    return found;
  }

  /** Sends the request of an example; the answer must be the one that is shown. */
  async function run<T = Texts>(name: string, token: string | null, secrets: Texts = {}): Promise<T> {
    const { document, variables, answer } = example(name);
    const data = await servers
      .client()
      .data<Record<string, Json>>(document, withSecrets(variables, secrets), { token });
    if (!isShownAs(answer, data)) expect({ [name]: data }).toEqual({ [name]: answer });
    return Object.values(data)[0] as T;
  }

  function listen(name: string, token: string | null, secrets: Texts = {}): Subscription<Texts> {
    const { document, variables } = example(name);
    return servers.client().subscribe(document, withSecrets(variables, secrets), { token });
  }

  /** Waits for the event that an example shows. */
  function shownEvent(name: string, events: Subscription<Texts>): Promise<Texts> {
    const [shown] = Object.values(example(name).answer);
    return events.nextThat((event) => isShownAs(shown, event));
  }

  const mailedCode = () => servers.mailbox.code('ada@example.com');

  // One story: each example goes on from where those before it stopped.
  test('are answered by what is shown under them', async () => {
    await run('settings', null);
    const phone = await openAccount();
    await using prompts = listen('loginRequests', phone);
    const laptop = await signInOnLaptop(prompts);
    await denyTablet(phone, prompts);
    await run('signInTrusted', null, { deviceToken: laptop.deviceToken ?? '' });
    await confirmActions(phone, laptop.sessionToken ?? '');
    const before = await readActivity(phone);
    await lookAfterDevices(phone);
    await using activity = listen('liveActivity', phone, { after: before });
    await shownEvent('liveActivity', activity);
    await run('accessToken', phone);
    await changePasswords(phone);
    await goElsewhere();
    await whatAProductAsks();
    expect([...unused]).toEqual([]);
  });

  /** @returns the phone's session token */
  async function openAccount(): Promise<string> {
    const signUp = await run('signUp', null);
    const { sessionToken = '' } = await run('verifySignUp', null, { ...signUp, code: await mailedCode() });
    const setUp = await run('startTwoStepSetup', sessionToken);
    await run('enableTwoStep', sessionToken, { ...setUp, code: await mailedCode() });
    return sessionToken;
  }

  /** @returns the laptop's tokens */
  async function signInOnLaptop(prompts: Subscription<Texts>): Promise<Texts> {
    const challenge = await run('signIn', null);
    const { code = '' } = await shownEvent('loginRequests', prompts);
    await using changes = listen('watchChallenge', null, challenge);
    await shownEvent('watchChallenge', changes);
    return run('verifySignIn', null, { ...challenge, code });
  }

  async function denyTablet(phone: string, prompts: Subscription<Texts>): Promise<void> {
    const { token = '' } = await signInWith({ name: "Ada's tablet" });
    const { id = '', code = '' } = await prompts.nextThat(({ deviceName }) => deviceName === "Ada's tablet");
    await run('acknowledge', phone, { id });
    await run('challenge', null, { token });
    await run('sendCode', null, { token });
    await run('sendCodeTooSoon', null, { token });
    expect(await mailedCode()).toBe(code);
    await run('wrongCode', null, { token, code: wrongCode(code) });
    await run('deny', phone, { id });
    await run('deniedCode', null, { token, code });
    await run('supportReport', null, { challengeToken: token });
    await run('cancelChallenge', null, await signInWith({ name: "Ada's watch" }));
  }

  /** What a product asks the laptop's session to confirm: once with the code that the phone shows, once refused there. */
  async function confirmActions(phone: string, laptop: string): Promise<void> {
    const shop = await Backend.add(servers, { ownAccounts: true, name: 'shop' });
    await using confirmations = listen('confirmations', phone);
    const first = await run('beginVerification', laptop, { token: await startConfirm(shop, laptop) });
    const { id = '', code = '' } = await shownEvent('confirmations', confirmations);
    await run('acknowledgeConfirmation', phone, { id });
    await run('confirmAction', laptop, { token: first.token ?? '', code });
    await run('beginVerification', laptop, { token: await startConfirm(shop, laptop) });
    const next = await confirmations.nextThat((shown) => shown.state === 'PENDING' && shown.id !== id);
    await run('denyConfirmation', phone, { id: next.id ?? '' });
  }

  async function startConfirm(shop: Backend, sessionToken: string): Promise<string> {
    const { id: sessionId, accountId } = await sessionOf(servers, { sessionToken });
    const outcome = await ask(shop, { accountId, purpose: 'CONFIRM', action: payment, sessionId });
    return outcome.__typename === 'VerificationStarted' ? outcome.challengeToken : '';
  }

  /** @returns a cursor */
  async function readActivity(phone: string): Promise<string> {
    const { loginActivity } = await run<{ loginActivity: { pageInfo: { endCursor: string } } }>('activity', phone);
    await run('activityByDay', phone);
    return loginActivity.pageInfo.endCursor;
  }

  async function lookAfterDevices(phone: string): Promise<void> {
    const { devices } = await run<{ devices: Texts[] }>('devices', phone);
    const { id = '' } = devices.find(({ name }) => name === "Ada's laptop") ?? {};
    await run('rename', phone, { id });
    await run('updateDevice', phone);
    await run('registerPush', phone);
    await run('testPush', phone);
    await run('unregisterPush', phone);
    await run('setReceivesCodes', phone, { deviceId: id });
    const { sessions } = await run<{ sessions: Texts[] }>('sessions', phone);
    await run('endSession', phone, { id: sessions[0]?.id ?? '' });
    await run('removeDevice', phone, { id });
  }

  async function changePasswords(phone: string): Promise<void> {
    const { sessionToken = '' } = await run('changePassword', phone);
    await run('disableTwoStep', sessionToken);
    await signInWith({ password: 'velvet-harbor-31-comet' });
    await run('signOutOthers', sessionToken);

    const { token = '' } = await run('requestReset', null);
    await run('weakPassword', null, { token, password: 'too short' });
    await run('resetPassword', null, { token, code: await mailedCode() });
    const again = await signInWith({ password: 'amber-glacier-58-tiger' });
    await run('signOut', again.sessionToken ?? '');
  }

  async function goElsewhere(): Promise<void> {
    const { sessionToken = '' } = await signInWith({ password: 'amber-glacier-58-tiger' });
    await run('returnAddress', null);
    await run('returnToProduct', sessionToken);
    const { url = '' } = await run('openPages', sessionToken);
    const code = new URL(url).hash.slice(1);
    await run('handOver', null, { code });
    await run('redeemHandOver', null, { code });
    await run('usedHandOver', null, { code });
  }

  async function whatAProductAsks(): Promise<void> {
    const backend = await Backend.add(servers);
    const email = 'grace@example.com';
    const externalId = 'user-1';
    const { phone } = await subjectOf(servers, backend, { email, externalId });
    const { sessionToken } = phone;
    await putSubject(backend, { externalId, email: 'grace.new@example.com' });
    const { heldChanges } = await run<{ heldChanges: Texts[] }>('heldChanges', sessionToken);
    const { token = '' } = await run('startAddressProof', sessionToken);
    const code = await servers.mailbox.code('grace.new@example.com');
    await run('proveAddress', sessionToken, { token, code });
    await run('vetoChange', sessionToken, { id: heldChanges[0]?.id ?? '' });
    await vetoCode(servers, email);
    await deleteSubject(backend, externalId);
    await run('vetoChangeByMail', null, { code: await vetoCode(servers, email) });
  }

  /** The request of the first sign-in, with other values. */
  async function signInWith(values: Texts): Promise<Texts> {
    const { document, variables } = example('signIn');
    const { signIn } = await servers.client().data<{ signIn: Texts }>(document, withSecrets(variables, values));
    return signIn;
  }

  test('cover every field that a request can begin with', () => {
    const schema = buildSchema(readText('schema.graphql'));
    const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
    const promised = roots.flatMap((root) =>
      Object.keys(root?.getFields() ?? {}).map((name) => `${root?.name}.${name}`),
    );
    const shown = [...examples.values()].flatMap(({ document }) => rootFields(document));
    expect([...new Set(shown)].sort()).toEqual(promised.sort());
  });

  test('include a WebSocket that brings a live code, and says why it ends', async () => {
    const phone = await servers.trusted();
    const program = /^```js example=webSocket\n(.*?)^```$/ms.exec(readText('README.md'))?.[1] ?? '';
    const here = program.replace('ws://localhost:4000/graphql', servers.client().socketUrl);
    const child = spawn(process.execPath, ['--input-type=module', '--eval', here], {
      cwd: projectRoot,
      env: { ...process.env, SESSION_TOKEN: phone.sessionToken ?? '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    try {
      await phone.another('Laptop').challenged();
      const [printed] = await within(once(child.stdout, 'data'), 'what the program prints');
      expect(String(printed)).toMatch(/state: 'PENDING', code: '\d{6}', deviceName: 'Laptop'/);
      await phone.signOut();
      const [ended] = await within(once(child.stderr, 'data'), 'what it prints at its end');
      expect(String(ended)).toMatch(/^closed for good: 4401 \S/);
    } finally {
      await endProcess(child, 'SIGKILL');
    }
  });
});

describe('the README', () => {
  const readme = readText('README.md');

  /** The rows of a section's tables that begin with a name: its cells, without the quotes around a whole one. */
  function rowsOf(heading: string): string[][] {
    const [, section = ''] = readme.split(`\n## ${heading}\n`);
    const [text = ''] = section.split('\n## ');
    return [...text.matchAll(/^\| (`[A-Z][A-Z0-9_]+` \| .*) \|$/gm)].map(([, row = '']) =>
      row.split(' | ').map((cell) => /^`([^`]*)`$/.exec(cell)?.[1] ?? cell),
    );
  }

  const settings = rowsOf('Settings').filter(({ length }) => length === 3);
  const limits = rowsOf('Settings').filter(({ length }) => length === 4);

  test('names every setting that is read, and no other', () => {
    const read = new Set<string>();
    loadConfig(new Proxy({}, { get: (_env, name) => void read.add(String(name)) }));
    const named = [...settings, ...limits].map(([name]) => name);
    expect(named.sort()).toEqual([...read].sort());
  });

  test('tells the default of every setting', () => {
    const { mailFrom, publicUrl, port, ...config } = loadConfig({});
    const production = loadConfig({ ...neededInProduction, NODE_ENV: 'production' });
    const flag = (name: 'playground' | 'introspection') =>
      `\`${onOff(config[name])}\`, in production \`${onOff(production[name])}\``;
    const presets: Record<string, string> = {
      NODE_ENV: config.production ? 'production' : 'development',
      PORT: String(port),
      HOST: config.host,
      REDIS_PREFIX: config.redisPrefix,
      DATA_DIR: config.dataDir,
      DATABASE_PREPARE: onOff(config.databasePrepare),
      MAIL_FROM: `${mailFrom.name} <${mailFrom.address}>`,
      PUBLIC_URL: publicUrl.origin.replace(String(port), '$PORT'),
      BASE_PATH: publicUrl.pathname,
      PLAYGROUND: flag('playground'),
      INTROSPECTION: flag('introspection'),
    };
    expect(settings.map(([name, preset]) => [name, preset])).toEqual(
      settings.map(([name = '']) => [name, presets[name] ?? NOT_SET]),
    );
  });

  test('tells default, range and meaning of every limit', () => {
    const table = Object.entries(limitTable).map(([name, { default: preset, min, max, meaning }]) => {
      return [name, name === 'HASHES_AT_ONCE' ? 'cores' : String(preset), `${min} to ${max}`, meaning];
    });
    expect(limits).toEqual(table);
  });

  test('names every error code, and no other', () => {
    const [, type = ''] = /export type ErrorCode =(.*?);/s.exec(readText('src/api/errors.ts')) ?? [];
    const codes = [...type.matchAll(/'(\w+)'/g)].map(([, code]) => code);
    expect(rowsOf('Errors').map(([code]) => code)).toEqual(codes);
  });
});

test.each(['README.md', 'docs/api.md', 'docs/backend.md', 'docs/return.md', 'docs/security.md', 'SECURITY.md'])(
  'the links of %s lead to files',
  (file) => {
    const targets = [...readText(file).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target = '']) => target);
    const missing = targets.filter((target) => !existsSync(path.join(projectRoot, path.dirname(file), target)));
    expect(missing).toEqual([]);
  },
);

test('each test that docs/security.md names exists', () => {
  const cited = [
    ...readText('docs/security.md').matchAll(/\(\.\.\/(test\/[\w/-]+\.test\.ts)\): ((?:“[^”]+”(?:, )?)+)/g),
  ];
  const names = cited.flatMap(([, file = '', list = '']) =>
    [...list.matchAll(/“([^”]+)”/g)].map(([, name = '']) => ({ file, name })),
  );
  expect(names).not.toEqual([]);
  expect(names.filter(({ file, name }) => !readText(file).includes(name))).toEqual([]);
});

const NOT_SET = '–';

const neededInProduction = {
  DATABASE_URL: 'postgres://doorstep@localhost/doorstep',
  SMTP_URL: 'smtp://localhost',
  CODE_KEYS: `test:${randomBytes(32).toString('base64')}`,
  MAIL_FROM: 'no-reply@doorstep.example',
  PUBLIC_URL: 'https://doorstep.example',
};

function onOff(flag: boolean): string {
  return flag ? 'on' : 'off';
}

/** The fields that a document begins with, such as `Mutation.signIn`. */
function rootFields(document: string): string[] {
  return parse(document).definitions.flatMap((definition) => {
    if (definition.kind !== Kind.OPERATION_DEFINITION) return [];
    const root = { query: 'Query', mutation: 'Mutation', subscription: 'Subscription' }[definition.operation];
    return definition.selectionSet.selections.flatMap((field) =>
      field.kind === Kind.FIELD ? [`${root}.${field.name.value}`] : [],
    );
  });
}
