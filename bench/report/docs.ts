import { QUIET_PERCENT } from '../meter/meter.js';
import { type Growth, type GrowthRun, growthTable, growthVerdict } from './growth.js';
import { type NamedRun, pictures } from './pictures.js';
import { type Conditions, type FigureName, labelOf, type Measured, shown } from './result.js';
import { table } from './table.js';
import { figureNames, isOperation, settingsText, unquiet } from './terminal.js';

/** What docs/speed.md is made of. */
export interface Kept {
  /** In the order of their columns. */
  readonly runs: readonly NamedRun[];
  /** Null where none was kept. */
  readonly growth: GrowthRun | null;
}

const operationFigures: readonly FigureName[] = [
  'perSecond',
  'p50Ms',
  'p99Ms',
  'serverMs',
  'postgresMs',
  'serverStatements',
  'workerStatements',
  'residentMiB',
];

/** The text of docs/speed.md. @param folder of the pictures, as the text links them */
export function speedDocument({ runs, growth }: Kept, folder: string): string {
  const image = (name: string) => `![${pictures(runs)[name]?.title}](${folder}/${name}.svg)`;
  return [
    '# Speed',
    'Written by `npm run bench -- --docs` from what `bench/results/` keeps; edit neither by hand.',
    'API server, worker, PostgreSQL, Redis, mail server and load each run in a process of their own, and share the ' +
      'cores of one machine. So rates move by tens of percent from run to run; processor time and statements do not, ' +
      'and are what to steer by. A figure is the median of its rounds. Statements include `BEGIN` and `COMMIT`; ' +
      'processor time of PostgreSQL includes that of the worker’s statements.',
    table([
      ['run', 'commit', 'measured', 'machine', 'Node', 'PostgreSQL', 'Redis'],
      ...runs.map(([name, { conditions }]) => conditionsRow(name, conditions)),
    ]),
    ...quietness(runs),
    '## Operations',
    `${runs.at(-1)?.[1].conditions.options.atOnce} at once, each beginning the next when it is done with one; figures are per operation. The second step begins when the password is done with: ` +
      'the code is sent, appears on the phone by its subscription, and is typed; the notice by mail is queued, and sent ' +
      'by the worker.',
    image('cost'),
    image('statements'),
    image('rate'),
    comparison(runs, isOperation, () => operationFigures),
    '## Subscriptions, events, start',
    image('rest'),
    comparison(
      runs,
      (one) => !isOperation(one) && !isBare(one),
      ({ figures }) => figureNames(figures),
    ),
    '## What the machine can do at all',
    'In the same runs, with nothing of the product.',
    comparison(runs, isBare, ({ figures }) => figureNames(figures)),
    ...(growth ? growthPart(growth) : []),
    '## Settings',
    'Everything else has its default.',
    settings(runs),
    '## Again',
    '```sh\nnpm run bench                              # everything, about a quarter of an hour\n' +
      'npm run bench -- --only viewer --rounds 3  # one of them\n' +
      'npm run bench -- --json bench/results/after.json\n' +
      'npm run bench -- --fill --json bench/results/growth.json\n' +
      'npm run bench -- --docs\n```',
  ]
    .join('\n\n')
    .concat('\n');
}

function isBare({ name }: Measured): boolean {
  return name.startsWith('bare ');
}

function conditionsRow(name: string, conditions: Conditions): string[] {
  const { commit, measuredAt, cores, processor, memoryGiB, node, postgres, redis } = conditions;
  const machine = `${cores} cores (${processor}), ${memoryGiB} GiB`;
  return [name, commit, measuredAt.slice(0, 10), machine, node, postgres, redis ?? 'none'];
}

/** A line for each figure, a column for each run. */
function comparison(
  runs: readonly NamedRun[],
  fits: (one: Measured) => boolean,
  figuresOf: (one: Measured) => readonly FigureName[],
): string {
  const newest = new Map(runs.flatMap(([, { measured }]) => measured.filter(fits).map((one) => [one.name, one])));
  const cell = (run: NamedRun, name: string, figure: FigureName) =>
    shown(run[1].measured.find((one) => one.name === name)?.figures ?? {}, figure);
  return table([
    ['what', 'figure', ...runs.map(([name]) => name)],
    ...[...newest.values()].flatMap((one) =>
      figuresOf(one).map((figure, nth) => [
        nth === 0 ? one.title : '',
        labelOf(figure),
        ...runs.map((run) => cell(run, one.name, figure)),
      ]),
    ),
  ]);
}

function quietness(runs: readonly NamedRun[]): string[] {
  const loud = runs.flatMap(([name, { measured }]) => {
    const told = unquiet(measured);
    return told ? [`During *${name}*:\n\n\`\`\`text\n${told}\n\`\`\``] : [];
  });
  return loud.length > 0 ? loud : [`The machine was quiet: others took at most ${QUIET_PERCENT} % of it.`];
}

function growthPart({ conditions, growth }: GrowthRun): string[] {
  const text = (count: number) => count.toLocaleString('en');
  return [
    '## A large database',
    `${sizeText(growth, text)} The same operations before and after, of people with as much each, drawn from everywhere ` +
      `(commit ${conditions.commit}, hashes as cheap as may be). Plans are those that PostgreSQL really ran (auto_explain).`,
    growthTable(growth),
    growthVerdict(growth).join('\n'),
  ];
}

function sizeText({ accounts, devices, activities, gibibytes }: Growth, text: (count: number) => string): string {
  return (
    `${text(accounts)} accounts, ${text(accounts * devices)} devices, ${text(accounts * activities)} entries of activity: ` +
    `${gibibytes.toFixed(1)} GiB.`
  );
}

function settings(runs: readonly NamedRun[]): string {
  const [, newest] = runs.at(-1) ?? [];
  return Object.entries(newest?.conditions.settings ?? {})
    .map(([reason, values]) => `- For ${reason}: \`${settingsText(values)}\``)
    .join('\n');
}
