import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { projectRoot } from '../../src/config/project.js';
import { type Edit, type Guard, patternOf, timesFound } from './guard.js';
import { guards } from './guards.js';

// Takes out one guard after the other, in a copy of the project, and runs the test that has to notice: see guards.ts.
// `npm run guards` takes all of them, `npm run guards -- NAME...` those whose names begin so.

const TEST_TIMEOUT_MS = 120_000;

/** BROKEN: nothing was shown, since the copy could not be built or tested, or does not work at all without the guard. */
interface Outcome {
  readonly kind: 'noticed' | 'UNNOTICED' | 'BROKEN';
  readonly detail: string;
}

/** What jest's `--json` tells, as far as it counts here. */
interface Report {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** A copy of the project that guards are taken out of. */
class Copy implements Disposable {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'doorstep-guards-'));

  constructor() {
    const isLeftOut = (file: string) => /^(node_modules|\.git|\.data.*|dist.*)$/.test(path.relative(projectRoot, file));
    cpSync(projectRoot, this.folder, { recursive: true, filter: (file) => !isLeftOut(file) });
    symlinkSync(path.join(projectRoot, 'node_modules'), path.join(this.folder, 'node_modules'));
    const { status, stdout, stderr } = this.run('scripts/prepare.cjs', ['--tests']);
    if (status !== 0) throw new Error(`the project does not build: ${stdout}${stderr}`);
  }

  /** The same without the guard, for as long as it is looked at. */
  try(guard: Guard): Outcome {
    const before = new Map<string, string>();
    try {
      for (const edit of guard.edits) this.apply(edit, before);
      const fault = this.build(guard);
      return fault ? { kind: 'BROKEN', detail: `the build failed: ${fault}` } : this.test(guard);
    } catch (error) {
      return { kind: 'BROKEN', detail: String(error) };
    } finally {
      for (const [file, text] of before) writeFileSync(file, text);
    }
  }

  private apply({ file, find, replace }: Edit, before: Map<string, string>): void {
    const source = path.join(this.folder, 'src', file);
    const text = readFileSync(source, 'utf8');
    const times = timesFound(find, text);
    if (times !== 1) throw new Error(`its text was found ${times} times in ${file}: ${find}`);
    if (!before.has(source)) before.set(source, text);
    writeFileSync(
      source,
      text.replace(find, () => replace),
    );
  }

  /** Builds the product alone: the tests stay as they are. @returns what the compiler says is wrong; null if it builds */
  private build({ edits }: Guard): string | null {
    // What a guard alone has used may stand unused without it.
    const relaxed = ['--noUnusedLocals', 'false', '--noUnusedParameters', 'false'];
    const isPackage = edits.some(({ file }) => file.startsWith('../packages/server/'));
    const { status, stdout } = this.run('node_modules/@doorstep/typescript/bin/tsc', [
      '-p',
      isPackage ? 'packages/server/tsconfig.json' : 'tsconfig.json',
      ...relaxed,
    ]);
    return status === 0 ? null : stdout.trim();
  }

  private test({ noticedBy: [file, title], breaks }: Guard): Outcome {
    const report = path.join(this.folder, 'dist-test', 'report.json');
    rmSync(report, { force: true });
    const { signal } = this.run('node_modules/jest/bin/jest.js', [
      ...['--testPathPatterns', `/${file}\\.test\\.js$`, '--testNamePattern', patternOf(title)],
      ...['--json', '--outputFile', report, '--silent', '--forceExit'],
    ]);
    if (signal) return { kind: breaks ? 'noticed' : 'BROKEN', detail: 'its test did not come to an end' };
    const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report;
    const results = testResults.flatMap(({ assertionResults }) => assertionResults);
    const ran = results.filter(({ status }) => status === 'passed' || status === 'failed');
    if (ran.length === 0) return { kind: 'BROKEN', detail: `no test was run: ${testResults[0]?.message ?? title}` };
    const [failed] = ran.filter(({ status }) => status === 'failed');
    if (!failed) return { kind: 'UNNOTICED', detail: `${file}: ${title}` };
    const [message = ''] = failed.failureMessages;
    const detail = `${failed.fullName}: ${firstLines(message)}`;
    return { kind: isAllBroken(message) && !breaks ? 'BROKEN' : 'noticed', detail };
  }

  private run(program: string, args: readonly string[]) {
    const ended = spawnSync(process.execPath, [program, ...args], {
      cwd: this.folder,
      encoding: 'utf8',
      timeout: TEST_TIMEOUT_MS,
      killSignal: 'SIGKILL',
      maxBuffer: 1e8,
    });
    if (ended.error && !ended.signal) throw ended.error;
    return ended;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Without the guard the product has to work, and do what it must not: an answer that is an error of ours shows nothing. */
function isAllBroken(message: string): boolean {
  return /^Error: (errors in the answer|expected one error).*INTERNAL_SERVER_ERROR|for a hook/.test(message);
}

function firstLines(message: string): string {
  const [text = ''] = stripVTControlCharacters(message).split('\n    at ');
  return text.replace(/\s+/g, ' ').trim().slice(0, 200);
}

const asked = process.argv.slice(2);
const chosen = guards.filter(({ name }) => asked.length === 0 || asked.some((start) => name.startsWith(start)));
using copy = new Copy();
let failures = chosen.length === 0 ? 1 : 0;
for (const guard of chosen) {
  const startedAt = performance.now();
  const outcome = copy.try(guard);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  if (outcome.kind !== 'noticed') failures += 1;
  process.stdout.write(`${outcome.kind.padEnd(9)} ${guard.name} (${seconds} s)\n          ${outcome.detail}\n`);
}
process.stdout.write(`${chosen.length - failures} of ${chosen.length} guards are noticed when they are taken out\n`);
process.exitCode = failures > 0 ? 1 : 0;
