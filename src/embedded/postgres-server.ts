import { execFile, spawn, spawnSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { StartFault } from '../config/start-fault.js';
import type { Cluster } from './postgres-cluster.js';
import { programEnvironment } from './postgres-programs.js';

/** What the server of a data directory says about itself in `postmaster.pid`. */
export interface Server {
  readonly pid: number;
  readonly port: number;
  readonly isReady: boolean;
}

/** Long enough for a recovery after a crash. */
const READY_WITHIN_MS = 60_000;
/** How long faults that should pass are given. */
const PASSING_WITHIN_MS = 5_000;
const RETRY_MS = 100;
const POLL_MS = 10;

const settings = Object.entries({
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '64MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // What happens to the server, but no statements, which may hold addresses and hashes: not those that failed, and not,
  // as a detail, the one that ran when a connection crashed.
  log_min_messages: 'log',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
}).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

/** Faults that pass: remains of a killed server, another start of the same data, a port that was taken meanwhile. */
const passingFault = /pre-existing shared memory block|lock file "postmaster.pid"|could not create any TCP\/IP sockets/;

/**
 * Starts the server of a cluster, or finds the one that an earlier process left running or another is just starting.
 * @param port where to listen if it is started here; 0 for any free port
 * @throws Error with what PostgreSQL wrote, if it cannot start or is not ready within a minute
 */
export async function runServer(cluster: Cluster, port: number): Promise<Server> {
  const start = Date.now();
  let launched: Launch | null = null;
  for (;;) {
    const found = findServer(cluster.data);
    if (found?.isReady) return found;
    const waitedMs = Date.now() - start;
    if (waitedMs > READY_WITHIN_MS) throw new StartFault(faultText(cluster, 'It is not ready after a minute.'));
    const fault = launched?.fault() ?? null;
    if (!found && fault !== null) {
      if (!passingFault.test(fault) || waitedMs > PASSING_WITHIN_MS) throw new StartFault(faultText(cluster, fault));
      launched = null;
      await delay(RETRY_MS);
    } else if (!found && !launched) {
      removeStaleLock(cluster.data);
      launched = launch(cluster, port || (await freePort()));
    }
    await delay(POLL_MS);
  }
}

/** The living server of a data directory; null if there is none, whatever a stale `postmaster.pid` says. */
export function findServer(data: string): Server | null {
  const [pid, , , port, , , , status] = readLock(data);
  if (!pid || !isServerOf(data, Number(pid))) return null;
  return { pid: Number(pid), port: Number(port), isReady: status?.trim() === 'ready' };
}

/** Shuts a server down, ending its connections; resolves when it is gone, even if another has followed it. */
export async function stopServer({ data, user, programs }: Cluster): Promise<void> {
  const server = findServer(data);
  if (!server) return;
  const isThere = () => findServer(data)?.pid === server.pid;
  try {
    // INT is a fast shutdown, and pg_ctl knows how to say that on Windows.
    const order = ['kill', 'INT', String(server.pid)];
    await promisify(execFile)(programs.pgCtl, order, { ...user, cwd: data, env: programEnvironment });
  } catch (error) {
    if (isThere()) throw error;
  }
  while (isThere()) await delay(POLL_MS);
}

interface Launch {
  /** Why it has ended, as PostgreSQL wrote it; null while it runs. */
  fault(): string | null;
}

function launch({ data, logFile, user, programs }: Cluster, port: number): Launch {
  // As root, never through a link: the folder is another user's.
  const { O_APPEND, O_CREAT, O_NOFOLLOW = 0, O_WRONLY } = constants;
  const log = openSync(logFile, O_APPEND | O_CREAT | O_NOFOLLOW | O_WRONLY, 0o600);
  const logStart = statSync(logFile).size;
  let notStarted: string | null = null;
  // Detached, in a session of its own: Ctrl-C in the terminal must not take it away before the app has closed.
  const child = spawn(programs.postgres, ['-D', data, '-p', String(port), ...settings], {
    ...user,
    cwd: data,
    env: programEnvironment,
    detached: true,
    windowsHide: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.once('error', (error) => {
    notStarted = error.message;
  });
  child.unref();
  return {
    fault() {
      const hasEnded = child.exitCode !== null || child.signalCode !== null;
      return hasEnded ? readFileSync(logFile).subarray(logStart).toString().trim() : notStarted;
    },
  };
}

/** The lines of `postmaster.pid`: pid, data directory, start, port, socket folder, address, memory key, status. */
function readLock(data: string): string[] {
  try {
    return readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return [];
  }
}

/**
 * PostgreSQL takes any process of its user that has got the pid of a killed server for that server, and would not start
 * for as long. Should two starts meet here, their servers still exclude each other through shared memory, whose key is
 * the folder's inode.
 */
function removeStaleLock(data: string): void {
  const [pid] = readLock(data);
  if (!pid) return;
  const served = servedFolder(Number(pid));
  // A server whose folder is gone may be ours, from before the folder was moved.
  if (served !== null && (!existsSync(served) || isSameFolder(served, data))) return;
  rmSync(path.join(data, 'postmaster.pid'), { force: true });
}

function isServerOf(data: string, pid: number): boolean {
  const served = servedFolder(pid);
  return served !== null && existsSync(served) && isSameFolder(served, data);
}

/** By inode: mounts and links give one folder several names. */
function isSameFolder(a: string, b: string): boolean {
  const [first, second] = [statSync(a, { bigint: true }), statSync(b, { bigint: true })];
  return first.ino === second.ino && first.dev === second.dev;
}

/** The data directory that a process serves, if it is a server of ours; that is what its command line says. */
function servedFolder(pid: number): string | null {
  return /\bpostgres(?:\.exe)?"? -D "?(.+?)"? -p \d+ -c /.exec(commandLine(pid))?.[1] ?? null;
}

function commandLine(pid: number): string {
  if (process.platform === 'linux') {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    } catch {
      return '';
    }
  }
  const query = `(Get-CimInstance Win32_Process -Filter 'ProcessId=${pid}').CommandLine`;
  const { stdout } =
    process.platform === 'win32'
      ? spawnSync('powershell', ['-NoProfile', '-Command', query], { encoding: 'utf8', windowsHide: true })
      : spawnSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout ?? '';
}

/** A port that was free a moment ago; if it is taken meanwhile, the start is tried again with another. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => probe.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (typeof address !== 'object' || address === null) throw new StartFault('no port of 127.0.0.1 is free');
  return address.port;
}

function faultText({ logFile }: Cluster, fault: string): string {
  return `The embedded PostgreSQL does not start; ${logFile} has the whole log.\n${fault}`;
}
