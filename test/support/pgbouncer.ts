import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { installed } from './programs.js';
import { endProcess, freePort, startProcess } from './store.js';

/**
 * Where PgBouncer is installed; null where it is not.
 * @throws Error where it is not and CI is set
 */
export const pgbouncerAvailable = () => installed('pgbouncer');

/** Debian's user `nobody`: PgBouncer refuses to run as root. */
const NOBODY = 65534;

/** A PgBouncer in transaction mode in front of a database. */
export interface Pooler extends AsyncDisposable {
  readonly url: string;
}

/** Starts one on loopback, with few connections to the database, so that clients share them. */
export async function startPgbouncer(databaseUrl: string): Promise<Pooler> {
  const binary = pgbouncerAvailable();
  if (!binary) throw new Error('there is no PgBouncer here: ask pgbouncerAvailable first');
  const target = new URL(databaseUrl);
  const port = await freePort();
  const folder = mkdtempSync(path.join(tmpdir(), 'doorstep-pgbouncer-'));
  const users = path.join(folder, 'users.txt');
  const settings = path.join(folder, 'pgbouncer.ini');
  writeFileSync(users, `"${decodeURIComponent(target.username)}" "${decodeURIComponent(target.password)}"\n`);
  writeFileSync(
    settings,
    `[databases]
* = host=${target.hostname} port=${target.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = transaction
default_pool_size = 2
ignore_startup_parameters = statement_timeout, idle_in_transaction_session_timeout
`,
  );
  const isRoot = process.getuid?.() === 0;
  if (isRoot) for (const file of [folder, users, settings]) chownSync(file, NOBODY, NOBODY);
  const child = await startProcess(binary, [settings], isRoot ? { uid: NOBODY, gid: NOBODY } : {}, /process up/);
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${port}`;
  return {
    url: url.href,
    async [Symbol.asyncDispose]() {
      await endProcess(child, 'SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
