import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { projectRoot } from '../../../src/config/project.js';
import { findServer } from '../../../src/embedded/postgres-server.js';
import { Servers } from '../../support/servers.js';
import { endProcess, freePort } from '../../support/store.js';
import { within } from '../../support/waiting.js';

// The command line of operators, as they run it.

// Real processes start here, one after the other.
jest.setTimeout(120_000);

const source = path.join(import.meta.dirname, '../../../src');
const START_MS = 60_000;

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
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

describe('on the database of DATABASE_URL', () => {
  let servers: Servers;
  let env: Record<string, string>;
  beforeEach(async () => {
    servers = await Servers.start({ worker: false, env: { CODE_KEYS: `here:${randomBytes(32).toString('base64')}` } });
    // In production too: it is given neither keys nor addresses.
    env = { NODE_ENV: 'production', DATABASE_URL: servers.database.url };
  });
  afterEach(() => servers[Symbol.asyncDispose]());

  test('key list and key forget show and take out keys, in words and as JSON, and audit shows who did it', async () => {
    expect((await admin(env, 'key', 'list')).stdout).toMatch(
      /^RING +ID +FINGERPRINT +FIRST SEEN\nCODE_KEYS +here +[0-9a-f]{16} +20/,
    );
    const listed = await admin(env, 'key', 'list', '--json');
    const key = {
      ring: 'CODE_KEYS',
      id: 'here',
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      firstSeenAt: expect.any(String),
    };
    expect(JSON.parse(listed.stdout)).toEqual({ keys: [key] });
    expect(JSON.parse((await admin(env, '--json', 'key', 'forget', 'here')).stdout)).toEqual({ forgotten: key });
    expect(JSON.parse((await admin(env, 'key', 'list', '--json')).stdout)).toEqual({ keys: [] });
    const { stdout, stderr } = await admin(env, 'audit', '--json');
    const { username: actor } = userInfo();
    const act = { at: expect.any(String), actor, act: 'key forget', subject: 'CODE_KEYS here' };
    expect({ ...JSON.parse(stdout), stderr }).toEqual({ acts: [act], stderr: '' });
    expect((await admin(env, 'audit')).stdout).toMatch(new RegExp(`${actor} +key forget +CODE_KEYS here\\n$`));
  });

  test('what fails is not in the audit, ends with 1, and is said beside the result', async () => {
    const { code, stdout, stderr } = await admin(env, 'key', 'forget', 'elsewhere', '--json');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^CODE_KEYS: no process has started with a key 'elsewhere'/);
    expect(await servers.database.count('audit')).toBe(0);
  });

  test('through npm one JSON object stands alone on standard output', async () => {
    const withPath = { ...env, PATH: process.env.PATH ?? '', HOME: tmpdir() };
    const { code, stdout } = await run('npm', ['run', '--silent', 'admin', '--', 'key', 'list', '--json'], withPath);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ keys: [{ id: 'here' }] });
  });

  test.each([
    [['--help'], 0, /^Usage: npm run admin/],
    [['key', 'forget', '--help'], 0, /--ring <name>/],
    [['key', 'forget'], 1, /missing required argument 'id'/],
    [['key', 'forget', 'here', '--ring', 'nonsense'], 1, /Allowed choices are CODE_KEYS/],
    [['audit', '--limit', '0'], 1, /A whole number from 1 to 10000/],
    [['nonsense'], 1, /unknown command 'nonsense'/],
  ])('%j', async (args, code, said) => {
    const ran = await admin(env, ...args);
    expect(ran.code).toBe(code);
    expect(code === 0 ? ran.stdout : ran.stderr).toMatch(said);
  });

  test('a database that is away, or without its tables, is said in words', async () => {
    const nowhere = new URL(env.DATABASE_URL ?? '');
    nowhere.port = String(await freePort());
    const away = await admin({ DATABASE_URL: nowhere.href }, 'key', 'list');
    expect(away).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^The database cannot be used: .*ECONNREFUSED/),
    });
    const empty = new URL(env.DATABASE_URL ?? '');
    empty.pathname = 'postgres';
    const bare = await admin({ DATABASE_URL: empty.href }, 'key', 'list');
    expect(bare).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/does not have the tables/) });
  });
});

describe('on the embedded database', () => {
  let dataDir: string;
  let started: ChildProcess | null = null;
  beforeEach(() => {
    dataDir = mkdtempSync(path.join(tmpdir(), 'doorstep-admin-'));
    // As root, PostgreSQL is run as another user, who has to get in.
    chmodSync(dataDir, 0o755);
  });
  afterEach(async () => {
    if (started) await endProcess(started, 'SIGTERM');
    rmSync(dataDir, { recursive: true, force: true });
  });

  test('it acts while a Doorstep runs there, and where none does', async () => {
    const env = { DATA_DIR: dataDir, PATH: process.env.PATH ?? '' };
    const server = () => findServer(path.join(dataDir, 'postgres', 'data'));
    const child = spawn(process.execPath, [path.join(source, 'start.js')], {
      env: { ...env, PORT: String(await freePort()) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    started = child;
    const lines = createInterface(child.stdout);
    await within(
      new Promise<void>((resolve) => lines.on('line', (line) => line.includes('Ctrl-C') && resolve())),
      'the start',
      START_MS,
    );

    const running = server();
    const { keys } = JSON.parse((await admin(env, 'key', 'list', '--json')).stdout);
    expect(keys).toEqual([
      expect.objectContaining({ ring: 'CODE_KEYS', id: expect.stringMatching(/^dev-[0-9a-f]{8}$/) }),
      expect.objectContaining({ ring: 'SIGNING_KEYS', id: expect.stringMatching(/^dev-[0-9a-f]{8}$/) }),
      expect.objectContaining({ ring: 'VAPID_KEYS', id: expect.stringMatching(/^dev-[0-9a-f]{8}$/) }),
    ]);
    expect(server()).toEqual(running);

    await endProcess(child, 'SIGTERM');
    expect(server()).toBeNull();
    expect(JSON.parse((await admin(env, 'key', 'forget', keys[0].id, '--json')).stdout)).toMatchObject({
      forgotten: keys[0],
    });
    expect(JSON.parse((await admin(env, 'audit', '--json')).stdout)).toMatchObject({ acts: [{ act: 'key forget' }] });
    expect(server()).toBeNull();
  });

  test('where there is none it says so, and makes none', async () => {
    const { code, stdout, stderr } = await admin({ DATA_DIR: dataDir }, 'key', 'list');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^There is no database in .*: set DATABASE_URL/);
  });
});
