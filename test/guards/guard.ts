/** A change to one file that takes a guard out, or a part of it. */
export interface Edit {
  /** In `src/`. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly find: string;
  /** Stands there instead, and compiles. */
  readonly replace: string;
}

/** One guard of the product, how it is taken out, and the test that must turn red without it. */
export interface Guard {
  /** For `npm run guards -- NAME`. */
  readonly name: string;
  /** What is no longer true without it. */
  readonly keeps: string;
  /** More than one where the same thing is asked twice, so that one alone would not be missed. */
  readonly edits: readonly Edit[];
  /** The test that notices: its file below `test/`, without folder and `.test.ts`, and its title as the file has it. */
  readonly noticedBy: readonly [file: string, title: string];
  /** That it is noticed by an answer that is an error of ours, or by one that never comes. */
  readonly breaks?: true;
}

/** How often a text stands in another. */
export function timesFound(find: string, text: string): number {
  return text.split(find).length - 1;
}

/** What jest takes to run a test: its title, with anything where a table fills it in. */
export function patternOf(title: string): string {
  return title
    .split(/%[a-z]|\$[a-zA-Z]+/)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
}
