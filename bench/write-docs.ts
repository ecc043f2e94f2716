import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../src/config/project.js';
import { speedDocument } from './report/docs.js';
import type { GrowthRun } from './report/growth.js';
import { svg } from './report/picture.js';
import { type NamedRun, pictures } from './report/pictures.js';
import type { Run } from './report/result.js';

const results = path.join(projectRoot, 'bench', 'results');
const docs = path.join(projectRoot, 'docs');
const IMAGES = 'images/speed';

/**
 * Writes docs/speed.md and its pictures from `before.json`, `after.json` and `growth.json` of bench/results/, of which
 * there must be one of the first two.
 * @returns the files that were written
 */
export function writeDocs(): string[] {
  const runs = ['before', 'after'].flatMap((name): NamedRun[] => {
    const run = kept<Run>(name);
    return run ? [[name, run]] : [];
  });
  if (runs.length === 0) throw new Error(`there is neither before.json nor after.json in ${results}`);
  const files = {
    'speed.md': speedDocument({ runs, growth: kept<GrowthRun>('growth') }, IMAGES),
    ...Object.fromEntries(
      Object.entries(pictures(runs)).map(([name, picture]) => [`${IMAGES}/${name}.svg`, svg(picture)]),
    ),
  };
  mkdirSync(path.join(docs, IMAGES), { recursive: true });
  return Object.entries(files).map(([name, text]) => {
    writeFileSync(path.join(docs, name), text);
    return path.join('docs', name);
  });
}

function kept<T>(name: string): T | null {
  const file = path.join(results, `${name}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T) : null;
}
