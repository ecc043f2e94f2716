import { Account } from '../accounts/account.types.js';
import { setPassword } from '../accounts/accounts.js';
import type { OwnAccount } from '../accounts/addresses.js';
import type { SecurityEvents } from '../activity/security-events.js';
import type { Context } from '../api/context.js';
import { Overloaded } from '../api/errors.js';
import type { Session } from '../api/session.js';
import { shutDoor } from '../challenges/challenge-ends.js';
import type { Devices } from '../devices/devices.js';
import { knownDevice } from '../passwords/asker.js';
import type { NewPasswords } from '../passwords/new-passwords.js';
import type { OwnerPasswords } from '../passwords/owner-passwords.js';
import { type WeakPassword, WrongPassword } from '../passwords/password.types.js';
import { lockOwner } from '../sessions/owner.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import { PasswordChanged } from './security.types.js';

/** What a password change asks for. */
export interface PasswordChange {
  readonly currentPassword: string;
  readonly newPassword: string;
  readonly signOutOtherDevices: boolean;
}

/** Changes passwords of people who are signed in. */
export class PasswordChanges {
  constructor(
    private readonly transactions: Transactions,
    private readonly ownerPasswords: OwnerPasswords,
    private readonly passwords: NewPasswords,
    private readonly sessions: Sessions,
    private readonly devices: Devices,
    private readonly events: SecurityEvents,
  ) {}

  /** The current session goes on under a new token. @throws Overloaded */
  async change(
    { db, client, session }: Pick<Context, 'db' | 'client'> & { readonly session: Session },
    change: PasswordChange,
  ): Promise<PasswordChanged | WrongPassword | WeakPassword> {
    const proven = await this.ownerPasswords.prove(db, session, change.currentPassword);
    if (proven instanceof WrongPassword) return proven;
    const asker = knownDevice(proven.email, session.deviceId);
    const passwordHash = await this.passwords.judgeAndHash(change.newPassword, proven.email, asker);
    if (typeof passwordHash !== 'string') return passwordHash;
    const changed = await this.transactions.run((tx) =>
      this.changeOnce(tx, session, proven, passwordHash, change.signOutOtherDevices, client.ipAddress),
    );
    return new PasswordChanged(new Account(changed.account, session), changed.sessionsEnded, changed.token);
  }

  private async changeOnce(
    tx: Tx,
    session: Session,
    proven: OwnAccount,
    passwordHash: string,
    signOutOtherDevices: boolean,
    ipAddress: string,
  ) {
    const { account, device } = await lockOwner(tx, this.sessions, session);
    // Another password since, or one that was hashed anew: what was proven counts no more, and the client asks again.
    if (account.passwordHash !== proven.passwordHash) throw new Overloaded();
    await shutDoor(tx, account.id);
    setPassword(tx, account.id, passwordHash);
    const ended = signOutOtherDevices ? await this.sessions.endOthers(tx, account.id, session.id) : null;
    if (signOutOtherDevices) this.devices.forgetTrust(tx, account.id, session.deviceId);
    const token = await this.sessions.renewToken(tx, session.id);
    const { name: deviceName, platform } = device;
    const what = { sessionId: session.id, deviceId: device.id, deviceName, platform, ipAddress };
    this.events.tell(tx, account, 'PASSWORD_CHANGED', what);
    return { account, sessionsEnded: ended?.count ?? 0, token };
  }
}
