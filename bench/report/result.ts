import { median } from './statistics.js';

/** What can be measured, with the unit and how many digits after the point are shown; CPU and statements per operation. */
export const figureTable = {
  perSecond: ['rate', '/s', 0],
  p50Ms: ['p50', 'ms', 1],
  p99Ms: ['p99', 'ms', 1],
  serverMs: ['CPU of the server', 'ms', 2],
  postgresMs: ['CPU of PostgreSQL', 'ms', 2],
  workerMs: ['CPU of the worker', 'ms', 2],
  serverStatements: ['statements of the server', '', 1],
  workerStatements: ['statements of the worker', '', 1],
  residentMiB: ['resident memory of the server after it', 'MiB', 0],
  kibPerSocket: ['memory of each', 'KiB', 1],
  openedPerSecond: ['opening', '/s', 0],
  idleServerStatements: ['idle, statements of the server', '/s', 1],
  idleWorkerStatements: ['idle, statements of the worker', '/s', 2],
  idleServerPercent: ['idle, CPU of the server', '% of a core', 1],
  idlePostgresPercent: ['idle, CPU of PostgreSQL', '% of a core', 1],
  startMs: ['until /readyz', 'ms', 0],
  idleMiB: ['resident memory then', 'MiB', 0],
  othersPercent: ['the machine taken by others', '%', 1],
} as const satisfies Record<string, readonly [label: string, unit: string, digits: number]>;

export type FigureName = keyof typeof figureTable;

/** Some of the figures. */
export type Figures = Readonly<Partial<Record<FigureName, number>>>;

/** A thing that was measured: the medians over its rounds. */
export interface Measured {
  /** Its short name, as `--only` takes it; a second word tells variants apart. */
  readonly name: string;
  /** What it is, for people. */
  readonly title: string;
  readonly figures: Figures;
  readonly rounds: readonly Figures[];
}

/** Where and how it was measured. */
export interface Conditions {
  readonly measuredAt: string;
  /** The commit of the project, with `+` where files had changed since. */
  readonly commit: string;
  readonly cores: number;
  readonly processor: string;
  readonly memoryGiB: number;
  readonly node: string;
  readonly postgres: string;
  /** Null where there is none. */
  readonly redis: string | null;
  readonly options: Readonly<Record<string, string | number>>;
  /** What was set besides the defaults, by what it was set for. */
  readonly settings: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A whole run, as it is kept in JSON. */
export interface Run {
  readonly conditions: Conditions;
  readonly measured: readonly Measured[];
}

/** The medians of each figure over rounds that all have the same ones. */
export function mediansOf(rounds: readonly Figures[]): Figures {
  const names = Object.keys(rounds[0] ?? {}) as FigureName[];
  return Object.fromEntries(names.map((name) => [name, median(rounds.map((round) => round[name] ?? 0))]));
}

/** A figure's name and unit. */
export function labelOf(name: FigureName): string {
  const [label, unit] = figureTable[name];
  return unit ? `${label}, ${unit}` : label;
}

/** A figure as it is shown, without its unit; a dash where there is none. */
export function shown(figures: Figures, name: FigureName): string {
  const value = figures[name];
  if (value === undefined) return '–';
  const [, , digits] = figureTable[name];
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
