import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { projectRoot } from '../../../src/config/project.js';
import { Servers } from '../../support/servers.js';
import { endProcess, freePort } from '../../support/store.js';
import { within } from '../../support/waiting.js';

// API clients and their keys, as operators make and end them.

// Real processes start here, one after the other.
jest.setTimeout(120_000);

const source = path.join(import.meta.dirname, '../../../src');
const START_MS = 60_000;
const NOBODY = '{"query":"{ session(id: \\"00000000-0000-0000-0000-000000000000\\") { id } }"}';

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Made {
  readonly id: string;
  readonly name: string;
  readonly key: string;
  readonly webhookSecret: string | null;
}

function run(file: string, args: readonly string[], env: Record<string, string>): Promise<Run> {
  return new Promise((resolve) =>
    execFile(file, [...args], { env, cwd: projectRoot, timeout: START_MS }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    ),
  );
}

const admin = (env: Record<string, string>, ...args: string[]) =>
  run(process.execPath, [path.join(source, 'admin.js'), ...args], env);

const statusOf = async (url: string, key: string) => {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
  const { status } = await fetch(`${url}/backend/graphql`, { method: 'POST', headers, body: NOBODY });
  return status;
};

describe('client', () => {
  const secret = randomBytes(32);
  let servers: Servers;
  let env: Record<string, string>;
  beforeAll(async () => {
    const CODE_KEYS = `here:${secret.toString('base64')}`;
    servers = await Servers.start({ worker: false, env: { CODE_KEYS } });
    env = { NODE_ENV: 'production', DATABASE_URL: servers.database.url, CODE_KEYS };
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  const made = async (...args: string[]): Promise<Made> => {
    const { code, stdout, stderr } = await admin(env, 'client', ...args, '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return JSON.parse(stdout) as Made;
  };
  const listed = async (name: string) => {
    const { clients } = JSON.parse((await admin(env, 'client', 'list', '--json')).stdout) as {
      clients: { name: string; keys: { id: string }[] }[];
    };
    return clients.find((client) => client.name === name);
  };
  const lastAct = async () => JSON.parse((await admin(env, 'audit', '--limit', '1', '--json')).stdout).acts[0];

  test('add prints one JSON object with a key that works, through npm too, and stores its hash alone', async () => {
    const args = ['client', 'add', 'shop', '--scopes', 'check,verify,people,events', '--own-accounts'];
    const more = ['--audience', 'api', '--webhook', 'https://shop.example/hook?token=hidden', '--json'];
    const withPath = { ...env, PATH: process.env.PATH ?? '', HOME: tmpdir() };
    const { code, stdout } = await run('npm', ['run', '--silent', 'admin', '--', ...args, ...more], withPath);
    expect(code).toBe(0);
    const shop = JSON.parse(stdout) as Made;
    expect(shop).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: 'shop',
      key: expect.stringMatching(/^key_[\w-]{43}$/),
      webhookSecret: `whsec_${createHmac('sha256', secret).update('webhook').update(shop.id).digest('base64')}`,
    });
    expect(await statusOf(servers.client().url, shop.key)).toBe(200);
    const dump = await servers.database.dump();
    expect(dump).not.toContain(shop.key.slice(4));
    expect(dump).not.toContain(shop.webhookSecret?.slice(6));
    expect(await listed('shop')).toMatchObject({
      ...{ id: shop.id, scopes: ['check', 'verify', 'people', 'events'], ownAccounts: true, audiences: ['api'] },
      webhooks: ['https://shop.example/hook?token=hidden'],
      keys: [{ id: expect.any(String), createdAt: expect.any(String) }],
    });
    expect(await lastAct()).toMatchObject({
      act: 'client add',
      subject: 'shop: scopes check,verify,people,events, own accounts, audience api, webhook https://shop.example',
    });
    expect((await admin(env, 'client', 'list')).stdout).toMatch(
      /^NAME +ID +SCOPES +OWN ACCOUNTS +KEY +MADE\nshop +[0-9a-f-]+ +check,verify,people,events +yes +[0-9a-f-]+ +20/,
    );
  });

  test('rotate gives a client KEYS_PER_CLIENT keys that work, and end takes away the older one', async () => {
    const first = await made('add', 'turning', '--scopes', 'check');
    const second = await made('rotate', 'turning');
    expect(second).toMatchObject({ id: first.id, name: 'turning', webhookSecret: first.webhookSecret });
    const { url } = servers.client();
    expect([await statusOf(url, first.key), await statusOf(url, second.key)]).toEqual([200, 200]);
    expect(await admin(env, 'client', 'rotate', 'turning')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/has 2 keys/),
    });
    const { stdout } = await admin(env, 'client', 'end', 'turning', '--older', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ name: 'turning', isEnded: false, endedKeys: [expect.any(String)] });
    expect([await statusOf(url, first.key), await statusOf(url, second.key)]).toEqual([401, 200]);
    expect((await admin(env, 'client', 'end', 'turning', '--older')).code).toBe(1);
    expect(await lastAct()).toMatchObject({ act: 'client end', subject: 'turning older keys' });
  });

  test('end takes away one key, or the client with all of them, and its name is free again', async () => {
    const first = await made('add', 'ending', '--scopes', 'check');
    const stolen = await made('rotate', 'ending');
    const { url } = servers.client();
    const [newest] = (await listed('ending'))?.keys ?? [];
    expect((await admin(env, 'client', 'end', 'ending', '--key', newest?.id ?? '')).code).toBe(0);
    expect([await statusOf(url, first.key), await statusOf(url, stolen.key)]).toEqual([200, 401]);
    expect((await admin(env, 'client', 'end', 'ending', '--key', newest?.id ?? '')).code).toBe(1);
    expect((await admin(env, 'client', 'end', 'ending', '--key', 'x', '--older')).code).toBe(1);
    expect((await admin(env, 'client', 'end', 'ending')).stdout).toBe("'ending' is ended, with its keys.\n");
    expect(await statusOf(url, first.key)).toBe(401);
    expect((await admin(env, 'client', 'end', 'ending')).code).toBe(1);
    const again = await made('add', 'ending', '--scopes', 'check');
    expect(again.id).not.toBe(first.id);
  });

  test('of four that rotate at once, as many have a key as may', async () => {
    await made('add', 'racing', '--scopes', 'check');
    const runs = await Promise.all(Array.from({ length: 4 }, () => admin(env, 'client', 'rotate', 'racing')));
    expect(runs.filter(({ code }) => code === 0)).toHaveLength(1);
    expect((await listed('racing'))?.keys).toHaveLength(2);
  });

  test.each([
    ['AUDIENCES', '--audience', (nth: number) => `service-${nth}`],
    ['WEBHOOKS_PER_CLIENT', '--webhook', (nth: number) => `https://shop.example/${nth}`],
  ])('add takes %s, and not one more', async (limit, option, value) => {
    const few = { ...env, [limit]: '2' };
    const of = (count: number) => Array.from({ length: count }, (_, nth) => [option, value(nth)]).flat();
    const name = limit.toLowerCase();
    const refused = await admin(few, 'client', 'add', name, '--scopes', 'check', ...of(3));
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(limit) });
    expect((await admin(few, 'client', 'add', name, '--scopes', 'check', ...of(2), ...of(2))).code).toBe(0);
  });

  test.each([
    [['add', 'shop-without-scopes'], /required option '--scopes/],
    [['add', 'bad name', '--scopes', 'check'], /must match/],
    [['add', '', '--scopes', 'check'], /must match/],
    [['add', 'x', '--scopes', ''], /There are check, verify, people, events/],
    [['add', 'x', '--scopes', 'check,all'], /no 'all'/],
    [['add', 'x', '--scopes', 'check', '--audience', 'with blank'], /must match/],
    [['add', 'x', '--scopes', 'check', '--webhook', 'ftp://shop.example'], /An address such as/],
    [['add', 'x', '--scopes', 'check', '--webhook', 'https://user:pass@shop.example'], /An address such as/],
    [['add', 'x', '--scopes', 'check', '--webhook', 'http://shop.example/'], /is not https at port 443.*WEBHOOK_ALLOW/],
    [['add', 'x', '--scopes', 'check', '--webhook', 'https://shop.example:8443/'], /is not https at port 443/],
    [['add', 'x', '--scopes', 'check', '--webhook', 'https://169.254.169.254/'], /is not public.*WEBHOOK_ALLOW/],
    [['add', 'x', '--scopes', 'check', '--webhook', 'https://localhost/'], /is not public/],
    [['add', 'x', '--scopes', 'check', '--sender', 'nobody'], /must be one mailbox/],
    [['add', 'x', '--scopes', 'check', '--product-name', ' '], /1 to 64 characters/],
    [['add', 'x', '--scopes', 'check', '--link', 'nonsense'], /An address such as/],
    [['rotate', 'nobody'], /There is no client 'nobody'/],
    [['end', 'nobody'], /There is no client 'nobody'/],
    [['nonsense'], /unknown command/],
  ])('%j is refused, and nothing is made', async (args, said) => {
    const before = await servers.database.count('api_client');
    const { code, stdout, stderr } = await admin(env, 'client', ...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(said);
    expect(await servers.database.count('api_client')).toBe(before);
  });

  test('an origin where people come back is that of one live client', async () => {
    await made('add', 'front', '--scopes', 'check', '--return-origin', 'HTTPS://Front.example:443');
    const { clients } = JSON.parse((await admin(env, 'client', 'list', '--json')).stdout);
    expect(clients).toContainEqual(
      expect.objectContaining({ name: 'front', returnOrigins: ['https://front.example'] }),
    );
    expect(
      await admin(env, 'client', 'add', 'back', '--scopes', 'check', '--return-origin', 'https://front.example'),
    ).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^The return origin 'https:\/\/front.example' is that of the client 'front' already/,
      ),
    });
    const path = ['--return-origin', 'https://front.example/path'];
    expect(await admin(env, 'client', 'add', 'back', '--scopes', 'check', ...path)).toMatchObject({
      stderr: expect.stringMatching(/must be an origin alone/),
    });
  });

  test('an audience is that of one live client, also where two are added at once', async () => {
    await made('add', 'first', '--scopes', 'check', '--audience', 'orders');
    const other = ['--scopes', 'check', '--audience', 'billing', '--audience', 'orders'];
    expect(await admin(env, 'client', 'add', 'second', ...other)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^The audience 'orders' is that of the client 'first' already/),
    });
    await admin(env, 'client', 'end', 'first');
    const runs = await Promise.all(['third', 'fourth'].map((name) => admin(env, 'client', 'add', name, ...other)));
    expect(runs.map(({ code }) => code).sort()).toEqual([0, 1]);
  });

  test('two clients of one name are refused', async () => {
    await made('add', 'twice', '--scopes', 'check');
    expect(await admin(env, 'client', 'add', 'twice', '--scopes', 'check')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/There is a client 'twice' already/),
    });
  });

  test.each([
    ['without CODE_KEYS', {}],
    ['with keys that no server has', { CODE_KEYS: `else:${randomBytes(32).toString('base64')}` }],
    ['with another key of the same name', { CODE_KEYS: `here:${randomBytes(32).toString('base64')}` }],
  ])('%s a client has no webhooks, whose secret would be wrong', async (how, keys) => {
    const { CODE_KEYS: _, ...without } = env;
    const other = { ...without, ...keys, DATA_DIR: path.join(tmpdir(), 'nothing-there') };
    const name = `keyless-${how.length}`;
    const refused = await admin(other, 'client', 'add', name, '--scopes', 'check', '--webhook', 'https://shop.example');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/^CODE_KEYS of the servers is wanted/) });
    const { stdout } = await admin(other, 'client', 'add', name, '--scopes', 'check', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ name, webhookSecret: null });
    // Where they are given later it is derived from these.
    expect(await made('rotate', name)).toMatchObject({ webhookSecret: expect.stringMatching(/^whsec_/) });
  });

  test('--help tells what may be said', async () => {
    const { code, stdout } = await admin({}, 'client', 'add', '--help');
    expect(code).toBe(0);
    for (const option of [
      '--scopes',
      '--own-accounts',
      '--audience',
      '--webhook',
      '--product-name',
      '--sender',
      '--link',
    ]) {
      expect(stdout).toContain(option);
    }
  });
});

describe('npm start', () => {
  let dataDir: string;
  let started: ChildProcess | null = null;
  beforeEach(() => {
    dataDir = mkdtempSync(path.join(tmpdir(), 'doorstep-clients-'));
    // As root, PostgreSQL is run as another user, who has to get in.
    chmodSync(dataDir, 0o755);
  });
  afterEach(async () => {
    if (started) await endProcess(started, 'SIGTERM');
    rmSync(dataDir, { recursive: true, force: true });
  });

  const keySetOf = async (url: string) =>
    ((await (await fetch(`${url}/.well-known/jwks.json`)).json()) as { keys: readonly object[] }).keys;

  /** @returns what it said until it was ready, and where it listens */
  async function start(): Promise<{ said: string; url: string }> {
    const port = String(await freePort());
    const child = spawn(process.execPath, [path.join(source, 'start.js')], {
      env: { DATA_DIR: dataDir, PATH: process.env.PATH ?? '', PORT: port },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    started = child;
    const lines: string[] = [];
    const ready = new Promise<void>((resolve) =>
      createInterface(child.stdout).on('line', (line) => {
        lines.push(line);
        if (line.includes('Ctrl-C')) resolve();
      }),
    );
    await within(ready, 'the start', START_MS);
    return { said: lines.join('\n'), url: `http://127.0.0.1:${port}` };
  }

  test('makes a client for development, keeps its key to its owner, and says where; an ended one gives way', async () => {
    const file = path.join(dataDir, 'client-key');
    const env = { DATA_DIR: dataDir, PATH: process.env.PATH ?? '', WEBHOOK_ALLOW: '127.0.0.1' };
    const first = await start();
    const key = readFileSync(file, 'utf8').trim();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(first.said).toContain(file);
    expect(first.said).not.toContain(key);
    expect(await statusOf(first.url, key)).toBe(200);
    const signingKeys = path.join(dataDir, 'signing-keys');
    expect(statSync(signingKeys).mode & 0o777).toBe(0o600);
    const keySet = await keySetOf(first.url);
    expect(keySet).toEqual([expect.objectContaining({ kid: expect.stringMatching(/^dev-[0-9a-f]{8}$/), kty: 'EC' })]);
    // Of the keys that npm start has made, while it runs.
    const shop = JSON.parse(
      (await admin(env, 'client', 'add', 'shop', '--scopes', 'check', '--webhook', 'http://127.0.0.1:9/', '--json'))
        .stdout,
    ) as Made;
    expect(shop.webhookSecret).toMatch(/^whsec_/);
    expect(await statusOf(first.url, shop.key)).toBe(200);
    if (started) await endProcess(started, 'SIGTERM');

    const second = await start();
    expect(readFileSync(file, 'utf8').trim()).toBe(key);
    expect(await statusOf(second.url, key)).toBe(200);
    expect(await keySetOf(second.url)).toEqual(keySet);
    expect((await admin(env, 'client', 'end', 'development')).code).toBe(0);
    expect(await statusOf(second.url, key)).toBe(401);
    if (started) await endProcess(started, 'SIGTERM');

    const third = await start();
    const another = readFileSync(file, 'utf8').trim();
    expect(another).not.toBe(key);
    expect([await statusOf(third.url, key), await statusOf(third.url, another)]).toEqual([401, 200]);
  });
});
