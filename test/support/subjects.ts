import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { newToken } from '../../src/codes/tokens.js';
import { Sessions } from '../../src/sessions/sessions.js';
import { Transactions } from '../../src/sql/transactions.js';
import { DueChanges } from '../../src/subjects/due-changes.js';
import { DueChangesTask } from '../../src/subjects/due-changes-task.js';
import { type Backend, withDatabase } from './backend.js';
import { Handset } from './handset.js';
import type { Challenge, Outcome } from './outcomes.js';
import type { Servers } from './servers.js';

// What products' backends ask for their subjects, and what subjects do about it.

export const PUT_SUBJECT = `mutation ($input: SubjectInput!) { result: putSubject(input: $input) {
  accountId externalId email pendingEmail epoch twoStepEnabled devices { id } sessions { id } } }`;

export const DELETE_SUBJECT = `mutation ($externalId: ID!) { result: deleteSubject(externalId: $externalId) {
  externalId deletedAt waitsUntil sessionsEnded } }`;

const held = 'id kind email askedAt holdEndsAt holdEndsInSeconds isProven';

export const HELD_CHANGES = `{ result: viewer { id email externalId heldChanges { ${held} } } }`;

export const VETO_CHANGE = 'mutation ($id: ID!) { result: vetoChange(id: $id) { kind } }';

export const VETO_BY_MAIL = `mutation ($email: EmailAddress!, $code: String!) {
  result: vetoChangeByMail(email: $email, code: $code) {
    __typename ... on ChangeVetoed { kind } ... on Problem { message } } }`;

export const START_ADDRESS_PROOF = `mutation { result: startAddressProof {
  __typename id token purpose state method availableMethods sentTo codeLength expiresAt attemptsRemaining resendAt help
  deliveries { id method state changedAt devicesReached reason hint } } }`;

export const PROVE_ADDRESS = `mutation ($token: String!, $code: String!) {
  result: proveAddress(challengeToken: $token, code: $code) {
    __typename ... on AddressProven { account { id email } heldChange { ${held} } }
    ... on Problem { message } ... on WrongCode { attemptsRemaining } ... on ChallengeClosed { state } } }`;

/** A subject as its product's backend reads it. */
export interface Person {
  readonly accountId: string;
  readonly externalId: string;
  readonly email: string;
  readonly pendingEmail: string | null;
  readonly epoch: number;
  readonly twoStepEnabled: boolean;
}

export interface Deletion {
  readonly externalId: string;
  readonly deletedAt: string | null;
  readonly waitsUntil: string | null;
  readonly sessionsEnded: number;
}

export interface Held {
  readonly id: string;
  readonly kind: 'ADDRESS' | 'DELETION';
  readonly email: string | null;
  readonly holdEndsAt: string;
  readonly holdEndsInSeconds: number;
  readonly isProven: boolean;
}

/** A random address, so that tests never meet. */
export function someAddress(): string {
  return `${randomUUID()}@example.com`;
}

export function putSubject(
  backend: Backend,
  { externalId = `user:${randomUUID()}`, email = someAddress(), locale = null as string | null } = {},
): Promise<Person> {
  return backend.ask(PUT_SUBJECT, { input: { externalId, email, locale } });
}

export function deleteSubject(backend: Backend, externalId: string): Promise<Deletion> {
  return backend.ask(DELETE_SUBJECT, { externalId });
}

/** Somebody whom a backend holds, who is signed in on a phone. */
export interface Subject {
  readonly backend: Backend;
  readonly phone: Handset;
  readonly accountId: string;
  readonly externalId: string;
  readonly email: string;
}

/**
 * Holds somebody, and lets a phone of theirs be signed in.
 * @param hasTwoStep whether two-step verification is on, the phone trusted and the address proven; else none of that
 */
export async function subjectOf(
  servers: Servers,
  backend: Backend,
  {
    hasTwoStep = true,
    email = someAddress(),
    externalId = `user:${randomUUID()}`,
    locale = null as string | null,
  } = {},
): Promise<Subject> {
  const { accountId } = await putSubject(backend, { externalId, email, locale });
  const phone = new Handset(servers.client(), servers.mailbox, { email, password: 'none' });
  if (hasTwoStep) {
    await servers.database.query(
      'update account set two_step_enabled_at = clock_timestamp(), address_proven_at = clock_timestamp() where id = $1',
      [accountId],
    );
  }
  await signIn(servers, accountId, phone, hasTwoStep);
  return { backend, phone, accountId, externalId, email };
}

/** Lets a device be signed in to an account as if it had been let in. */
export async function signIn(servers: Servers, accountId: string, device: Handset, isTrusted: boolean): Promise<void> {
  device.sessionToken = newToken('ses');
  await servers.database.query(
    `with made as (
       insert into device (account_id, name, platform, notifications_enabled, last_ip_address, trusted_at)
       values ($1, $2, 'ANDROID', false, '127.0.0.1', case when $3 then clock_timestamp() end) returning id)
     insert into session (account_id, device_id, token_hash, reason, made_device, last_used_at)
     select $1, id, sha256(convert_to($4, 'UTF8')), 'NO_SECOND_STEP', false, clock_timestamp() from made`,
    [accountId, device.name, isTrusted, device.sessionToken],
  );
}

/** What waits for somebody, as one of their devices sees it. */
export async function heldFor({ phone }: Pick<Subject, 'phone'>): Promise<readonly Held[]> {
  const { heldChanges } = await phone.ask<{ heldChanges: readonly Held[] }>(HELD_CHANGES);
  return heldChanges;
}

/** The 20 digits in the next mail to an address that has them. */
export async function vetoCode(servers: Servers, address: string): Promise<string> {
  const mail = await servers.mailbox.next(address, ({ text }) => /^\d{20}$/m.test(text ?? ''));
  return /^\d{20}$/m.exec(mail.text ?? '')?.[0] ?? '';
}

export function vetoByMail(servers: Servers, email: string, code: string, nth = 0): Promise<{ __typename: string }> {
  return servers
    .client(nth)
    .data<{ result: { __typename: string } }>(VETO_BY_MAIL, { email, code })
    .then(({ result }) => result);
}

export function startAddressProof({ phone }: Pick<Subject, 'phone'>): Promise<Challenge> {
  return phone.ask(START_ADDRESS_PROOF);
}

export function proveAddress(
  { phone }: Pick<Subject, 'phone'>,
  { token }: { token: string },
  code: string,
): Promise<Outcome> {
  return phone.ask(PROVE_ADDRESS, { token, code });
}

/** The hold of what waits is over. */
export async function holdIsOver(servers: Servers, accountId: string): Promise<void> {
  await servers.database.age('held_change', '25 hours', 'account_id = $1 and ended_at is null', [accountId]);
}

/** Has the new address proven by the code that is mailed to it. */
export async function proveByMail(servers: Servers, subject: Subject, address: string): Promise<Outcome> {
  const challenge = await startAddressProof(subject);
  return proveAddress(subject, challenge, await servers.mailbox.code(address));
}

/** Does what each server does once a minute: brings into force what has waited long enough. */
export async function bringDueIntoForce(servers: Servers): Promise<void> {
  await withDatabase(servers.database.url, async (db) => {
    const transactions = new Transactions(db, { publish: () => {}, enqueue: () => {}, push: () => {} });
    const due = new DueChanges(transactions, new Sessions(servers.config().limits));
    await new DueChangesTask(due, db, pino({ level: 'silent' })).applyAll();
  });
}
