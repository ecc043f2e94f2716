import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from './client.js';
import { endProcess, freePort } from './store.js';
import { until, within } from './waiting.js';

/** Until it can work. To load its modules is two seconds of work, and the machine has other work too. */
export const START_MS = 40_000;

/** Which program runs: `npm run api` or `npm run worker`. */
type Program = 'server' | 'worker';

/** How a process ended. */
export interface Exit {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** From the signal that the test sent until the end. */
  readonly afterMs: number;
}

interface ProcessOptions {
  /** What runs in place of this checkout's program. */
  readonly command?: readonly [file: string, ...args: string[]];
  /** What Node is given besides the program. */
  readonly nodeOptions?: readonly string[];
}

/** A real process of the product, as an operator runs it, and what can happen to it. */
export class Process implements AsyncDisposable {
  /** Every line that it has printed, on whichever stream. */
  readonly log: string[] = [];
  private readonly child: ChildProcess;

  private constructor(
    private readonly program: Program,
    /** Where an API server listens once it is ready; nothing listens there for a worker. */
    readonly url: string,
    env: Readonly<Record<string, string>>,
    { command, nodeOptions = [] }: ProcessOptions,
  ) {
    const own = [process.execPath, ...nodeOptions, path.join(import.meta.dirname, `../../src/${program}.js`)] as const;
    const [file, ...args] = command ?? own;
    // Its environment is what it is given: nothing of the machine's may change what it does.
    this.child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream) createInterface(stream).on('line', (line) => this.log.push(line));
    }
  }

  /** Starts a process and waits for nothing: its modules are still to be loaded. */
  static async launch(
    program: Program,
    env: Readonly<Record<string, string>>,
    options: ProcessOptions = {},
  ): Promise<Process> {
    const port = env.PORT && env.PORT !== '0' ? Number(env.PORT) : await freePort();
    return new Process(program, `http://127.0.0.1:${port}`, { ...env, PORT: String(port) }, options);
  }

  /** Starts an API server, and waits until it can serve. */
  static async server(env: Readonly<Record<string, string>>, options: ProcessOptions = {}): Promise<Process> {
    const started = await Process.launch('server', env, options);
    await started.ready();
    return started;
  }

  /** Starts a worker, and waits until it takes jobs. */
  static async worker(env: Readonly<Record<string, string>>, options: ProcessOptions = {}): Promise<Process> {
    const started = await Process.launch('worker', env, options);
    await started.ready();
    return started;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** A client of this server. */
  get client(): Client {
    return new Client(this.url);
  }

  /** Resolves when it can do its work; fails where it ends before. */
  async ready(): Promise<void> {
    const isReady = () => (this.program === 'worker' ? this.hasLogged('worker: takes jobs') : this.isReady());
    await this.until(isReady, `a ${this.program} that is ready`, START_MS);
  }

  /** Resolves when it has printed a line with this text. */
  async logged(text: string): Promise<void> {
    await this.until(() => this.hasLogged(text), `the line '${text}'`, START_MS);
  }

  /** Resolves when it has ended by itself. @returns its exit code */
  async ended(): Promise<number | null> {
    await until(() => this.hasEnded, `the end of the ${this.program}`, START_MS);
    return this.child.exitCode;
  }

  /** As a crash ends it: without a chance to say or write anything. */
  kill(): Promise<void> {
    return endProcess(this.child, 'SIGKILL');
  }

  /** Lets it hang, until `resume`. */
  pause(): void {
    this.child.kill('SIGSTOP');
  }

  resume(): void {
    this.child.kill('SIGCONT');
  }

  /** Tells it to stop, and waits until it has. */
  async terminate(): Promise<Exit> {
    const before = performance.now();
    await within(endProcess(this.child, 'SIGTERM'), `the end of the ${this.program}`, START_MS);
    return { code: this.child.exitCode, signal: this.child.signalCode, afterMs: performance.now() - before };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  private hasLogged(text: string): boolean {
    return this.log.some((line) => line.includes(text));
  }

  private async isReady(): Promise<boolean> {
    const answer = await fetch(`${this.url}/readyz`).catch(() => null);
    // Unread, it would hold its connection.
    await answer?.body?.cancel();
    return answer?.status === 200;
  }

  private async until(isSo: () => boolean | Promise<boolean>, what: string, deadlineMs: number): Promise<void> {
    await until(
      async () => {
        if (this.hasEnded) throw new Error(`the ${this.program} has ended:\n${this.log.join('\n')}`);
        return isSo();
      },
      what,
      deadlineMs,
    );
  }
}
