// What the benchmark sends: no more than a client needs, and nothing that only the newest server knows.

const challenge = '... on Challenge { id token }';
const signedIn = '... on SignedIn { sessionToken deviceToken }';
const problem = '... on Problem { message }';

export const SIGN_UP = `mutation ($input: SignUpInput!) { result: signUp(input: $input) {
  __typename ${challenge} ${problem} } }`;

export const SIGN_IN = `mutation ($input: SignInInput!) { result: signIn(input: $input) {
  __typename ${signedIn} ${challenge} ${problem} } }`;

export const SEND_CODE = `mutation ($token: String!) { result: sendCode(challengeToken: $token, method: APP) {
  __typename ${challenge} ${problem} } }`;

export const VERIFY_CODE = `mutation ($token: String!, $code: String!) {
  result: verifyCode(challengeToken: $token, code: $code, trustDevice: true) { __typename ${signedIn} ${problem} } }`;

export const START_TWO_STEP_SETUP = `mutation { result: startTwoStepSetup { __typename ${challenge} ${problem} } }`;

export const ENABLE_TWO_STEP = `mutation ($token: String!, $code: String!) {
  result: enableTwoStep(challengeToken: $token, code: $code) { __typename ${problem} } }`;

export const VIEWER = '{ result: viewer { id email } }';

export const ACTIVITY = `query ($after: String) { result: viewer { loginActivity(first: 5, after: $after) {
  edges { node { id type occurredAt deviceName ipAddress count } } pageInfo { endCursor hasNextPage } } } }`;

export const CHECK = 'query ($token: String!) { result: session(token: $token) { id email isTrusted mayBeKept } }';

export const FEED = 'subscription { events { cursor type accountId sessionId } }';

export const LOGIN_REQUESTS = 'subscription { loginRequests { id state code deviceName sentAt expiresAt } }';

export interface Challenge {
  readonly __typename: 'Challenge';
  readonly id: string;
  readonly token: string;
}

export interface SignedIn {
  readonly __typename: 'SignedIn';
  readonly sessionToken: string;
  readonly deviceToken: string;
}

export interface LoginRequest {
  readonly id: string;
  readonly state: string;
  readonly code: string | null;
  readonly sentAt: string | null;
}

export interface ActivityPage {
  readonly loginActivity: {
    readonly edges: readonly unknown[];
    readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean };
  };
}

/** What the answers are: the members that are asked for, or a refusal. */
export type Outcome = Challenge | SignedIn | { readonly __typename: string; readonly message?: string };

/** The outcome as the member that it must be. @throws Error that shows any other */
export function asA<Name extends 'Challenge' | 'SignedIn'>(
  name: Name,
  outcome: Outcome,
): Extract<Outcome, { __typename: Name }> {
  if (outcome.__typename !== name) throw new Error(`expected ${name}: ${JSON.stringify(outcome)}`);
  return outcome as Extract<Outcome, { __typename: Name }>;
}
