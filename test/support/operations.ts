// The documents that the tests send: they ask for whatever a test may want to read.

const device = 'id name isCurrent isTrusted isOnline notificationsEnabled';
const challenge = `id token purpose state method availableMethods sentTo codeLength expiresAt attemptsRemaining resendAt
  help deliveries { id method state changedAt devicesReached reason hint }`;
const loginRequest = 'id state code deviceName device { id } sentAt expiresAt';
const account = `id email twoStep { enabled enabledAt defaultMethod } currentDevice { ${device} }
  devices { ${device} } trustedDevices { id } loginRequests { ${loginRequest} }`;

const onChallenge = `... on Challenge { ${challenge} }`;
const onSignedIn = `... on SignedIn {
  account { id email } device { ${device} } session { id } sessionToken sessionExpiresAt deviceToken receipt }`;
const onProblem = '... on Problem { message }';
const onLocked = '... on TemporarilyLocked { retryAt }';
const onWrongCode = '... on WrongCode { attemptsRemaining }';
const onClosed = '... on ChallengeClosed { state }';

export const SIGN_UP = `mutation ($input: SignUpInput!) { result: signUp(input: $input) {
  __typename ${onChallenge} ${onProblem} ... on WeakPassword { suggestions } } }`;

export const SIGN_IN = `mutation ($input: SignInInput!) { result: signIn(input: $input) {
  __typename ${onSignedIn} ${onChallenge} ${onProblem} ${onLocked} ... on InvalidCredentials { retryAt } } }`;

export const SEND_CODE = `mutation ($token: String!, $method: VerificationMethod!) {
  result: sendCode(challengeToken: $token, method: $method) {
    __typename ${onChallenge} ${onProblem} ${onClosed} ... on ResendTooSoon { retryAt }
    ... on MethodUnavailable { availableMethods } } }`;

export const BEGIN_VERIFICATION = `mutation ($token: String!, $device: DeviceInput!, $deviceToken: String) {
  result: beginVerification(challengeToken: $token, device: $device, deviceToken: $deviceToken) {
    __typename ${onSignedIn} ${onChallenge} ${onProblem} ${onClosed} ${onLocked} } }`;

export const VERIFY_CODE = `mutation ($token: String!, $code: String!, $trustDevice: Boolean) {
  result: verifyCode(challengeToken: $token, code: $code, trustDevice: $trustDevice) {
    __typename ${onSignedIn} ${onProblem} ${onWrongCode} ${onClosed} ${onLocked} } }`;

export const START_TWO_STEP_SETUP = `mutation { result: startTwoStepSetup {
  __typename ${onChallenge} ${onProblem} } }`;

export const ENABLE_TWO_STEP = `mutation ($token: String!, $code: String!) {
  result: enableTwoStep(challengeToken: $token, code: $code) {
    __typename ... on TwoStepEnabled { sessionsEnded account { ${account} } }
    ${onProblem} ${onWrongCode} ${onClosed} } }`;

export const SIGN_OUT = 'mutation { result: signOut { sessionsEnded } }';

export const UPDATE_CURRENT_DEVICE = `mutation ($input: UpdateDeviceInput!) {
  result: updateCurrentDevice(input: $input) { ${device} } }`;

export const ACKNOWLEDGE = `mutation ($id: ID!) { result: acknowledgeLoginRequest(id: $id) { ${loginRequest} } }`;

export const DENY = `mutation ($id: ID!) { result: denyLoginRequest(id: $id) { ${loginRequest} } }`;

export const VIEWER = `{ result: viewer { ${account} } }`;

export const CHALLENGE = `query ($token: String!) { result: challenge(token: $token) { ${challenge} } }`;

export const LOGIN_REQUESTS = `subscription { loginRequests { ${loginRequest} } }`;

export const CHALLENGE_CHANGES = `subscription ($token: String!) { challenge(token: $token) { ${challenge} } }`;

export const CREATE_ACCESS_TOKEN = `mutation ($audience: String!) {
  result: createAccessToken(audience: $audience) { token expiresAt expiresInSeconds } }`;
