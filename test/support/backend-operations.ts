// What products' backends ask.

const SESSION = `id accountId externalId email deviceId deviceName isTrusted reason provenAt createdAt lastUsedAt expiresAt
  mayBeKept`;

export const CHECK = `query ($token: String, $id: ID, $usedFrom: IP) {
  result: session(token: $token, id: $id, usedFrom: $usedFrom) { ${SESSION} } }`;

export const PERSON = `query ($accountId: ID, $externalId: ID) {
  result: person(accountId: $accountId, externalId: $externalId) {
    accountId externalId email pendingEmail epoch twoStepEnabled lockedUntil
    devices { id name platform isTrusted isOnline hasPush receivesCodes lastSeenAt createdAt }
    sessions { ${SESSION} }
    activity(first: 100) { type occurredAt deviceName ipAddress count }
    deliveries(first: 50) { method state reason sentAt hint } } }`;

export const END_SESSION = 'mutation ($sessionId: ID!) { result: endSession(sessionId: $sessionId) { sessionsEnded } }';

export const END_TRUST = `mutation ($accountId: ID, $externalId: ID, $reason: EndReason!, $exceptSessionId: ID) {
  result: endTrust(accountId: $accountId, externalId: $externalId, reason: $reason, exceptSessionId: $exceptSessionId) {
    sessionsEnded } }`;

export const TAKE_DEVICE = 'mutation ($deviceId: ID!) { result: removeDevice(deviceId: $deviceId) { sessionsEnded } }';

/** A session as a backend is told of it. */
export interface CheckedSession {
  readonly id: string;
  readonly accountId: string;
  readonly externalId: string | null;
  readonly email: string;
  readonly deviceId: string;
  readonly deviceName: string;
  readonly isTrusted: boolean;
  readonly reason: string;
  readonly provenAt: string | null;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
  readonly expiresAt: string;
  readonly mayBeKept: number;
}
