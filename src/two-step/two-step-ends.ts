import type { AccountRow } from '../accounts/account.entity.js';
import { Account } from '../accounts/account.types.js';
import type { Context } from '../api/context.js';
import { Overloaded } from '../api/errors.js';
import type { Session } from '../api/session.js';
import type { TwoStepSwitch } from '../challenges/two-step-switch.js';
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
    private readonly twoStepSwitch: TwoStepSwitch,
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
    const { name: deviceName, platform } = device;
    const by = { sessionId: session.id, deviceId: device.id, deviceName, platform, ipAddress };
    return this.twoStepSwitch.turnOff(tx, account, by);
  }
}
