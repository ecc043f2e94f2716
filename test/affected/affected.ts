import path from 'node:path';
import type { Guard } from '../guards/guard.js';

/** A test that notices when a guard is taken out of a file that has changed. */
export interface Noticing {
  readonly suite: string;
  readonly title: string;
  readonly guard: string;
}

/** What is run after an edit, the quickest first. */
export interface Plan {
  /** Suites without a store that reach what has changed. */
  readonly unit: readonly string[];
  /** Of the other suites. */
  readonly noticing: readonly Noticing[];
  /** Suites that have changed, or import what has; where there is nothing to notice either, those of its room. */
  readonly near: readonly string[];
  /** How many more suites reach it: `npm test` runs them. */
  readonly left: number;
}

/** Suites with a store take seconds each: of those that are near, so many. */
const MOST_NEAR = 4;

/**
 * Chooses what answers an edit soon.
 * @param changed paths in the project
 * @param imports what each source file imports
 */
export function affectedBy(
  changed: readonly string[],
  imports: ReadonlyMap<string, readonly string[]>,
  guards: readonly Guard[],
): Plan {
  const distances = distancesTo(changed, imports);
  const suites = [...imports.keys()].filter(isSuite);
  const reaching = suites.filter((suite) => distances.has(suite));
  const unit = reaching.filter(isUnit);
  const others = reaching.filter((suite) => !isUnit(suite));

  const noticing = guards
    .filter(({ edits }) => edits.some(({ file }) => changed.includes(path.posix.join('src', file))))
    .flatMap(({ name, noticedBy: [file, title] }) => {
      const suite = suites.find((candidate) => path.basename(candidate, '.test.ts') === file);
      return suite && !isSlow(suite) && !unit.includes(suite) ? [{ suite, title, guard: name }] : [];
    });

  const distanceOf = (suite: string) => distances.get(suite) ?? Number.POSITIVE_INFINITY;
  const direct = others
    .filter((suite) => distanceOf(suite) === 0 || (distanceOf(suite) === 1 && !isSlow(suite)))
    .sort((a, b) => distanceOf(a) - distanceOf(b));
  const rooms = new Set(changed.map(roomOf));
  const near = direct.length + noticing.length > 0 ? direct : others.filter((suite) => rooms.has(roomOf(suite)));
  const chosen = near.slice(0, MOST_NEAR);
  const run = new Set([...chosen, ...noticing.map(({ suite }) => suite)]);
  return { unit, noticing, near: chosen, left: others.filter((suite) => !run.has(suite)).length };
}

/** How many imports lie between each file and the nearest that has changed; without those that reach none. */
function distancesTo(
  changed: readonly string[],
  imports: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, number> {
  const importers = new Map<string, string[]>();
  for (const [file, imported] of imports) {
    for (const target of imported) importers.set(target, [...(importers.get(target) ?? []), file]);
  }
  const distances = new Map(changed.map((file) => [file, 0]));
  // A map is read in the order in which it is written, also what is added meanwhile.
  for (const [file, distance] of distances) {
    for (const importer of importers.get(file) ?? []) {
      if (!distances.has(importer)) distances.set(importer, distance + 1);
    }
  }
  return distances;
}

const isSuite = (file: string) => file.endsWith('.test.ts');
const isUnit = (suite: string) => /^test\/(unit|guards)\//.test(suite);
/** These start processes, stores or browsers of their own. */
const isSlow = (suite: string) => /^test\/(faults|browser|chaos)\//.test(suite);

/** The folder of `src/`, `test/` or `test/features/` that a file is in. */
function roomOf(file: string): string {
  return /^(?:src|test\/features|test)\/([^/]+)\//.exec(file)?.[1] ?? '';
}
