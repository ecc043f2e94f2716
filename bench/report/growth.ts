import type { PlansSeen } from '../fill/plans.js';
import { type Conditions, type Figures, shown } from './result.js';
import { table } from './table.js';

/** What may become of a time when the database grows: so many times what it was. */
export const MOST_TIMES = 1.3;

/** The same on a small and on a large database. */
export interface Growth {
  readonly accounts: number;
  /** Each account's. */
  readonly devices: number;
  readonly activities: number;
  readonly gibibytes: number;
  readonly filledInSeconds: number;
  readonly operations: readonly {
    readonly name: string;
    readonly title: string;
    readonly small: Figures;
    readonly large: Figures;
  }[];
  readonly plans: PlansSeen;
}

/** A run that let the database grow, as it is kept in JSON. */
export interface GrowthRun {
  readonly conditions: Conditions;
  readonly growth: Growth;
}

/** Operations on both databases, a line each. */
export function growthTable({ operations, accounts }: Growth): string {
  const large = `${accounts.toLocaleString('en')} accounts`;
  const times = (small = 0, after = 0) => (small > 0 ? (after / small).toFixed(2) : '–');
  return table([
    ['one operation', 'p50 ms', large, 'times', 'PostgreSQL ms', large, 'times'],
    ...operations.map(({ title, small, large: after }) => [
      title,
      shown(small, 'p50Ms'),
      shown(after, 'p50Ms'),
      times(small.p50Ms, after.p50Ms),
      shown(small, 'postgresMs'),
      shown(after, 'postgresMs'),
      times(small.postgresMs, after.postgresMs),
    ]),
  ]);
}

/** The operations that became slower than they may. */
export function tooSlow({ operations }: Growth): string[] {
  return operations
    .filter(({ small, large }) => (large.p50Ms ?? 0) > MOST_TIMES * (small.p50Ms ?? 0))
    .map(({ title }) => title);
}

/** What was found, in sentences. */
export function growthVerdict(growth: Growth): string[] {
  const slow = tooSlow(growth);
  const { statements, fullScans } = growth.plans;
  return [
    slow.length === 0
      ? `All of them stay within ${MOST_TIMES} times.`
      : `More than ${MOST_TIMES} times: ${slow.join('; ')}.`,
    fullScans.length === 0
      ? `Each of the ${statements} statements that ran reads the big tables by an index.`
      : `Of the ${statements} statements that ran, ${fullScans.length} read a big table from end to end:`,
    ...fullScans.map(({ table: name, query }) => `- \`${name}\`: \`${query}\``),
  ];
}
