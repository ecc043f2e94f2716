import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { findPrograms, type Programs } from '../../src/embedded/postgres-programs.js';
import { currentUser, isRoot, unprivilegedUser } from '../../src/embedded/postgres-user.js';
import type { Certificate } from './certificates.js';
import { endProcess, freePort, type Store, startProcess } from './store.js';

/** How a PostgreSQL is started. */
export interface PostgresOptions {
  /** Whether a commit waits for the disk, as in real life; tests have no use for that. */
  readonly fsync?: boolean;
  /** Offers TLS with this certificate. */
  readonly certificate?: Certificate;
  /** Whose clients' certificates it takes. */
  readonly clientAuthority?: Certificate;
  /** The lines of pg_hba.conf; unless said, it trusts whoever comes from loopback. */
  readonly admits?: readonly string[];
  /** The embedded ones unless said. */
  readonly programs?: Pick<Programs, 'initdb' | 'postgres'>;
  /** Further settings, as `name=value`. */
  readonly settings?: readonly string[];
  /** Follows that server, and takes no writes (a hot standby). */
  readonly standbyOf?: TestPostgres;
  /** Is told each line that it logs. */
  readonly onLine?: (line: string) => void;
}

/** A PostgreSQL of a test's own, which listens on a socket of the file system too. */
export interface TestPostgres extends Store {
  /** Where that socket is. */
  readonly socketFolder: string;
  readonly dataFolder: string;
}

/** Starts an empty PostgreSQL. */
export async function startTestPostgres(options: PostgresOptions = {}): Promise<TestPostgres> {
  const folder = mkdtempSync(path.join(tmpdir(), 'doorstep-postgres-'));
  const user = isRoot() ? unprivilegedUser() : currentUser();
  const hand = (file: string) => {
    if (user.uid !== undefined && user.gid !== undefined) chownSync(file, user.uid, user.gid);
  };
  hand(folder);
  // A copy of them, where that user cannot enter the project.
  const programs = options.programs ?? (await findPrograms(user, folder));
  const asUser = { cwd: folder, uid: user.uid, gid: user.gid };
  const data = path.join(folder, 'data');
  if (options.standbyOf) {
    await copyCluster(options.standbyOf, data);
    spawnSync('chown', ['-R', `${user.uid ?? ''}:${user.gid ?? ''}`, data]);
  } else {
    const made = spawnSync(
      programs.initdb,
      ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
      { ...asUser, encoding: 'utf8' },
    );
    if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  }

  const write = (name: string, text: string) => {
    const file = path.join(folder, name);
    writeFileSync(file, text, { mode: 0o600 });
    hand(file);
    return file;
  };
  const { certificate, clientAuthority, admits } = options;
  const port = await freePort();
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    `unix_socket_directories=${folder}`,
    `fsync=${options.fsync ? 'on' : 'off'}`,
    // For tests that compare which statements two requests cost.
    'shared_preload_libraries=pg_stat_statements',
    // Suites that run side by side share it: it drops what it has no room for.
    'pg_stat_statements.max=50000',
    ...(certificate
      ? [
          'ssl=on',
          `ssl_cert_file=${write('server.crt', certificate.cert)}`,
          `ssl_key_file=${write('server.key', certificate.key)}`,
        ]
      : []),
    ...(clientAuthority ? [`ssl_ca_file=${write('clients.crt', clientAuthority.cert)}`] : []),
    ...(admits ? [`hba_file=${write('hba.conf', `${admits.join('\n')}\n`)}`] : []),
    ...(options.standbyOf ? [`primary_conninfo=host=127.0.0.1 port=${options.standbyOf.port} user=postgres`] : []),
    ...(options.settings ?? []),
  ];
  const start = () =>
    startProcess(
      programs.postgres,
      ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
      asUser,
      /database system is ready to accept (read-only )?connections/,
      options.onLine,
    );
  let child = await start();
  const signalAll = (signal: NodeJS.Signals) => {
    for (const pid of childrenOf(child.pid ?? 0)) signalIfThere(pid, signal);
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
    socketFolder: folder,
    dataFolder: data,
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

/** Copies a running cluster as a standby of it (PostgreSQL manual, 25.3.3). */
async function copyCluster(from: TestPostgres, data: string): Promise<void> {
  const client = new Client({ connectionString: from.url });
  await client.connect();
  try {
    await client.query("select pg_backup_start('standby', true)");
    await cp(from.dataFolder, data, { recursive: true, filter: (file) => !file.endsWith('postmaster.pid') });
    const { rows } = await client.query<{ labelfile: string }>('select labelfile from pg_backup_stop(false)');
    writeFileSync(path.join(data, 'backup_label'), rows[0]?.labelfile ?? '');
    writeFileSync(path.join(data, 'standby.signal'), '');
    chmodSync(data, 0o700);
  } finally {
    await client.end();
  }
}

/** A process that served a connection may have ended since it was listed. */
function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
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
