import type { History } from './history.js';
import type { Tables } from './tables.js';

/** What is promised, in words that a violation of it is reported under. */
export type Promised =
  | 'a challenge opens one session'
  | 'every session has a cause that holds'
  | 'a try is counted before a code is compared'
  | 'a wrong code opens nothing'
  | 'a code that was given out is right'
  | 'what has ended stays ended'
  | 'only the password in force is taken'
  | 'what ends sessions ends all of them'
  | 'nothing is served to a session that has ended'
  | 'no event goes to a device that was removed'
  | 'the sockets of a session that has ended are closed'
  | 'every mail is sent or given up'
  | 'a mail that was sent was taken'
  | 'a mail sent twice is the same mail'
  | 'a mail whose fate is unknown is sent once more'
  | 'no code is mailed for a challenge that is over'
  | 'every event makes one entry of the activity'
  | 'every security event is mailed'
  | 'what was answered has happened'
  | 'what was refused has not happened'
  | 'a challenge is followed to its end'
  | 'a process runs until it is told to stop';

/** A promise that did not hold, and where to look. */
export interface Violation {
  readonly promise: Promised;
  readonly what: string;
  /** Ids, hashes and addresses by which the history of it can be found. */
  readonly about: readonly string[];
  /** When it came to light; null if there is no one moment. */
  readonly at: number | null;
}

/** What the run was started with, as far as the checks depend on it. */
export interface Terms {
  readonly challengeTries: number;
  readonly unusedSessionMs: number;
  readonly recheckMs: number;
  /** When the last fault was healed and the last client had stopped. */
  readonly healedAt: number;
  /** When the tables were read. */
  readonly readAt: number;
}

/** All that a check may look at. */
export interface Evidence {
  readonly history: History;
  readonly tables: Tables;
  readonly terms: Terms;
}

/** Looks for violations of some of the promises; a pure function. */
export type Check = (evidence: Evidence) => Violation[];
