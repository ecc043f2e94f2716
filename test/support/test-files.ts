import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../src/config/project.js';

/**
 * Whether a test is there, in any room.
 * @param file its file below `test/`, without folder and `.test.ts`
 * @param title as it stands in the source
 */
export function isTestThere(file: string, title: string): boolean {
  const [source, ...others] = globSync(`test/**/${file}.test.ts`, { cwd: projectRoot });
  if (!source || others.length > 0) return false;
  return readFileSync(path.join(projectRoot, source), 'utf8').includes(title);
}
