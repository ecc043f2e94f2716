import { spawnSync } from 'node:child_process';
import { lstatSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { StartFault } from '../config/start-fault.js';

/** The system user that PostgreSQL's programs run as. Without ids it is the user of this process. */
export interface SystemUser {
  readonly uid?: number;
  readonly gid?: number;
  readonly name: string;
}

/** Whether this process may start programs as somebody else, and must: PostgreSQL refuses to run as root. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * The user of a process that is not root.
 * @throws Error if that user has no line in the list of users, without which PostgreSQL cannot create a database
 */
export function currentUser(): SystemUser {
  try {
    return { name: userInfo().username };
  } catch {
    throw new StartFault(
      `PostgreSQL cannot run as user id ${process.getuid?.()}, which has no line in /etc/passwd: ` +
        'add one, run as another user, or set DATABASE_URL.',
    );
  }
}

/** Whom root lowers PostgreSQL to: `postgres` where the system has one, else `nobody`. */
export function unprivilegedUser(): SystemUser {
  const user =
    listedUsers().find(({ name }) => name === 'postgres') ?? listedUsers().find(({ name }) => name === 'nobody');
  if (user) return user;
  throw new StartFault(
    'PostgreSQL does not run as root, and there is no user named postgres or nobody to run it as: ' +
      'create one, run Doorstep as another user, or set DATABASE_URL.',
  );
}

/** The user that a folder belongs to: who made a database goes on running it. */
export function ownerOf(folder: string): SystemUser {
  const { uid, gid } = lstatSync(folder);
  return { uid, gid, name: listedUsers().find((user) => user.uid === uid)?.name ?? `with id ${uid}` };
}

/** Whether `user` can enter a folder or run a program: the system is asked, for modes alone do not tell (ACLs, mounts). */
export function canReach(user: SystemUser, target: string): boolean {
  const { status, error } = spawnSync('/bin/sh', ['-c', 'test -x "$0"', target], {
    ...user,
    cwd: '/',
    stdio: 'ignore',
  });
  if (error) {
    throw new StartFault(`No program can be started as user ${user.name} (${error.message}): set DATABASE_URL.`);
  }
  return status === 0;
}

function listedUsers() {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
}
