import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../src/config/project.js';

/** What the compiler keeps to know what it need not do again, as far as it counts here. Files are numbered from 1. */
interface BuildInfo {
  readonly fileNames: readonly string[];
  readonly fileIdsList: readonly (readonly number[])[];
  /** By file, which list has those that it imports. */
  readonly referencedMap: readonly (readonly [file: number, list: number])[];
}

/** What each source file imports, types included, as the last build saw it; by their paths in the project. */
export function readImports(): Map<string, string[]> {
  const product = importsIn('dist');
  // Of the product, the tests know the types alone.
  const tests = importsIn('dist-test').filter(([file]) => !file.startsWith('src/'));
  return new Map([...product, ...importsIn('packages/server/dist'), ...tests]);
}

function importsIn(folder: string): [string, string[]][] {
  const text = readFileSync(path.join(projectRoot, folder, '.tsbuildinfo'), 'utf8');
  const { fileNames, fileIdsList, referencedMap } = JSON.parse(text) as BuildInfo;
  const sources = fileNames.map((name) => sourceOf(path.posix.normalize(`${folder}/${name}`)));
  const sourceAt = (id: number) => sources[id - 1] ?? null;
  return referencedMap.flatMap(([file, list]) => {
    const source = sourceAt(file);
    const imported = (fileIdsList[list - 1] ?? []).map(sourceAt).filter((found) => found !== null);
    return source ? [[source, imported]] : [];
  });
}

/** Of the product the tests see the types that were built; null for what is not of this project. */
function sourceOf(file: string): string | null {
  const built = /^(packages\/server\/)?dist\/(.*)\.d\.ts$/.exec(file);
  if (built) return `${built[1] ?? ''}src/${built[2]}.ts`;
  return /^((packages\/server\/)?src|test|bench|migrations)\/.*\.ts$/.test(file) ? file : null;
}
