import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
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

/** Runs suites. @returns whether all went well, once it has printed what jest said */
async function run(suites: readonly string[], options: readonly string[] = []): Promise<boolean> {
  const files = suites.map((suite) => path.join(projectRoot, 'dist-test', suite.replace(/\.ts$/, '.js')));
  const jest = path.join(projectRoot, 'node_modules', 'jest', 'bin', 'jest.js');
  const child = spawn(process.execPath, [jest, '--runTestsByPath', ...files, '--passWithNoTests', ...options], {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  process.stdout.write(`${err}${out}\n`);
  const [code] = await ended;
  return code === 0;
}

const changed = [
  ...git('diff', '--name-only', '--merge-base', '-z', values.since),
  ...git('ls-files', '--others', '--exclude-standard', '-z'),
];
const imports = readImports();
const plan = affectedBy(changed, imports, guards);

const noticing = [...new Set(plan.guards.map(({ noticedBy: [file] }) => file))];
const guarding = [...imports.keys()].filter((file) => noticing.includes(path.basename(file, '.test.ts')));
const titles = plan.guards.map(({ noticedBy: [, title] }) => patternOf(title)).join('|');

const say = (line: string) => void process.stdout.write(`${line}\n`);
for (const suite of plan.unit) say(suite);
for (const { name, noticedBy } of plan.guards) say(`${noticedBy[0]}: ${noticedBy[1]} (${name})`);
for (const suite of plan.near) say(suite);
say(`${changed.length} files changed; ${plan.left} more suites reach them, which npm test runs\n`);

const soon = [
  ...(plan.unit.length > 0 ? [run(plan.unit)] : []),
  ...(guarding.length > 0 ? [run(guarding, ['--testNamePattern', titles])] : []),
];
const isWell = await Promise.all(soon);
if (plan.near.length > 0) isWell.push(await run(plan.near));
process.exitCode = isWell.every(Boolean) ? 0 : 1;
