import { randomUUID } from 'node:crypto';
import type { AccountRow } from '../accounts/account.entity.js';
import { lockSubject, openSubject, rememberLocale } from '../accounts/accounts.js';
import { addressOf, noticeAddressOf } from '../accounts/addresses.js';
import { wasDeleted } from '../accounts/deleted-subjects.js';
import {
  endHeldChange,
  type HeldChange,
  heldChanges,
  holdChange,
  nextChange,
  noteAddress,
} from '../accounts/held-changes.js';
import { isExternalId } from '../accounts/reach.js';
import type { Caller } from '../api/caller.js';
import { ApiError, BadUserInput, RateLimited } from '../api/errors.js';
import { cancelAddressProofs } from '../challenges/challenge-states.js';
import { newSalt } from '../codes/codes.js';
import type { Limits } from '../config/limits.js';
import { deliverHeldChange } from '../outbox/outbox.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import { type Locale, localeOf } from '../texts/texts.js';
import type { DueChanges } from './due-changes.js';

/** RFC 5646, 4.4.1: longer ones need not be taken. */
const LOCALE_LENGTH_MOST = 35;

/** What a product's backend says of a user. */
export interface SubjectWish {
  readonly externalId: string;
  /** In its one form. */
  readonly email: string;
  readonly locale?: string | null;
}

/** Thrown for a subject that is to go, or has gone: nothing may be made of the id that passes for the one who had it. */
export class SubjectGoing extends ApiError {
  constructor() {
    super('FORBIDDEN', 'This subject is about to be deleted, or was deleted a few days ago at most.');
  }
}

/** The users whom products' backends hold by ids of their own. */
export class Subjects {
  constructor(
    private readonly transactions: Transactions,
    private readonly due: DueChanges,
    private readonly currentKeyId: string,
    private readonly limits: Limits,
  ) {}

  /**
   * Opens the account of a subject, or changes it. Safe to repeat: the same again changes nothing.
   * @throws SubjectGoing, RateLimited, BadUserInput
   */
  put(caller: Caller, { externalId, email, locale }: SubjectWish): Promise<AccountRow> {
    if (!isExternalId(externalId)) {
      throw new BadUserInput('input.externalId', 'must be 1 to 128 visible ASCII characters');
    }
    if (locale != null && (locale === '' || locale.length > LOCALE_LENGTH_MOST)) {
      throw new BadUserInput('input.locale', `must be a language tag of at most ${LOCALE_LENGTH_MOST} characters`);
    }
    const wanted = locale == null ? null : localeOf(locale);
    return this.transactions.run((tx) => this.putOnce(tx, { clientId: caller.clientId, externalId }, email, wanted));
  }

  private async putOnce(
    tx: Tx,
    name: { readonly clientId: string; readonly externalId: string },
    email: string,
    locale: Locale | null,
  ): Promise<AccountRow> {
    // One after the other on one connection: behind the lock it is seen what whoever had it has done.
    const [found, isGone] = await Promise.all([lockSubject(tx, name), wasDeleted(tx, name, this.limits)]);
    if (isGone) throw new SubjectGoing();
    const opened = found ?? (await openSubject(tx, { ...name, email, locale: locale ?? localeOf(undefined) }));
    // Opened by another request meanwhile, which this one has waited for.
    const locked = opened ?? (await lockSubject(tx, name));
    const account = locked && (await this.due.apply(tx, locked));
    if (!account) throw new SubjectGoing();
    // While two-step is on the language is the one that somebody was let in with: a product must not choose in which the
    // owner is warned of it.
    return this.change(tx, account, email, account.twoStepEnabledAt ? account.locale : (locale ?? account.locale));
  }

  private async change(tx: Tx, account: AccountRow, email: string, locale: string): Promise<AccountRow> {
    const held = await heldChanges(tx, account.id);
    if (held.some(({ kind }) => kind === 'DELETION')) throw new SubjectGoing();
    const pending = held.find(({ kind }) => kind === 'ADDRESS') ?? null;
    rememberLocale(tx, account, locale);
    const now = await this.changeAddress(tx, { ...account, locale }, pending, email);
    return { ...now, locale };
  }

  private async changeAddress(
    tx: Tx,
    account: AccountRow,
    pending: HeldChange | null,
    email: string,
  ): Promise<AccountRow> {
    const isHeld = account.twoStepEnabledAt != null;
    const isInForce = addressOf(account) === email;
    if (pending && !(isHeld && pending.email === email)) {
      await endHeldChange(tx, pending);
      cancelAddressProofs(tx, account.id);
    }
    if (isInForce || (isHeld && pending?.email === email)) return account;
    const retry = await nextChange(tx, account.id, 'ADDRESS', this.limits);
    if (retry) throw new RateLimited(retry);
    const asked = {
      id: randomUUID(),
      accountId: account.id,
      kind: 'ADDRESS',
      email,
      keyId: this.currentKeyId,
      salt: newSalt(),
    } as const;
    if (!isHeld) {
      await noteAddress(tx, asked);
      return this.due.putInForce(tx, account, email, null);
    }
    await holdChange(tx, asked, this.limits);
    deliverHeldChange(tx, { ...account, email: noticeAddressOf(account) }, asked.id);
    return account;
  }
}
