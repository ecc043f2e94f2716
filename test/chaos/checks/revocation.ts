import { confirmedEnds, type Ended, endedBy, sessionsByToken } from '../ended-sessions.js';
import type { InjectedFault, ListeningSocket, Operation } from '../history.js';
import type { Check, Evidence, Violation } from '../violation.js';

/** How old the look at the rows may be when an event is written. */
const CHECK_VALID_MS = 1000;

/** What a server may take to close a socket once it knows. */
const CLOSING_MS = 1000;

/** Whatever ends sessions and trust has ended all of it when it is confirmed. */
export const checkEndOfSessions: Check = (evidence) =>
  endedBy(evidence).flatMap((ended) => [
    ...ended.sessions.flatMap(({ id, endedAt, challengeId, lastUsedAt, createdAt }) => {
      const { answeredAt } = ended.operation;
      const isLapsed =
        challengeId !== null && lastUsedAt === null && createdAt + evidence.terms.unusedSessionMs <= answeredAt;
      return isLapsed || (endedAt !== null && endedAt <= answeredAt) ? [] : [survived(ended, `session ${id}`, id)];
    }),
    ...ended.untrusted.flatMap(({ id, trustedAt }) => {
      const isTrusted = trustedAt !== null && trustedAt < ended.operation.invokedAt;
      return isTrusted ? [survived(ended, `the trust of device ${id}`, id)] : [];
    }),
    ...(ended.shutsDoor ? pendingThrough(evidence, ended) : []),
  ]);

function pendingThrough({ tables, terms }: Evidence, ended: Ended): Violation[] {
  const { email, invokedAt, answeredAt } = ended.operation;
  return tables.rows('challenge').flatMap((challenge) => {
    const { id, purpose, createdAt, expiresAt, endedAt } = challenge;
    const isConcerned =
      challenge.email === email && createdAt < invokedAt && (purpose === 'SIGN_IN' || purpose === 'ENABLE_TWO_STEP');
    const endsAt = Math.min(endedAt ?? Number.POSITIVE_INFINITY, expiresAt);
    return isConcerned && endsAt > Math.min(answeredAt, terms.healedAt) ? [survived(ended, `challenge ${id}`, id)] : [];
  });
}

function survived({ operation }: Ended, what: string, id: string): Violation {
  const { kind, email, answeredAt } = operation;
  return {
    promise: 'what ends sessions ends all of them',
    what: `${what} survived ${kind}`,
    about: [id, email],
    at: answeredAt,
  };
}

/** No request is served to a session that was confirmed to be over, nor to a token that was replaced. */
export const checkServed: Check = (evidence) => {
  const { history, tables } = evidence;
  const ends = confirmedEnds(endedBy(evidence));
  const byToken = sessionsByToken(tables);
  const replaced = new Map(
    history.operations
      .filter(({ kind, outcome }) => kind === 'changePassword' && outcome === 'ok')
      .map(({ sent, answeredAt }) => [sent.session ?? '', answeredAt]),
  );
  return history.operations.flatMap(({ kind, outcome, sent, invokedAt }): Violation[] => {
    if (outcome !== 'ok' || sent.session === undefined) return [];
    const overAt = Math.min(
      ends.get(byToken.get(sent.session) ?? '') ?? Number.POSITIVE_INFINITY,
      replaced.get(sent.session) ?? Number.POSITIVE_INFINITY,
    );
    if (invokedAt <= overAt) return [];
    const what = `${kind} was served ${invokedAt - overAt} ms after the session's end was confirmed`;
    return [{ promise: 'nothing is served to a session that has ended', what, about: [sent.session], at: invokedAt }];
  });
};

/** A listening socket, and when the end of its session was confirmed. */
export interface EndedSocket {
  readonly socket: ListeningSocket;
  readonly endedAt: number;
}

/** The sockets that were open when the end of their session was confirmed. */
export function endedSockets(evidence: Evidence): EndedSocket[] {
  const ends = confirmedEnds(endedBy(evidence));
  const byToken = sessionsByToken(evidence.tables);
  return evidence.history.sockets.flatMap((socket) => {
    const endedAt = ends.get(byToken.get(socket.session) ?? '');
    return endedAt !== undefined && (socket.closedAt ?? Number.POSITIVE_INFINITY) > endedAt
      ? [{ socket, endedAt }]
      : [];
  });
}

/** Once the end of its session was confirmed, a socket brings nothing new and is closed. */
export const checkSockets: Check = (evidence) =>
  endedSockets(evidence).flatMap(({ socket, endedAt }) => [
    ...socket.events.flatMap(({ at, challengeId }): Violation[] => {
      const isNew = (evidence.tables.row('challenge', challengeId)?.createdAt ?? 0) > endedAt;
      if (!isNew && at <= endedAt + CHECK_VALID_MS) return [];
      const what = `request ${challengeId} came ${at - endedAt} ms after the end of the session was confirmed`;
      return [
        { promise: 'no event goes to a device that was removed', what, about: [socket.session, challengeId], at },
      ];
    }),
    ...leftOpen(evidence, socket, endedAt),
  ]);

function leftOpen({ history, terms }: Evidence, socket: ListeningSocket, endedAt: number): Violation[] {
  const brokenUntil = lastEnd(history.faults, endedAt, socket.closedAt ?? Number.POSITIVE_INFINITY);
  const due = Math.max(endedAt, brokenUntil) + terms.recheckMs + CLOSING_MS;
  if (socket.closedAt !== null && socket.closedAt <= due) return [];
  const what = `the socket of ${socket.deviceName} was open ${(socket.closedAt ?? Number.NaN) - endedAt} ms after that`;
  return [
    { promise: 'the sockets of a session that has ended are closed', what, about: [socket.session], at: endedAt },
  ];
}

/** When the last of the faults ended that were at work between two moments. */
function lastEnd(faults: readonly InjectedFault[], from: number, to: number): number {
  return Math.max(0, ...faults.filter((fault) => fault.from < to && fault.to > from).map((fault) => fault.to));
}

/** How long sockets outlived their sessions while nothing was broken, in ms. */
export function calmClosings(evidence: Evidence): number[] {
  return endedSockets(evidence).flatMap(({ socket, endedAt }) => {
    if (socket.closedAt === null) return [];
    const isCalm = lastEnd(evidence.history.faults, endedAt - 3000, socket.closedAt) === 0;
    return isCalm ? [socket.closedAt - endedAt] : [];
  });
}

/** The operation as a line for people. */
export function inWords({ kind, deviceName, outcome, sent, got, invokedAt, answeredAt }: Operation): string {
  return `${new Date(invokedAt).toISOString()} +${answeredAt - invokedAt} ms  ${deviceName}  ${kind} ${JSON.stringify(sent)}: ${outcome} ${JSON.stringify(got)}`;
}
