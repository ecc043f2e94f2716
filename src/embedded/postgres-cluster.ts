import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { StartFault } from '../config/start-fault.js';
import { makeAtOnce } from './postgres-draft.js';
import { findPrograms, type Programs, programEnvironment } from './postgres-programs.js';
import { canReach, currentUser, isRoot, ownerOf, type SystemUser, unprivilegedUser } from './postgres-user.js';

/** A database on disk, complete and of the right version, with what it takes to run it. */
export interface Cluster {
  /** The folder asked for, or the system folder that stands in for it. */
  readonly dataDir: string;
  /** What PostgreSQL calls its data directory. */
  readonly data: string;
  readonly logFile: string;
  readonly password: string;
  readonly user: SystemUser;
  readonly programs: Programs;
}

/** The superuser of the cluster, which owns its one database. */
export const ROLE = 'doorstep';

/** Where root keeps what PostgreSQL's own user could not reach below the project. */
const SYSTEM_FOLDER = '/var/lib/doorstep';

/**
 * The database in `dataDir`, made first if there is none and it may be. As root in a folder that PostgreSQL's user cannot enter, it
 * lies in a system folder of the same path's own, and `log` says where.
 * @throws Error whose message says what to do, if it belongs to somebody else or to another major version
 */
export async function openCluster(
  dataDir: string,
  log: (line: string) => void,
  { mayMake = true } = {},
): Promise<Cluster> {
  if (!mayMake && !existsSync(dataDir)) throw noDatabaseIn(dataDir);
  mkdirSync(dataDir, { recursive: true });
  // One spelling per folder: running servers are recognised by it.
  const wanted = realpathSync(dataDir);
  const { home, user } = isRoot() ? placeForRoot(wanted) : { home: wanted, user: currentUser() };
  if (home !== wanted) log(`PostgreSQL's user ${user.name} cannot enter ${wanted}: its data lie in ${home} instead.`);

  const programs = await findPrograms(user, isRoot() ? SYSTEM_FOLDER : home);
  const folder = path.join(home, 'postgres');
  const data = path.join(folder, 'data');
  refuseOthers(folder);
  if (!existsSync(folder)) {
    if (!mayMake) throw noDatabaseIn(home);
    await makeAtOnce(folder, (draft) => create(draft, user, programs));
  }

  const version = versionOf(folder);
  if (version !== programs.major) {
    throw new StartFault(
      `${folder} was made by PostgreSQL ${version}; the embedded one is ${programs.major} and cannot read it. Move the ` +
        'folder away to begin anew, or set DATABASE_URL to a server into which its data were restored.',
    );
  }
  const password = readFileSync(path.join(folder, 'password'), 'utf8').trim();
  return { dataDir: home, data, logFile: path.join(folder, 'server.log'), password, user, programs };
}

function noDatabaseIn(folder: string): StartFault {
  return new StartFault(
    `There is no database in ${folder}: set DATABASE_URL, or DATA_DIR to the folder of one that npm start has made.`,
  );
}

/** Where there are data already they are used, as their owner; a new database goes where its user can enter. */
function placeForRoot(wanted: string): { home: string; user: SystemUser } {
  const system = path.join(SYSTEM_FOLDER, createHash('sha256').update(wanted).digest('hex').slice(0, 16));
  for (const home of [wanted, system]) {
    const data = path.join(home, 'postgres', 'data');
    if (!existsSync(data)) continue;
    const user = ownerOf(data);
    if (user.uid === 0) throw new StartFault(`${data} belongs to root, as whom PostgreSQL does not run: chown it.`);
    if (canReach(user, data)) return { home, user };
    throw new StartFault(
      `User ${user.name}, who owns ${data}, cannot enter it any more: let them enter every folder above it.`,
    );
  }
  const user = unprivilegedUser();
  if (canReach(user, wanted)) return { home: wanted, user };
  mkdirSync(system, { recursive: true });
  // Whatever the umask was.
  for (const folder of [SYSTEM_FOLDER, system]) chmodSync(folder, 0o755);
  return { home: system, user };
}

function versionOf(folder: string): string {
  try {
    return readFileSync(path.join(folder, 'data', 'PG_VERSION'), 'utf8').trim();
  } catch (cause) {
    throw new StartFault(`${folder} is there but holds no database: move it away, or set another DATA_DIR.`, { cause });
  }
}

function refuseOthers(folder: string): void {
  if (isRoot() || process.platform === 'win32' || !existsSync(folder)) return;
  const { uid } = statSync(folder);
  if (uid === process.getuid?.()) return;
  throw new StartFault(
    `${folder} belongs to user ${ownerOf(folder).name}: it was made by that user, or by root for them. ` +
      'Run Doorstep as the one who made it, chown it, or set another DATA_DIR.',
  );
}

async function create(draft: string, user: SystemUser, programs: Programs): Promise<void> {
  // Inside the draft, so that data and password can never be of two different starts.
  const passwordFile = path.join(draft, 'password');
  writeFileSync(passwordFile, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flush: true });
  if (user.uid !== undefined && user.gid !== undefined) {
    for (const made of [draft, passwordFile]) chownSync(made, user.uid, user.gid);
  }
  const options = [
    ...['--pgdata', path.join(draft, 'data'), '--username', ROLE, '--pwfile', passwordFile],
    ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--data-checksums', '--no-instructions'],
    // The same order of texts on every machine, whatever its C library.
    ...['--no-locale', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
  ];
  try {
    await promisify(execFile)(programs.initdb, options, { ...user, cwd: draft, env: programEnvironment });
  } catch (error) {
    throw new StartFault(
      `The embedded database cannot be made: ${error instanceof Error ? error.message : error}\n` +
        'Set DATABASE_URL to use a PostgreSQL of your own.',
      { cause: error },
    );
  }
}
