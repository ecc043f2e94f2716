import type { AccountRow } from '../accounts/account.entity.js';
import { deleteAccount, lockAccount, setSubjectAddress } from '../accounts/accounts.js';
import { noticeAddressOf } from '../accounts/addresses.js';
import { noteDeleted } from '../accounts/deleted-subjects.js';
import { takeDueChanges } from '../accounts/held-changes.js';
import { shutDoor } from '../challenges/challenge-ends.js';
import { tell } from '../events/events.js';
import { deliverNotice, forgetDeliveries } from '../outbox/outbox.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Transactions, Tx } from '../sql/transactions.js';

/** What a deletion leaves behind. */
export interface Deleted {
  readonly deletedAt: Date;
  readonly sessionsEnded: number;
}

/** Brings into force what products have asked for their subjects: at once, or when it has waited long enough. */
export class DueChanges {
  constructor(
    private readonly transactions: Transactions,
    private readonly sessions: Sessions,
  ) {}

  /**
   * What of an account has waited long enough is in force behind this. The account must be locked by this transaction.
   * @returns null if it is deleted by that
   */
  async apply(tx: Tx, account: AccountRow): Promise<AccountRow | null> {
    const due = await takeDueChanges(tx, account.id);
    if (due.some(({ kind }) => kind === 'DELETION')) {
      await this.delete(tx, account);
      return null;
    }
    const [address] = due;
    if (!address?.email) return account;
    return this.putInForce(tx, account, address.email, address.provenAt ?? null);
  }

  /**
   * Another address is the account's from now on: what was begun under the one before opens nothing, and who reads that
   * mailbox is told. @param provenAt when somebody has proven to read the new one; null: nobody has
   */
  async putInForce(tx: Tx, account: AccountRow, email: string, provenAt: Date | null): Promise<AccountRow> {
    const told = { ...account, email: noticeAddressOf(account) };
    deliverNotice(tx, told, 'ADDRESS_CHANGED', { deviceName: null, platform: null, ipAddress: null });
    await shutDoor(tx, account.id);
    tell(tx, { type: 'ADDRESS_CHANGED', accountId: account.id });
    return setSubjectAddress(tx, account.id, email, provenAt);
  }

  /** All that there is of an account goes, but for the events that tell so, and its id, which nobody takes for a while. */
  async delete(tx: Tx, { id }: AccountRow): Promise<Deleted> {
    await shutDoor(tx, id);
    const { count } = await this.sessions.endOthers(tx, id, null);
    tell(tx, { type: 'SUBJECT_DELETED', accountId: id });
    const deletedAt = await noteDeleted(tx, id);
    forgetDeliveries(tx, id);
    deleteAccount(tx, id);
    return { deletedAt, sessionsEnded: count };
  }

  /** The same in a transaction of its own. */
  applyTo(accountId: string): Promise<void> {
    return this.transactions.run(async (tx) => {
      const account = await lockAccount(tx, accountId, null);
      if (account) await this.apply(tx, account);
    });
  }
}
