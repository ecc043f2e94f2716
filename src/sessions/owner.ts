import type { AccountRow } from '../accounts/account.entity.js';
import { lockAccount } from '../accounts/accounts.js';
import { Forbidden, Unauthenticated } from '../api/errors.js';
import type { Session, Standing } from '../api/session.js';
import { DeviceRow } from '../devices/device.entity.js';
import { rowOf } from '../sql/rows.js';
import { columns, sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';
import type { Sessions } from './sessions.js';

/** An account behind its lock, and the device of the session that asks. */
export interface Owner {
  readonly account: AccountRow;
  readonly device: DeviceRow;
}

/**
 * Locks the account of a session, which must be live behind the lock, and under the same token, not only when its
 * request came in.
 * @throws Unauthenticated if it is not
 */
export async function lockOwner(tx: Tx, sessions: Sessions, session: Session): Promise<Owner> {
  const { standing: _, ...owner } = await lockAndLook(tx, sessions, session);
  return owner;
}

/**
 * The same for what only a trusted device may do.
 * @throws Unauthenticated, Forbidden
 */
export async function lockTrustedOwner(tx: Tx, sessions: Sessions, session: Session): Promise<Owner> {
  const { standing, ...owner } = await lockAndLook(tx, sessions, session);
  if (standing !== 'TRUSTED') throw new Forbidden();
  return owner;
}

async function lockAndLook(
  tx: Tx,
  sessions: Sessions,
  session: Session,
): Promise<Owner & { readonly standing: Standing }> {
  // One after the other on one connection: what is read stands behind the lock.
  const [account, standing, device] = await Promise.all([
    lockAccount(tx, session.accountId, null),
    sessions.standing(tx, session),
    rowOf<DeviceRow>(
      tx,
      sql`select ${columns(DeviceRow)} from device where id = ${session.deviceId} and removed_at is null`,
    ),
  ]);
  if (!account || !device || standing === 'OVER' || standing === 'RENEWED') throw new Unauthenticated();
  return { account, device, standing };
}
