import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { projectRoot } from '../../src/config/project.js';
import { patternOf } from '../guards/guard.js';
import { guards } from '../guards/guards.js';
import { affectedBy } from './affected.js';
import { readImports } from './imports.js';

// npm run affected: runs the tests that are near what has changed since the last commit, or with `-- --since main` since
// this branch left that one. It answers soon and is no proof: all of them are npm test.

const { values } = parseArgs({ options: { since: { type: 'string', default: 'HEAD' } } });

function git(...args: readonly string[]): string[] {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: projectRoot, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout.split('\0').filter(Boolean);
}

const say = (line: string) => void process.stdout.write(`${line}\n`);

/** Runs suites, or the tests of them that are chosen, and says which. */
function run(suites: readonly string[], lines: readonly string[], options: readonly string[] = []): void {
  if (suites.length === 0) return;
  for (const line of lines) say(line);
  const jest = path.join(projectRoot, 'node_modules', 'jest', 'bin', 'jest.js');
  const files = suites.map((suite) => path.join(projectRoot, 'dist-test', suite.replace(/\.ts$/, '.js')));
  const { status } = spawnSync(process.execPath, [jest, '--verbose=false', '--runTestsByPath', ...files, ...options], {
    cwd: projectRoot,
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
}

const changed = [
  ...git('diff', '--name-only', '--merge-base', '-z', values.since),
  ...git('ls-files', '--others', '--exclude-standard', '-z'),
];
const { unit, noticing, near, left } = affectedBy(changed, readImports(), guards);

run(unit, unit);
run(
  [...new Set(noticing.map(({ suite }) => suite))],
  noticing.map(({ suite, title, guard }) => `${suite}: ${title} (${guard})`),
  ['--testNamePattern', noticing.map(({ title }) => patternOf(title)).join('|')],
);
run(near, near);
say(`Files changed: ${changed.length}. Suites that reach them and were left to npm test: ${left}.`);
