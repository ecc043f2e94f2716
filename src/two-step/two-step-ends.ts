import type { AccountRow } from '../accounts/account.entity.js';
import { Account } from '../accounts/account.types.js';
import { setTwoStep } from '../accounts/accounts.js';
import type { SecurityEvents } from '../activity/security-events.js';
import type { Context } from '../api/context.js';
import { Overloaded } from '../api/errors.js';
import type { Session } from '../api/session.js';
import { shutDoor } from '../challenges/challenge-ends.js';
import type { Devices } from '../devices/devices.js';
import type { OwnerPasswords } from '../passwords/owner-passwords.js';
import { WrongPassword } from '../passwords/password.types.js';
import { lockOwner } from '../sessions/owner.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import { TwoStepDisabled } from './two-step.types.js';

/** Turns two-step verification off. */
export class TwoStepEnds {
  constructor(
    private readonly transactions: Transactions,
    private readonly ownerPasswords: OwnerPasswords,
    private readonly sessions: Sessions,
    private readonly devices: Devices,
    private readonly events: SecurityEvents,
  ) {}

  /** Forgets every device's trust; sessions go on. Where it is off already, it stays so. @throws Overloaded */
  async disable(
    { db, client, session }: Pick<Context, 'db' | 'client'> & { readonly session: Session },
    password: string,
  ): Promise<TwoStepDisabled | WrongPassword> {
    const proven = await this.ownerPasswords.prove(db, session, password);
    if (proven instanceof WrongPassword) return proven;
    const account = await this.transactions.run((tx) => this.turnOff(tx, session, proven, client.ipAddress));
    return new TwoStepDisabled(new Account(account, { ...session, isTrusted: false }));
  }

  private async turnOff(tx: Tx, session: Session, proven: AccountRow, ipAddress: string): Promise<AccountRow> {
    const { account, device } = await lockOwner(tx, this.sessions, session);
    if (account.passwordHash !== proven.passwordHash) throw new Overloaded();
    if (!account.twoStepEnabledAt) return account;
    await shutDoor(tx, account.id);
    this.devices.forgetTrust(tx, account.id, null);
    const { name: deviceName, platform } = device;
    const what = { sessionId: session.id, deviceId: device.id, deviceName, platform, ipAddress };
    this.events.tell(tx, account, 'TWO_STEP_DISABLED', what);
    return setTwoStep(tx, account.id, false);
  }
}
