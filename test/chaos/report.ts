import type { ChaosOptions, ChaosResult } from './chaos.js';
import { calmClosings, endedSockets, inWords } from './checks/revocation.js';
import { groupedBy } from './grouping.js';
import type { Operation } from './history.js';
import type { Violation } from './violation.js';

/** How far around a violation the history is shown. */
const AROUND_MS = 15_000;
const VIOLATIONS_SHOWN = 10;
const LINES_SHOWN = 40;

/** What was done, what was broken, and what came of it, for people. */
export function summaryOf(options: ChaosOptions, result: ChaosResult): string {
  const { history, tables } = result.evidence;
  const { operations, faults, mails } = history;
  const unknown = operations.filter(({ outcome }) => outcome === 'unknown');
  const taken = mails.filter(({ isTaken }) => isTaken);
  const compared = operations.filter(
    ({ kind, got }) => kind === 'verifyCode' && ['SignedIn', 'WrongCode'].includes(got.answer),
  );
  const tries = tables.rows('challenge').reduce((sum, challenge) => sum + challenge.tries, 0);
  const wrong = operations.filter(({ got }) => got.answer === 'WrongCode').length;
  const closings = endedSockets(result.evidence).flatMap(({ socket, endedAt }) =>
    socket.closedAt === null ? [] : [socket.closedAt - endedAt],
  );
  return [
    `seed ${options.seed}, ${options.seconds} s, ${options.withRedis ? 'PostgreSQL and Redis' : 'PostgreSQL alone'}`,
    'The plan of clients and faults follows from the seed; how they fall together in time does not.',
    '',
    `operations     ${operations.length}: ${counted(operations, ({ outcome }) => outcome)}`,
    ...[...groupedBy(operations, ({ kind }) => kind)].map(
      ([kind, ofKind]) => `  ${kind.padEnd(26)} ${counted(ofKind, answerOf)}`,
    ),
    `  unknown                    ${counted(unknown, ({ got }) => got.answer)}`,
    `faults         ${faults.length}: ${counted(faults, ({ kind }) => kind)}`,
    `healed         everything served again ${result.healingMs} ms after the last fault`,
    `sessions made  ${tables.rows('session').length}: ${counted(tables.rows('session'), ({ reason }) => reason)}`,
    `codes          ${tries} tries counted; ${compared.length} answers to sign-ins that a code was compared, ${wrong} wrong ones in all`,
    `mails          ${mails.length} tries, ${taken.length} taken, ${taken.length - new Set(taken.map(({ deliveryId }) => deliveryId)).size} of them twice`,
    `challenges     ${tables.rows('challenge').length}: ${counted(tables.rows('challenge'), ({ state }) => state)}`,
    `followed       ${history.watches.length} challenges; ${result.heardLate} heard of the end only when they came back`,
    `sockets        ${history.sockets.length} listened; ${closings.length} outlived their session: ${spread(closings)}`,
    `               ${spread(calmClosings(result.evidence))} while nothing was broken`,
    `violations     ${result.violations.length}`,
  ].join('\n');
}

/** The violations, each with the part of the history that it is about. */
export function violationsInWords({ evidence, violations }: ChaosResult): string {
  const shown = violations.slice(0, VIOLATIONS_SHOWN).map((violation) => {
    const lines = around(evidence.history.operations, violation).map((operation) => `    ${inWords(operation)}`);
    const at = violation.at === null ? '' : ` (${new Date(violation.at).toISOString()})`;
    return [`- ${violation.promise}: ${violation.what}${at}`, ...lines].join('\n');
  });
  const more = violations.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}

/** The operations that have to do with it. */
function around(operations: readonly Operation[], { about, at }: Violation): Operation[] {
  const ids = about.filter((id) => id !== '');
  return operations
    .filter(({ invokedAt, answeredAt }) => at === null || (invokedAt < at + AROUND_MS && answeredAt > at - AROUND_MS))
    .filter(({ sent, got, email }) =>
      [email, ...Object.values(sent), ...Object.values(got)].some((value) => ids.includes(String(value))),
    )
    .slice(-LINES_SHOWN);
}

function answerOf({ outcome, got }: Operation): string {
  return outcome === 'unknown' ? 'unknown' : got.answer;
}

/** How often each value comes, the most frequent first. */
function counted<T>(values: readonly T[], nameOf: (value: T) => string): string {
  return [...groupedBy(values, nameOf)]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([name, { length }]) => `${length} ${name}`)
    .join(', ');
}

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
  return `${sorted.length} of them, ${at(0.5)} ms in the middle, ${at(0.95)} ms for 95 %, ${at(1)} ms at most`;
}
