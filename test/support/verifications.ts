import { randomUUID } from 'node:crypto';
import { type Backend, sessionOf } from './backend.js';
import type { CheckedSession } from './backend-operations.js';
import type { Client } from './client.js';
import { confirmationsSeenBy } from './confirmations.js';
import { Handset } from './handset.js';
import { BEGIN_VERIFICATION } from './operations.js';
import { asA, type Challenge, type Outcome, type SignedIn } from './outcomes.js';
import { codeShownOn } from './owner.js';
import type { Servers } from './servers.js';

// What a product's backend asks to be verified, and how the person's device goes on with it.

const VERIFICATION_FIELDS = `requestId externalId accountId purpose state startedAt expiresAt redeemedAt method
  action { title fields { label value } } session { id }`;

export const START_VERIFICATION = `mutation ($input: VerificationInput!) { result: startVerification(input: $input) {
  __typename ... on VerificationStarted { challengeToken verification { ${VERIFICATION_FIELDS} } }
  ... on Problem { message } ... on TemporarilyLocked { retryAt } } }`;

export const VERIFICATION = `query ($requestId: ID!) {
  result: verification(requestId: $requestId) { ${VERIFICATION_FIELDS} } }`;

export const CANCEL_VERIFICATION = `mutation ($requestId: ID!) {
  result: cancelVerification(requestId: $requestId) { ${VERIFICATION_FIELDS} } }`;

export const REDEEM_RECEIPT = `mutation ($requestId: ID!, $receipt: String!) {
  result: redeemReceipt(requestId: $requestId, receipt: $receipt) {
    __typename ... on Problem { message }
    ... on Verified { externalId accountId purpose method verifiedAt action { title fields { label value } }
      session { id accountId externalId deviceId isTrusted reason lastUsedAt } } } }`;

export const CONFIRM_ACTION = `mutation ($token: String!, $code: String!) {
  result: confirmAction(challengeToken: $token, code: $code) {
    __typename ... on Confirmed { receipt } ... on Problem { message } ... on WrongCode { attemptsRemaining }
    ... on ChallengeClosed { state } ... on TemporarilyLocked { retryAt } } }`;

/** What is asked for besides the id of the request. */
export interface VerificationAsked {
  readonly requestId?: string;
  readonly externalId?: string | null;
  readonly accountId?: string | null;
  readonly epoch?: number | null;
  readonly purpose: string;
  readonly action?: ActionFields | null;
  readonly sessionId?: string | null;
}

export interface ActionFields {
  readonly title: string;
  readonly fields: readonly { readonly label: string; readonly value: string }[];
}

export interface VerificationFields {
  readonly requestId: string;
  readonly externalId: string | null;
  readonly accountId: string;
  readonly purpose: string;
  readonly state: string;
  readonly startedAt: string;
  readonly expiresAt: string;
  readonly redeemedAt: string | null;
  readonly method: string | null;
  readonly action: ActionFields | null;
  readonly session: { readonly id: string } | null;
}

export type StartOutcome =
  | {
      readonly __typename: 'VerificationStarted';
      readonly challengeToken: string;
      readonly verification: VerificationFields;
    }
  | {
      readonly __typename:
        | 'TwoStepOff'
        | 'TwoStepAlreadyEnabled'
        | 'UnknownSubject'
        | 'StaleFirstFactor'
        | 'NoMethod'
        | 'TemporarilyLocked';
      readonly message: string;
      readonly retryAt?: string | null;
    };

export type RedeemOutcome =
  | {
      readonly __typename: 'Verified';
      readonly externalId: string | null;
      readonly accountId: string;
      readonly purpose: string;
      readonly method: 'APP' | 'EMAIL' | null;
      readonly verifiedAt: string;
      readonly action: ActionFields | null;
      readonly session: Pick<
        CheckedSession,
        'id' | 'accountId' | 'externalId' | 'deviceId' | 'isTrusted' | 'reason' | 'lastUsedAt'
      > | null;
    }
  | { readonly __typename: 'ReceiptVoid'; readonly message: string };

/** Somebody whom a product holds. */
export interface Person {
  readonly backend: Backend;
  readonly accountId: string;
  /** Null: the account is their own. */
  readonly externalId: string | null;
  readonly email: string;
}

/** Holds somebody of whom nothing but the address is known: no device, two-step verification off. */
export async function heldPerson(servers: Servers, backend: Backend): Promise<Person> {
  const [externalId, email] = [`user:${randomUUID()}`, `${randomUUID()}@example.com`];
  const { id } = await servers.database.row<{ id: string }>(
    'insert into account (client_id, external_id, subject_email) values ($1, $2, $3) returning id',
    [backend.id, externalId, email],
  );
  return { backend, accountId: id, externalId, email };
}

export async function epochOf(servers: Servers, { accountId }: Pick<Person, 'accountId'>): Promise<number> {
  const found = servers.database.row<{ epoch: number }>('select epoch from account where id = $1', [accountId]);
  return (await found).epoch;
}

/** A device of somebody whom a product holds, which nobody knows yet. */
export function deviceOf(servers: Servers, { email }: Person, name = 'Phone', client = servers.client()): Handset {
  return new Handset(client, servers.mailbox, { email, password: 'held elsewhere' }, name);
}

export function ask(backend: Backend, input: VerificationAsked): Promise<StartOutcome> {
  return backend.ask<StartOutcome>(START_VERIFICATION, { input: { requestId: randomUUID(), ...input } });
}

/** What was started: what the backend knows of it, and what it hands to the device. */
export interface Started {
  readonly backend: Backend;
  readonly requestId: string;
  readonly token: string;
}

/** Starts what must be startable: under the epoch that the account has now, unless said. */
export async function start(
  servers: Servers,
  person: Person,
  asked: VerificationAsked = { purpose: 'SIGN_IN' },
): Promise<Started> {
  const epoch = asked.purpose === 'CONFIRM' ? null : await epochOf(servers, person);
  const { externalId, accountId } = person;
  const named = externalId === null ? { accountId } : { externalId };
  const outcome = await ask(person.backend, { ...named, epoch, ...asked });
  if (outcome.__typename !== 'VerificationStarted') throw new Error(`not started: ${JSON.stringify(outcome)}`);
  return {
    backend: person.backend,
    requestId: outcome.verification.requestId,
    token: outcome.challengeToken,
  };
}

/** Begins on a device, which keeps its tokens where it is let in. */
export async function begin(device: Handset, { token }: { readonly token: string }): Promise<Outcome> {
  const outcome = await device.ask<Outcome>(BEGIN_VERIFICATION, {
    token,
    device: { name: device.name, platform: 'LINUX' },
    deviceToken: device.deviceToken,
  });
  return device.keep(outcome);
}

/** Begins what must ask for a code. */
export async function begun(device: Handset, started: { readonly token: string }): Promise<Challenge> {
  return asA('Challenge', await begin(device, started));
}

export function redeem({ backend, requestId }: Started, receipt: string | null): Promise<RedeemOutcome> {
  return backend.ask<RedeemOutcome>(REDEEM_RECEIPT, { requestId, receipt });
}

/** Redeems what must be good. */
export async function redeemed(
  started: Started,
  receipt: string | null,
): Promise<Extract<RedeemOutcome, { __typename: 'Verified' }>> {
  const outcome = await redeem(started, receipt);
  if (outcome.__typename !== 'Verified') throw new Error(`not redeemed: ${JSON.stringify(outcome)}`);
  return outcome;
}

export function verificationOf({ backend, requestId }: Started): Promise<VerificationFields> {
  return backend.ask<VerificationFields>(VERIFICATION, { requestId });
}

export function cancel({ backend, requestId }: Started): Promise<VerificationFields> {
  return backend.ask<VerificationFields>(CANCEL_VERIFICATION, { requestId });
}

/** Turns two-step verification on, by the code that is mailed: the device is trusted and signed in from then on. */
export async function enrol(servers: Servers, person: Person, device: Handset): Promise<SignedIn & Started> {
  const started = await start(servers, person, { purpose: 'ENABLE_TWO_STEP' });
  const challenge = await begun(device, started);
  const signedIn = asA('SignedIn', await device.verify(challenge, await servers.mailbox.code(person.email)));
  return { ...signedIn, ...started };
}

/** Somebody whom a product holds, with one trusted device that is signed in. */
export async function enrolled(
  servers: Servers,
  backend: Backend,
): Promise<{ readonly person: Person; readonly phone: Handset }> {
  const person = await heldPerson(servers, backend);
  const phone = deviceOf(servers, person);
  await enrol(servers, person, phone);
  return { person, phone };
}

/** Signs another device in with the code that a trusted one shows. @returns what the backend is to redeem */
export async function signInElsewhere(
  servers: Servers,
  person: Person,
  phone: Handset,
  name = 'Laptop',
  { trustDevice = true, client = phone.client as Client } = {},
): Promise<{ readonly device: Handset; readonly started: Started; readonly signedIn: SignedIn }> {
  const device = phone.another(name, client);
  const started = await start(servers, person);
  const challenge = await begun(device, started);
  const code = await codeShownOn(phone, challenge);
  return { device, started, signedIn: asA('SignedIn', await device.verify(challenge, code, trustDevice)) };
}

export type ConfirmOutcome =
  | { readonly __typename: 'Confirmed'; readonly receipt: string }
  | { readonly __typename: 'WrongCode'; readonly message: string; readonly attemptsRemaining: number }
  | { readonly __typename: 'ChallengeClosed'; readonly message: string; readonly state: string }
  | { readonly __typename: 'TemporarilyLocked'; readonly message: string; readonly retryAt: string | null };

export function confirmAction(
  device: Handset,
  { token }: { readonly token: string },
  code: string,
): Promise<ConfirmOutcome> {
  return device.ask<ConfirmOutcome>(CONFIRM_ACTION, { token, code });
}

/** The outcome as the member that it must be. */
export function asConfirm<Name extends ConfirmOutcome['__typename']>(
  name: Name,
  outcome: ConfirmOutcome,
): Extract<ConfirmOutcome, { __typename: Name }> {
  if (outcome.__typename !== name) throw new Error(`expected ${name}: ${JSON.stringify(outcome)}`);
  return outcome as Extract<ConfirmOutcome, { __typename: Name }>;
}

export const payment: ActionFields = {
  title: 'Transfer 250.00 € to Ana Müller',
  fields: [{ label: 'Amount', value: '250.00 €' }],
};

/** Asks on a device that is signed in for something to be confirmed, as its backend would, and begins. */
export async function askedToConfirm(
  servers: Servers,
  person: Person,
  device: Handset,
  { purpose = 'CONFIRM', action = payment }: { readonly purpose?: string; readonly action?: ActionFields } = {},
): Promise<{ readonly started: Started; readonly challenge: Challenge }> {
  const { id: sessionId } = await sessionOf(servers, device);
  const started = await start(servers, person, {
    purpose,
    sessionId,
    ...(purpose === 'CONFIRM' && { action }),
  });
  return { started, challenge: await begun(device, started) };
}

/** Whose device it is, as the backend knows them. */
export async function personOf(servers: Servers, backend: Backend, device: Handset): Promise<Person> {
  const { accountId } = await sessionOf(servers, device);
  const { externalId } = await servers.database.row<{ externalId: string | null }>(
    'select external_id as "externalId" from account where id = $1',
    [accountId],
  );
  return { backend, accountId, externalId, email: device.owner.email };
}

/** Something that waits to be confirmed. */
export interface Awaited {
  /** As trusted devices have it. */
  readonly id: string;
  readonly challengeId: string;
  readonly requestId: string;
  readonly token: string;
}

/** The same for whoever's device it is. */
export async function askFor(
  servers: Servers,
  backend: Backend,
  device: Handset,
  wish: Parameters<typeof askedToConfirm>[3] = {},
): Promise<Awaited> {
  const person = await personOf(servers, backend, device);
  const { started, challenge } = await askedToConfirm(servers, person, device, wish);
  const { requestId, token } = started;
  return { id: `cnf_${challenge.id}`, challengeId: challenge.id, requestId, token };
}

/** The code that a trusted device shows for something to be confirmed. */
export async function actionCodeShownOn(phone: Handset, { id }: { readonly id: string }): Promise<string> {
  const shown = (await confirmationsSeenBy(phone)).find((confirmation) => confirmation.id === `cnf_${id}`);
  if (!shown?.code) throw new Error(`no code is shown for it: ${JSON.stringify(shown)}`);
  return shown.code;
}
