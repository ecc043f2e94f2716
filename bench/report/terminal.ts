import { QUIET_PERCENT } from '../meter/meter.js';
import { type FigureName, type Figures, figureTable, labelOf, type Measured, type Run, shown } from './result.js';
import { table } from './table.js';

const operationColumns: readonly (readonly [FigureName, string])[] = [
  ['perSecond', 'per second'],
  ['p50Ms', 'p50 ms'],
  ['p99Ms', 'p99 ms'],
  ['serverMs', 'server ms'],
  ['postgresMs', 'PostgreSQL ms'],
  ['workerMs', 'worker ms'],
  ['serverStatements', 'statements'],
  ['workerStatements', 'by the worker'],
  ['residentMiB', 'server MiB'],
];

/** What is an operation with costs of its own: it stands in the first table. */
export function isOperation({ figures }: Measured): boolean {
  return figures.serverMs !== undefined;
}

/** Operations, a line each. */
export function operationTable(measured: readonly Measured[]): string {
  return table([
    ['one operation', ...operationColumns.map(([, head]) => head)],
    ...measured
      .filter(isOperation)
      .map(({ title, figures }) => [title, ...operationColumns.map(([name]) => shown(figures, name))]),
  ]);
}

/** Everything else, a line for each figure. */
export function otherTable(measured: readonly Measured[]): string {
  const rest = measured.filter((one) => !isOperation(one));
  return table([['what', 'figure', 'measured'], ...rest.flatMap(({ title, figures }) => linesOf(title, figures))]);
}

function linesOf(title: string, figures: Figures): string[][] {
  return figureNames(figures).map((name) => [title, labelOf(name), shown(figures, name)]);
}

/** The figures that there are, in the order of their list, without how quiet it was. */
export function figureNames(figures: Figures): FigureName[] {
  const names = Object.keys(figureTable) as FigureName[];
  return names.filter((name) => name !== 'othersPercent' && figures[name] !== undefined);
}

/** What was measured while others were at work: these figures are to be taken again. Null where it was quiet. */
export function unquiet(measured: readonly Measured[]): string | null {
  const disturbed = measured.flatMap(({ title, rounds }) => {
    const others = rounds.map(({ othersPercent = 0 }) => othersPercent);
    const loud = others.filter((percent) => percent > QUIET_PERCENT);
    if (loud.length === 0) return [];
    return [`${title}: ${loud.length} of ${others.length} rounds, up to ${Math.max(...loud).toFixed(0)} %`];
  });
  if (disturbed.length === 0) return null;
  return [
    `The machine was NOT QUIET: others took more than ${QUIET_PERCENT} % of it in`,
    ...disturbed.map((line) => `  ${line}`),
  ].join('\n');
}

/** A run as text for the terminal. */
export function report({ conditions, measured }: Run): string {
  const { commit, cores, processor, node, postgres, redis, settings } = conditions;
  const parts = [
    `Commit ${commit} on ${cores} cores (${processor}), Node ${node}, PostgreSQL ${postgres}, ${redis ?? 'no Redis'}.`,
    'Server, worker, stores and load share these cores. Medians of rounds; times beside rates are processor time.',
    ...Object.entries(settings).map(([reason, values]) => `Set for ${reason}: ${settingsText(values)}`),
  ];
  const some = (wanted: boolean) => measured.some((one) => isOperation(one) === wanted);
  if (some(true)) parts.push('', operationTable(measured));
  if (some(false)) parts.push('', otherTable(measured));
  return [
    ...parts,
    '',
    unquiet(measured) ?? `The machine was quiet: others took at most ${QUIET_PERCENT} % of it.`,
  ].join('\n');
}

/** Settings as `NAME=value`. */
export function settingsText(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}
