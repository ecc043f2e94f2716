import { checkCauses } from './checks/causes.js';
import { checkCodes, checkPasswords } from './checks/codes.js';
import { checkEndings, checkFailures } from './checks/endings.js';
import { checkEntries } from './checks/entries.js';
import { checkMails, checkProcesses } from './checks/mails.js';
import { checkAnswers, checkEffects, checkSends, checkWatches } from './checks/operations.js';
import { checkEndOfSessions, checkServed, checkSockets } from './checks/revocation.js';
import type { Check, Evidence, Violation } from './violation.js';

const checks: readonly Check[] = [
  checkCauses,
  checkEndings,
  checkFailures,
  checkCodes,
  checkPasswords,
  checkEndOfSessions,
  checkServed,
  checkSockets,
  checkMails,
  checkProcesses,
  checkEntries,
  checkAnswers,
  checkEffects,
  checkSends,
  checkWatches,
];

/** Holds the promises against what was seen from outside and what was stored; a pure function. */
export function findViolations(evidence: Evidence): Violation[] {
  return checks.flatMap((check) => check(evidence));
}
