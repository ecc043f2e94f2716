import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../../src/config/project.js';

/** Runs `migration:up` as an operator does, but of the code that is tested, whatever else was built before. */
export function migrateByHand(env: Readonly<Record<string, string>>): Promise<{ stdout: string; stderr: string }> {
  const cli = path.join(projectRoot, 'node_modules', '@mikro-orm', 'cli', 'cli.js');
  const config = path.join(import.meta.dirname, '../../src/orm.config.js');
  return promisify(execFile)(process.execPath, [cli, 'migration:up', '--config', config], { cwd: projectRoot, env });
}
