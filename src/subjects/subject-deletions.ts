import { randomUUID } from 'node:crypto';
import type { AccountRow } from '../accounts/account.entity.js';
import { lockSubject } from '../accounts/accounts.js';
import { noticeAddressOf } from '../accounts/addresses.js';
import { wasDeleted } from '../accounts/deleted-subjects.js';
import { type HeldChange, heldChanges, holdChange, nextChange } from '../accounts/held-changes.js';
import { isExternalId } from '../accounts/reach.js';
import type { Caller } from '../api/caller.js';
import { NotFound, RateLimited } from '../api/errors.js';
import { newSalt } from '../codes/codes.js';
import type { Limits } from '../config/limits.js';
import { deliverHeldChange } from '../outbox/outbox.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import type { DueChanges } from './due-changes.js';
import { SubjectDeletion } from './subject.types.js';

/** Deletes subjects at the wish of the product that holds them. */
export class SubjectDeletions {
  constructor(
    private readonly transactions: Transactions,
    private readonly due: DueChanges,
    private readonly currentKeyId: string,
    private readonly limits: Limits,
  ) {}

  /** Safe to repeat: what waits goes on waiting, and what is gone stays gone. @throws NotFound, RateLimited */
  ask({ clientId }: Caller, externalId: string): Promise<SubjectDeletion> {
    if (!isExternalId(externalId)) throw new NotFound('subject');
    return this.transactions.run((tx) => this.askOnce(tx, { clientId, externalId }));
  }

  private async askOnce(
    tx: Tx,
    name: { readonly clientId: string; readonly externalId: string },
  ): Promise<SubjectDeletion> {
    const nothing = { externalId: name.externalId, deletedAt: null, waitsUntil: null, sessionsEnded: 0 };
    const [locked, isGone] = await Promise.all([lockSubject(tx, name), wasDeleted(tx, name, this.limits)]);
    if (!locked && isGone) return new SubjectDeletion(nothing);
    if (!locked) throw new NotFound('subject');
    const account = await this.due.apply(tx, locked);
    if (!account) return new SubjectDeletion(nothing);
    if (account.twoStepEnabledAt && this.limits.RESET_HOLD_HOURS > 0) {
      const { waitsUntil } = await this.hold(tx, account);
      return new SubjectDeletion({ ...nothing, waitsUntil });
    }
    return new SubjectDeletion({ ...nothing, ...(await this.due.delete(tx, account)) });
  }

  private async hold(tx: Tx, account: AccountRow): Promise<HeldChange> {
    const held = await heldChanges(tx, account.id);
    const waiting = held.find(({ kind }) => kind === 'DELETION');
    if (waiting) return waiting;
    const retry = await nextChange(tx, account.id, 'DELETION', this.limits);
    if (retry) throw new RateLimited(retry);
    const asked = {
      id: randomUUID(),
      accountId: account.id,
      kind: 'DELETION',
      email: null,
      keyId: this.currentKeyId,
      salt: newSalt(),
    } as const;
    const change = await holdChange(tx, asked, this.limits);
    deliverHeldChange(tx, { ...account, email: noticeAddressOf(account) }, asked.id);
    return change;
  }
}
