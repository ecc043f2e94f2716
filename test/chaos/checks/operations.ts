import { sessionsByToken } from '../ended-sessions.js';
import { groupedBy } from '../grouping.js';
import type { Operation, OperationKind } from '../history.js';
import type { Tables } from '../tables.js';
import type { Check, Evidence, Violation } from '../violation.js';

/** What was answered stands in the tables. */
export const checkAnswers: Check = ({ history, tables }) => {
  const byToken = sessionsByToken(tables);
  return history.operations.flatMap((operation): Violation[] => {
    const { kind, outcome, sent, got, answeredAt: at } = operation;
    const missing = outcome === 'ok' ? missingOf(tables, byToken, operation) : null;
    if (missing === null) return [];
    const about = [sent.challengeId, got.challengeId, sent.deviceId, got.session, sent.session, operation.email];
    const what = `${kind} answered ${got.answer}, and ${missing}`;
    return [{ promise: 'what was answered has happened', what, about: about.filter((id) => id !== undefined), at }];
  });
};

/** What of an answer is not in the tables; null if all of it is. */
function missingOf(tables: Tables, byToken: ReadonlyMap<string, string>, operation: Operation): string | null {
  const { kind, email, sent, got } = operation;
  if (got.session !== undefined) {
    const session = tables.row('session', byToken.get(got.session) ?? '');
    if (!session) return 'there is no session with that token';
    if (tables.row('account', session.accountId)?.email !== email) return "the session is another account's";
    if (kind === 'verifyCode' && session.challengeId !== sent.challengeId) return 'the session is of another challenge';
    if (got.deviceId !== undefined && session.deviceId !== got.deviceId) return 'the session is on another device';
  }
  if (sent.session !== undefined && !byToken.has(sent.session)) return 'it was asked with no session';
  const id = got.challengeId ?? sent.challengeId;
  const challenge = id === undefined ? null : tables.row('challenge', id);
  if (id !== undefined && !challenge) return 'there is no such challenge';
  if (challenge && challenge.email !== email) return 'the challenge is for another address';
  switch (kind) {
    case 'verifyCode':
    case 'enableTwoStep':
    case 'resetPassword':
      return challenge?.state === 'VERIFIED' ? null : 'the challenge was not verified';
    case 'denyLoginRequest':
      return got.state === challenge?.state || got.state === 'EXPIRED'
        ? null
        : `the challenge is ${challenge?.state}, not ${got.state}`;
    case 'acknowledgeLoginRequest': {
      const device = tables.row('session', byToken.get(sent.session ?? '') ?? '')?.deviceId;
      const isSeen = tables.row('display', `${id} ${device}`)?.seenAt != null;
      return isSeen || got.state !== 'PENDING' ? null : 'it is not noted that the code was seen';
    }
    case 'removeDevice':
      return tables.row('device', sent.deviceId ?? '')?.removedAt == null ? 'the device is still there' : null;
    case 'signOut':
      return tables.row('session', byToken.get(sent.session ?? '') ?? '')?.endedAt == null
        ? 'the session goes on'
        : null;
    default:
      return null;
  }
}

/** Something that operations do, how often it was done, and by which of them. */
interface Effect {
  readonly what: string;
  readonly email: string;
  readonly count: number;
  /** Those that say that they did it. */
  readonly isDone: (operation: Operation) => boolean;
  /** The kinds of those that may have done it where their answer is unknown. */
  readonly kinds: readonly OperationKind[];
}

/** What was done is no less than what was confirmed, and no more than that and what nobody knows of. */
export const checkEffects: Check = (evidence) => {
  const byEmail = groupedBy(evidence.history.operations, ({ email }) => email);
  return effectsOf(evidence).flatMap(({ what, email, count, isDone, kinds }): Violation[] => {
    const operations = (byEmail.get(email) ?? []).filter(({ kind }) => kinds.includes(kind));
    const confirmed = operations.filter((operation) => operation.outcome === 'ok' && isDone(operation)).length;
    const unknown = operations.filter(({ outcome }) => outcome === 'unknown').length;
    if (confirmed <= count && count <= confirmed + unknown) return [];
    const promise = count < confirmed ? 'what was answered has happened' : 'what was refused has not happened';
    const told = `${what} ${count} times; ${confirmed} were confirmed, ${unknown} are unknown`;
    return [{ promise, what: `${email}: ${told}`, about: [email], at: null }];
  });
};

function effectsOf({ tables }: Evidence): Effect[] {
  const entries = groupedBy(tables.rows('activity'), ({ accountId, type }) => `${type} ${accountId}`);
  const sessions = groupedBy(tables.rows('session'), ({ accountId }) => accountId);
  const challenges = groupedBy(tables.rows('challenge'), ({ email, purpose }) => `${purpose} ${email}`);
  return tables.rows('account').flatMap(({ id, email }): Effect[] => {
    const entry = (type: string, kind: OperationKind, isDone = (_: Operation) => true): Effect => ({
      what: `${type} was written`,
      email,
      count: entries.get(`${type} ${id}`)?.length ?? 0,
      isDone,
      kinds: [kind],
    });
    const started = (purpose: string, kind: OperationKind): Effect => ({
      what: `a ${purpose} challenge was started`,
      email,
      count: challenges.get(`${purpose} ${email}`)?.length ?? 0,
      isDone: ({ got }) => got.answer === 'Challenge',
      kinds: [kind],
    });
    const verified = (sessions.get(id) ?? []).filter(({ challengeId }) => challengeId !== null).length;
    const opened = (what: string, count: number, kind: OperationKind): Effect => ({
      what,
      email,
      count,
      isDone: ({ got }) => got.answer === 'SignedIn',
      kinds: [kind],
    });
    return [
      entry('PASSWORD_CHANGED', 'changePassword'),
      entry('PASSWORD_RESET', 'resetPassword'),
      entry('DEVICE_REMOVED', 'removeDevice'),
      entry('TWO_STEP_ENABLED', 'enableTwoStep'),
      started('SIGN_UP', 'signUp'),
      started('SIGN_IN', 'signIn'),
      started('ENABLE_TWO_STEP', 'startTwoStepSetup'),
      started('RESET_PASSWORD', 'requestPasswordReset'),
      opened('a session was opened by a code', verified, 'verifyCode'),
      opened('a session was opened without a code', (sessions.get(id)?.length ?? 0) - verified, 'signIn'),
    ];
  });
}

/** Each send that was confirmed is counted, and has its delivery. */
export const checkSends: Check = ({ history, tables }) => {
  const asked = groupedBy(
    history.operations.filter(({ kind }) => kind === 'sendCode'),
    ({ sent }) => sent.challengeId ?? '',
  );
  const deliveries = groupedBy(tables.rows('delivery'), ({ challengeId }) => challengeId ?? '');
  return tables.rows('challenge').flatMap(({ id, sends }): Violation[] => {
    const operations = asked.get(id) ?? [];
    const confirmed = operations.filter(({ outcome }) => outcome === 'ok').length + 1;
    const unknown = operations.filter(({ outcome }) => outcome === 'unknown').length;
    const written = deliveries.get(id)?.length ?? 0;
    if (written === sends && confirmed <= sends && sends <= confirmed + unknown) return [];
    const what = `challenge ${id}: ${sends} sends, ${written} deliveries; ${confirmed} were confirmed, ${unknown} are unknown`;
    const promise =
      sends > confirmed + unknown ? 'what was refused has not happened' : 'what was answered has happened';
    return [{ promise, what, about: [id], at: null }];
  });
};

/** Who follows a challenge sees how it ends. */
export const checkWatches: Check = ({ history, tables, terms }) =>
  history.watches.flatMap(({ challengeId, states, isCompleted }): Violation[] => {
    const challenge = tables.row('challenge', challengeId);
    if (!challenge) return [];
    const seen = states.at(-1);
    const isOver = challenge.state !== 'PENDING' || challenge.expiresAt <= terms.healedAt;
    // It may have run out while everything came to rest.
    const mayBeOver = isOver || (seen === 'EXPIRED' && challenge.expiresAt <= terms.readAt);
    const state = challenge.state === 'PENDING' && mayBeOver ? 'EXPIRED' : challenge.state;
    if (seen === state && isCompleted === mayBeOver) return [];
    const end = isCompleted ? 'completed' : 'still open';
    const what = `challenge ${challengeId} is ${state}, and was seen as ${states.join(', ')}; the stream is ${end}`;
    return [{ promise: 'a challenge is followed to its end', what, about: [challengeId], at: null }];
  });
