import { spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findPrograms, type Programs } from '../../src/embedded/postgres-programs.js';
import { currentUser, isRoot, unprivilegedUser } from '../../src/embedded/postgres-user.js';
import { endProcess, freePort, type Store, startProcess } from './store.js';

interface PostgresOptions {
  /** Whether a commit waits for the disk, as in real life; tests have no use for that. */
  readonly fsync?: boolean;
  /** The embedded ones unless said. */
  readonly programs?: Pick<Programs, 'initdb' | 'postgres'>;
}

/** Starts an empty PostgreSQL that trusts whoever comes from loopback. */
export async function startTestPostgres(options: PostgresOptions = {}): Promise<Store> {
  const folder = mkdtempSync(path.join(tmpdir(), 'doorstep-postgres-'));
  const user = isRoot() ? unprivilegedUser() : currentUser();
  if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid);
  // A copy of them, where that user cannot enter the project.
  const programs = options.programs ?? (await findPrograms(user, folder));
  const asUser = { cwd: folder, uid: user.uid, gid: user.gid };
  const data = path.join(folder, 'data');
  const made = spawnSync(
    programs.initdb,
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
    { ...asUser, encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);

  const port = await freePort();
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'unix_socket_directories=',
    `fsync=${options.fsync ? 'on' : 'off'}`,
    // For tests that compare which statements two requests cost.
    'shared_preload_libraries=pg_stat_statements',
  ];
  const start = () =>
    startProcess(
      programs.postgres,
      ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
      asUser,
      /database system is ready to accept connections/,
    );
  let child = await start();
  const signalAll = (signal: NodeJS.Signals) => {
    for (const pid of childrenOf(child.pid ?? 0)) process.kill(pid, signal);
    child.kill(signal);
  };
  // An immediate shutdown: as abrupt as a crash for clients, but it takes its children along.
  const end = () => {
    signalAll('SIGCONT');
    return endProcess(child, 'SIGQUIT');
  };
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    port,
    get pid() {
      return child.pid ?? 0;
    },
    kill: end,
    restart: async () => {
      await end();
      child = await start();
    },
    pause: () => signalAll('SIGSTOP'),
    resume: () => signalAll('SIGCONT'),
    stop: async () => {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Every process that answers a client is a child in a group of its own. */
function childrenOf(pid: number): number[] {
  const listed = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).stdout;
  return listed
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []));
}
