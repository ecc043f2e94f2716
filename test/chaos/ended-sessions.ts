import { groupedBy } from './grouping.js';
import type { Operation } from './history.js';
import type { DeviceRecord, SessionRecord, Tables } from './tables.js';
import type { Evidence } from './violation.js';

/** What an operation that was confirmed must have ended. */
export interface Ended {
  readonly operation: Operation;
  /** Sessions that were there before it began. */
  readonly sessions: readonly SessionRecord[];
  /** Devices whose trust it took away. */
  readonly untrusted: readonly DeviceRecord[];
  /** Whether pending sign-ins and set-ups ended with it. */
  readonly shutsDoor: boolean;
}

/** Which session each token ever opened, by the token's hash. */
export function sessionsByToken(tables: Tables): Map<string, string> {
  return new Map(tables.changesOf('session').map(({ after }) => [after.tokenHash, after.id]));
}

/** All that confirmed operations ended. */
export function endedBy({ history, tables }: Evidence): Ended[] {
  const accounts = new Map(tables.rows('account').map((account) => [account.email, account.id]));
  const sessions = groupedBy(tables.rows('session'), ({ accountId }) => accountId);
  const devices = groupedBy(tables.rows('device'), ({ accountId }) => accountId);
  const byToken = sessionsByToken(tables);
  return history.operations.flatMap((operation): Ended[] => {
    const { outcome, email, invokedAt, sent } = operation;
    const accountId = accounts.get(email);
    if (outcome !== 'ok' || !accountId) return [];
    const theirs = (sessions.get(accountId) ?? []).filter(({ createdAt }) => createdAt < invokedAt);
    const trusted = devices.get(accountId) ?? [];
    const own = theirs.find(({ id }) => id === byToken.get(sent.session ?? ''));
    const others = theirs.filter((session) => session !== own);
    const ended = (
      concerned: readonly SessionRecord[],
      untrusted: readonly DeviceRecord[],
      shutsDoor: boolean,
    ): Ended[] => [{ operation, sessions: concerned, untrusted, shutsDoor }];
    switch (operation.kind) {
      case 'removeDevice':
        return ended(
          theirs.filter(({ deviceId }) => deviceId === sent.deviceId),
          trusted.filter(({ id }) => id === sent.deviceId),
          true,
        );
      case 'signOut':
        return ended(own ? [own] : [], [], false);
      case 'signOutOtherSessions':
        return ended(others, [], false);
      case 'changePassword':
        return sent.signsOutOthers
          ? ended(
              others,
              trusted.filter(({ id }) => id !== own?.deviceId),
              true,
            )
          : ended([], [], true);
      case 'resetPassword':
        return ended(theirs, trusted, true);
      case 'enableTwoStep':
        return ended(others, [], true);
      case 'disableTwoStep':
        return ended([], trusted, false);
      default:
        return [];
    }
  });
}

/** From when on each session was confirmed to be over, by the session's id. */
export function confirmedEnds(all: readonly Ended[]): Map<string, number> {
  const ends = new Map<string, number>();
  for (const { operation, sessions } of all) {
    for (const { id } of sessions)
      ends.set(id, Math.min(ends.get(id) ?? Number.POSITIVE_INFINITY, operation.answeredAt));
  }
  return ends;
}
