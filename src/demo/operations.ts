import type { Operation } from './client.js';

/** A refusal that a person can meet, `Name` being the types that the operation may answer now. */
export interface Problem<Name extends string> {
  readonly __typename: Name;
  /** For people, ready to be shown. */
  readonly message: string;
}

/** One send of a code, and what became of it. */
export interface Delivery {
  readonly id: string;
  readonly method: 'APP' | 'EMAIL';
  readonly state: 'QUEUED' | 'SENT' | 'SEEN' | 'RETRYING' | 'FAILED';
  readonly reason: string | null;
  /** What to tell the person who waits for it. */
  readonly hint: string | null;
  readonly devicesReached: number | null;
}

/** A question that is answered with a code. */
export interface Challenge {
  readonly __typename: 'Challenge';
  readonly token: string;
  readonly state: 'PENDING' | 'VERIFIED' | 'DENIED' | 'EXPIRED' | 'LOCKED' | 'CANCELLED';
  readonly method: 'APP' | 'EMAIL';
  readonly sentTo: string;
  readonly deliveries: readonly Delivery[];
}

/** The two secrets of a device that was let in. */
export interface SignedIn {
  readonly __typename: 'SignedIn';
  readonly sessionToken: string;
  readonly deviceToken: string;
  readonly device: { readonly isTrusted: boolean };
}

/** A sign-in from elsewhere, as a trusted device sees it. */
export interface LoginRequest {
  readonly id: string;
  readonly state: Challenge['state'];
  /** Null once it is over. */
  readonly code: string | null;
  readonly deviceName: string;
  readonly location: { readonly label: string };
}

/** What a device tells of itself when it signs in. */
export interface DeviceInput {
  readonly name: string;
  readonly platform: 'ANDROID' | 'IOS' | 'WINDOWS' | 'MACOS' | 'LINUX' | 'WEB' | 'OTHER';
  /** Left out, it counts as true on a new device. */
  readonly notificationsEnabled?: boolean;
}

/** A row of the account's list of devices. */
export interface Device {
  readonly name: string;
  readonly isTrusted: boolean;
  readonly isOnline: boolean;
  readonly isCurrent: boolean;
}

type None = Record<string, never>;
type Credentials = { readonly email: string; readonly password: string; readonly device: DeviceInput };

const challengeParts = `
  __typename token state method sentTo
  deliveries { id method state reason hint devicesReached }`;
const signedInParts = '__typename sessionToken deviceToken device { isTrusted }';
const loginRequestParts = 'id state code deviceName location { label }';
// A type that this client does not know yet is still a refusal with a message.
const problemParts = '... on Problem { __typename message }';

function operation<Data, Variables>(query: string): Operation<Data, Variables> {
  return { query };
}

/** Asks nothing: whether a server answers. */
export const Ping = operation<{ __typename: string }, None>('{ __typename }');

/** Starts an account. */
export const SignUp = operation<{ signUp: Challenge | Problem<'WeakPassword'> }, { input: Credentials }>(`
  mutation SignUp($input: SignUpInput!) {
    signUp(input: $input) { ... on Challenge { ${challengeParts} } ${problemParts} }
  }`);

/** Signs in, or starts the second step. */
export const SignIn = operation<
  { signIn: SignedIn | Challenge | Problem<'InvalidCredentials' | 'TemporarilyLocked'> },
  { input: Credentials & { readonly deviceToken: string | null } }
>(`
  mutation SignIn($input: SignInInput!) {
    signIn(input: $input) { ... on SignedIn { ${signedInParts} } ... on Challenge { ${challengeParts} } ${problemParts} }
  }`);

/** Sends a challenge's code again, or another way. */
export const SendCode = operation<
  { sendCode: Challenge | Problem<'ChallengeClosed' | 'ResendTooSoon' | 'SendLimitReached' | 'MethodUnavailable'> },
  { token: string; method: Challenge['method'] }
>(`
  mutation SendCode($token: String!, $method: VerificationMethod!) {
    sendCode(challengeToken: $token, method: $method) { ... on Challenge { ${challengeParts} } ${problemParts} }
  }`);

/** Ends a sign-up or a sign-in with a session. */
export const VerifyCode = operation<
  { verifyCode: SignedIn | Problem<'WrongCode' | 'ChallengeClosed' | 'TemporarilyLocked'> },
  { token: string; code: string }
>(`
  mutation VerifyCode($token: String!, $code: String!) {
    verifyCode(challengeToken: $token, code: $code) { ... on SignedIn { ${signedInParts} } ${problemParts} }
  }`);

/** The challenge now and at each change, for the device that answers it; needs no session. */
export const WatchChallenge = operation<{ challenge: Challenge }, { token: string }>(`
  subscription WatchChallenge($token: String!) { challenge(token: $token) { ${challengeParts} } }`);

/** Has a code sent to the account's address. */
export const StartTwoStepSetup = operation<{ startTwoStepSetup: Challenge | Problem<'TwoStepAlreadyEnabled'> }, None>(`
  mutation StartTwoStepSetup {
    startTwoStepSetup { ... on Challenge { ${challengeParts} } ${problemParts} }
  }`);

/** Turns two-step verification on. */
export const EnableTwoStep = operation<
  { enableTwoStep: { __typename: 'TwoStepEnabled' } | Problem<'WrongCode' | 'ChallengeClosed'> },
  { token: string; code: string }
>(`
  mutation EnableTwoStep($token: String!, $code: String!) {
    enableTwoStep(challengeToken: $token, code: $code) { ... on TwoStepEnabled { __typename } ${problemParts} }
  }`);

/** Says whether the app on this device may show notifications. */
export const ReportNotifications = operation<{ updateCurrentDevice: { name: string } }, { enabled: boolean }>(`
  mutation ReportNotifications($enabled: Boolean!) {
    updateCurrentDevice(input: { notificationsEnabled: $enabled }) { name }
  }`);

/** The live codes, for a trusted device. */
export const LoginRequests = operation<{ loginRequests: LoginRequest }, None>(`
  subscription LoginRequests { loginRequests { ${loginRequestParts} } }`);

/** Says that a code is on the screen. */
export const AcknowledgeLoginRequest = operation<{ acknowledgeLoginRequest: LoginRequest }, { id: string }>(`
  mutation AcknowledgeLoginRequest($id: ID!) { acknowledgeLoginRequest(id: $id) { ${loginRequestParts} } }`);

/** Ends the session. */
export const SignOut = operation<{ signOut: { sessionsEnded: number } }, None>(`
  mutation SignOut { signOut { sessionsEnded } }`);

/** The account's devices; no viewer where the session is over. */
export const Devices = operation<{ viewer: { devices: readonly Device[] } | null }, None>(`
  query Devices { viewer { devices { name isTrusted isOnline isCurrent } } }`);
