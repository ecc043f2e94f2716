import type { Bar, Panel, Picture } from './picture.js';
import { type FigureName, labelOf, type Measured, type Run, shown } from './result.js';
import { figureNames, isOperation } from './terminal.js';

/** A run under the name that it has beside others: before, after. */
export type NamedRun = readonly [name: string, run: Run];

/** The pictures of runs side by side, by the name of their file. */
export function pictures(runs: readonly NamedRun[]): Readonly<Record<string, Picture>> {
  return {
    cost: {
      title: 'Processor time of one operation, ms',
      parts: ['server', 'PostgreSQL'],
      panels: operationPanels(runs, ['serverMs', 'postgresMs']),
    },
    statements: {
      title: 'Statements of one operation',
      parts: ['server', 'worker'],
      panels: operationPanels(runs, ['serverStatements', 'workerStatements']),
    },
    rate: {
      title: `Operations a second, ${runs.at(-1)?.[1].conditions.options.atOnce} at once`,
      parts: [],
      panels: operationPanels(runs, ['perSecond']),
    },
    rest: { title: 'Subscriptions, events and the start', parts: [], panels: otherPanels(runs) },
  };
}

function operationPanels(runs: readonly NamedRun[], names: readonly FigureName[]): Panel[] {
  return panelsOf(runs, isOperation).map(({ name, title }) => ({ title, bars: barsOf(runs, name, names) }));
}

/** A panel for each figure: they have nothing in common. */
function otherPanels(runs: readonly NamedRun[]): Panel[] {
  const others = panelsOf(runs, (one) => !isOperation(one) && !one.name.startsWith('bare '));
  return others.flatMap(({ name, title, figures }) =>
    figureNames(figures).map((figure) => ({
      title: `${title}: ${labelOf(figure)}`,
      bars: barsOf(runs, name, [figure]),
    })),
  );
}

/** What was measured in the last run that has it. */
function panelsOf(runs: readonly NamedRun[], fits: (one: Measured) => boolean): Measured[] {
  const byName = new Map(runs.flatMap(([, { measured }]) => measured.filter(fits).map((one) => [one.name, one])));
  return [...byName.values()];
}

function barsOf(runs: readonly NamedRun[], name: string, figures: readonly FigureName[]): Bar[] {
  return runs.flatMap(([label, { measured }]) => {
    const found = measured.find((one) => one.name === name)?.figures;
    if (!found) return [];
    const values = figures.map((figure) => found[figure] ?? 0);
    return [{ label, values, text: figures.map((figure) => shown(found, figure)).join(' + ') }];
  });
}
