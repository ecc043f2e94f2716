import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { projectRoot } from '../../src/config/project.js';
import { readText } from './examples.js';
import { until, within } from './waiting.js';

/** What a person who follows a document has waited for by then, on a machine that has other work too. */
const PATIENCE_MS = 60_000;

/** The commands of a document, by name: its blocks that begin with ```` ```sh example=name ````. */
export function commandsIn(file: string): Map<string, string> {
  const blocks = readText(file).matchAll(/^```sh example=(\w+)\n(.*?)^```$/gms);
  return new Map([...blocks].map(([, name = '', text = '']) => [name, text]));
}

/** The programs of a document, by the name of their file: its blocks that begin with ```` ```js file=name ````. */
export function programsIn(file: string): Map<string, string> {
  const blocks = readText(file).matchAll(/^```\w+ file=([\w.-]+)\n(.*?)^```$/gms);
  return new Map([...blocks].map(([, name = '', text = '']) => [name, text]));
}

/** A terminal in which a command runs: what it prints, and what is typed. */
export class Terminal implements AsyncDisposable {
  private output = '';
  private readonly ended: Promise<unknown>;

  private constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    // Not before all of its output has come.
    this.ended = once(child, 'close');
  }

  /** @param folder within the project, or absolute */
  static run(command: string, folder: string, env: Readonly<Record<string, string>> = {}): Terminal {
    const child = spawn('sh', ['-ec', command], {
      cwd: path.resolve(projectRoot, folder),
      env: { ...process.env, ...env },
      stdio: 'pipe',
      // A group of its own, as in a terminal: Ctrl-C reaches all of it.
      detached: true,
    });
    return new Terminal(child);
  }

  /** All that was printed, once this is part of it. */
  async says(text: string | RegExp): Promise<string> {
    await until(
      () => {
        if (typeof text === 'string' ? this.output.includes(text) : text.test(this.output)) return true;
        if (this.child.exitCode !== null) throw new Error(`it has ended, and said:\n${this.output}`);
        return false;
      },
      `'${text}' in a terminal that says:\n${this.output}`,
      PATIENCE_MS,
    );
    return this.output;
  }

  type(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  /** @returns all that it has printed, once it has ended by itself, with that exit code */
  async end(code = 0): Promise<string> {
    await within(this.ended, `the end of a command that says:\n${this.output}`, PATIENCE_MS);
    if (this.child.exitCode !== code) throw new Error(`it ended with ${this.child.exitCode}:\n${this.output}`);
    return this.output;
  }

  /** Ctrl-C. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) process.kill(-(this.child.pid ?? 0), 'SIGINT');
    await within(this.ended, 'the end of an interrupted command');
  }
}
