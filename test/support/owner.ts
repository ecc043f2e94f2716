import type { Handset } from './handset.js';
import { asA, type Challenge, promptId, type SignedIn } from './outcomes.js';

// What the owner of an account does besides signing in, as documents and as calls on one of the account's devices.

const location = 'label city region countryCode latitude longitude accuracyRadiusKm';
const device = `id name model platform osVersion appVersion isCurrent isTrusted trustedAt trustExpiresAt
  notificationsEnabled isOnline hasPush receivesCodes lastSeenAt lastIpAddress lastLocation { ${location} } createdAt`;

export const DEVICES = `{ result: viewer { currentDevice { id } trustedDevices { id } devices { ${device} } } }`;

const session = 'id isCurrent createdAt lastUsedAt provenAt expiresAt device { id name isCurrent }';

export const SESSIONS = `{ result: viewer { currentSession { id } sessions { ${session} } } }`;

export const END_SESSION = 'mutation ($id: ID!) { result: endSession(id: $id) { sessionsEnded } }';

export const RENAME_DEVICE = `mutation ($id: ID!, $name: String!) {
  result: renameDevice(id: $id, name: $name) { ${device} } }`;

export const REMOVE_DEVICE = `mutation ($id: ID!) { result: removeDevice(id: $id) {
  __typename deviceId sessionsEnded account { id devices { id } } } }`;

export const CHANGE_PASSWORD = `mutation ($currentPassword: String!, $newPassword: String!, $signOutOtherDevices: Boolean) {
  result: changePassword(currentPassword: $currentPassword, newPassword: $newPassword, signOutOtherDevices: $signOutOtherDevices) {
    __typename ... on PasswordChanged { sessionsEnded sessionToken account { id trustedDevices { id } } }
    ... on Problem { message } ... on WrongPassword { retryAt } ... on WeakPassword { suggestions } } }`;

export const DISABLE_TWO_STEP = `mutation ($password: String!) { result: disableTwoStep(password: $password) {
  __typename ... on TwoStepDisabled { account { twoStep { enabled } trustedDevices { id } } }
  ... on Problem { message } ... on WrongPassword { retryAt } } }`;

export const REQUEST_PASSWORD_RESET = `mutation ($email: EmailAddress!) { result: requestPasswordReset(email: $email) {
  __typename id token purpose state method availableMethods sentTo codeLength expiresAt attemptsRemaining resendAt help
  deliveries { id } } }`;

export const RESET_PASSWORD = `mutation ($token: String!, $code: String!, $newPassword: String!) {
  result: resetPassword(challengeToken: $token, code: $code, newPassword: $newPassword) {
    __typename ... on PasswordReset { sessionsEnded } ... on Problem { message }
    ... on WrongCode { attemptsRemaining } ... on ChallengeClosed { state } ... on WeakPassword { suggestions } } }`;

export const SIGN_OUT_OTHERS = 'mutation { result: signOutOtherSessions { sessionsEnded } }';

export const CREATE_SUPPORT_REPORT = `mutation ($token: String) {
  result: createSupportReport(challengeToken: $token) { id createdAt text } }`;

/** Every field of a device. */
export interface FullDevice {
  readonly id: string;
  readonly name: string;
  readonly isCurrent: boolean;
  readonly isTrusted: boolean;
  readonly isOnline: boolean;
  readonly trustedAt: string | null;
  readonly trustExpiresAt: string | null;
  readonly lastSeenAt: string;
  readonly [field: string]: unknown;
}

/** Every field of a session, but for what its device is. */
export interface FullSession {
  readonly id: string;
  readonly device: { readonly id: string; readonly name: string; readonly isCurrent: boolean };
  readonly isCurrent: boolean;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
  readonly provenAt: string | null;
  readonly expiresAt: string;
}

/** Every member of the unions that these calls answer with. */
export type OwnerOutcome =
  | {
      readonly __typename: 'PasswordChanged';
      readonly sessionsEnded: number;
      readonly sessionToken: string;
      readonly account: { readonly trustedDevices: readonly { readonly id: string }[] };
    }
  | { readonly __typename: 'PasswordReset'; readonly sessionsEnded: number }
  | {
      readonly __typename: 'TwoStepDisabled';
      readonly account: {
        readonly twoStep: { readonly enabled: boolean };
        readonly trustedDevices: readonly { readonly id: string }[];
      };
    }
  | { readonly __typename: 'WrongPassword'; readonly message: string; readonly retryAt: string | null }
  | { readonly __typename: 'WeakPassword'; readonly message: string; readonly suggestions: readonly string[] }
  | { readonly __typename: 'WrongCode'; readonly message: string; readonly attemptsRemaining: number }
  | { readonly __typename: 'ChallengeClosed'; readonly message: string; readonly state: string };

/** The answer as the member that it must be; anything else fails the test and is shown. */
export function member<Name extends OwnerOutcome['__typename']>(
  name: Name,
  outcome: OwnerOutcome,
): Extract<OwnerOutcome, { __typename: Name }> {
  if (outcome.__typename !== name) throw new Error(`expected ${name}: ${JSON.stringify(outcome)}`);
  return outcome as Extract<OwnerOutcome, { __typename: Name }>;
}

/** Every device of the account, with all that can be asked of it, as this one sees it. */
export async function devicesSeenBy(handset: Handset): Promise<readonly FullDevice[]> {
  const { devices } = await handset.ask<{ devices: readonly FullDevice[] }>(DEVICES);
  return devices;
}

/** The device that a handset is. */
export async function deviceOf(handset: Handset): Promise<FullDevice> {
  const own = (await devicesSeenBy(handset)).find(({ isCurrent }) => isCurrent);
  if (!own) throw new Error('the handset is not among the devices of its account');
  return own;
}

/** The live sessions of the account, as this device sees them. */
export async function sessionsSeenBy(handset: Handset): Promise<readonly FullSession[]> {
  const { sessions } = await handset.ask<{ sessions: readonly FullSession[] }>(SESSIONS);
  return sessions;
}

/** The session that a handset has. */
export async function sessionOf(handset: Handset): Promise<FullSession> {
  const own = (await sessionsSeenBy(handset)).find(({ isCurrent }) => isCurrent);
  if (!own) throw new Error('the session of the handset is not among those of its account');
  return own;
}

/** Ends a session from another one. @returns how many ended by that: 0 or 1 */
export async function endSession(handset: Handset, id: string): Promise<number> {
  const { sessionsEnded } = await handset.ask<{ sessionsEnded: number }>(END_SESSION, { id });
  return sessionsEnded;
}

/** Takes a device off the account of the one that asks. */
export function removeDevice(
  handset: Handset,
  id: string,
): Promise<{ deviceId: string; sessionsEnded: number; account: { devices: { id: string }[] } | null }> {
  return handset.ask(REMOVE_DEVICE, { id });
}

/** Changes the password, and keeps the new session token where that worked. */
export async function changePassword(
  handset: Handset,
  newPassword: string,
  { currentPassword = handset.owner.password, signOutOtherDevices = true } = {},
): Promise<OwnerOutcome> {
  const variables = { currentPassword, newPassword, signOutOtherDevices };
  const outcome = await handset.ask<OwnerOutcome>(CHANGE_PASSWORD, variables);
  if (outcome.__typename === 'PasswordChanged') handset.sessionToken = outcome.sessionToken;
  return outcome;
}

export function disableTwoStep(handset: Handset, password = handset.owner.password): Promise<OwnerOutcome> {
  return handset.ask(DISABLE_TWO_STEP, { password });
}

/** Asks for a reset, as somebody who is not signed in. */
export function requestReset(handset: Handset, email = handset.owner.email): Promise<Challenge> {
  return handset.ask(REQUEST_PASSWORD_RESET, { email }, { token: null });
}

export function resetPassword(
  handset: Handset,
  { token }: { token: string },
  code: string,
  newPassword: string,
): Promise<OwnerOutcome> {
  return handset.ask(RESET_PASSWORD, { token, code, newPassword }, { token: null });
}

/** Resets the password with the code that the mailbox receives. @returns the sessions that ended by that */
export async function resetByMail(handset: Handset, newPassword: string): Promise<number> {
  const challenge = await requestReset(handset);
  const code = await handset.mailbox.code(handset.owner.email);
  return member('PasswordReset', await resetPassword(handset, challenge, code, newPassword)).sessionsEnded;
}

/** The code that a trusted device shows for a challenge. */
export async function codeShownOn(trusted: Handset, challenge: { id: string }): Promise<string> {
  const request = (await trusted.viewer())?.loginRequests.find(({ id }) => id === promptId(challenge));
  if (!request?.code) throw new Error(`no code is shown for the challenge: ${JSON.stringify(request)}`);
  return request.code;
}

/** Signs a device in with the code that a trusted one shows. */
export async function letIn(trusted: Handset, newcomer: Handset, trustDevice = true): Promise<SignedIn> {
  const challenge = await newcomer.challenged();
  return asA('SignedIn', await newcomer.verify(challenge, await codeShownOn(trusted, challenge), trustDevice));
}

/** A code of the same length that is not the right one. */
export function wrongCode(code: string): string {
  return code.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10));
}
