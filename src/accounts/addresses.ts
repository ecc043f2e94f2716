import { type Fragment, raw, sql } from '../sql/statement.js';
import type { AccountRow } from './account.entity.js';

/** An account that somebody opened here: no client holds its user, so it has an address and a password of its own. */
export type OwnAccount = AccountRow & { readonly email: string; readonly passwordHash: string };

/** @returns null for a subject, whose user and password somebody else holds */
export function ownAccount(account: AccountRow): OwnAccount | null {
  return isOwn(account) ? account : null;
}

function isOwn(account: AccountRow): account is OwnAccount {
  return account.email != null && account.passwordHash != null;
}

/** Where an account's mail goes: its own address, or the one that its product has told of a subject. */
export function addressOf({ email, subjectEmail }: Addresses): string {
  const address = email ?? subjectEmail;
  // The table holds every row to one of the two.
  if (address == null) throw new Error('an account without an address');
  return address;
}

/** One of them is there, by the table's check. */
export type Addresses = Partial<Pick<AccountRow, 'email' | 'subjectEmail'>>;

/** Where an account is told of what happens to it. @returns null: nobody has proven yet to read a subject's address */
export function noticeAddressOf(account: Addresses & Pick<AccountRow, 'addressProvenAt'>): string | null {
  return account.email == null && account.addressProvenAt == null ? null : addressOf(account);
}

/** What names an account among the cookies of a browser: several products may know a subject's address. */
export function browserNameOf({ id, email }: { readonly id: string } & Addresses): string {
  return email ?? id;
}

/** The same as SQL. @param account the table's alias in the statement */
export function addressIn(account: string): Fragment {
  return sql`coalesce(${raw(account)}.email, ${raw(account)}.subject_email)`;
}
