import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endProcess, freePort } from '../../test/support/store.js';
import { within } from '../../test/support/waiting.js';

const START_MS = 60_000;
const STOP_MS = 20_000;
const LOOK_EVERY_MS = 5;

/** An API server or a worker as an operator runs it: `npm run api`, `npm run worker`. */
export class Program implements AsyncDisposable {
  private constructor(
    private readonly child: ChildProcess,
    private readonly logFile: string,
    /** Where an API server listens; nothing listens there for a worker. */
    readonly url: string,
    /** From the start of the process until it could do its work. */
    readonly startedInMs: number,
  ) {}

  /**
   * Starts it and waits until it can do its work: a server answers at /readyz, a worker says that it takes jobs.
   * @param project the folder whose `dist/` is run
   * @param folder for its log, which goes to a file as it would for an operator
   */
  static async start(
    name: 'server' | 'worker',
    project: string,
    folder: string,
    env: Readonly<Record<string, string>>,
  ): Promise<Program> {
    const port = await freePort();
    const logFile = path.join(folder, `${name}-${port}.log`);
    const log = openSync(logFile, 'a');
    const before = performance.now();
    const child = spawn(process.execPath, [...flagsOf(name, project), path.join(project, 'dist', `${name}.js`)], {
      cwd: project,
      // Nothing of the machine's may change what it does.
      env: { ...env, PORT: String(port) },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    const url = `http://127.0.0.1:${port}`;
    const isReady = () =>
      name === 'server' ? answers(`${url}/readyz`) : readFileSync(logFile, 'utf8').includes('takes jobs');
    while (!(await isReady())) {
      const hasEnded = child.exitCode !== null || child.signalCode !== null;
      if (hasEnded || performance.now() - before > START_MS) {
        await endProcess(child, 'SIGKILL');
        throw new Error(`the ${name} did not start:\n${readFileSync(logFile, 'utf8')}`);
      }
      await sleep(LOOK_EVERY_MS);
    }
    return new Program(child, logFile, url, performance.now() - before);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get graphqlUrl(): string {
    return `${this.url}/graphql`;
  }

  get socketUrl(): string {
    return this.graphqlUrl.replace(/^http/, 'ws');
  }

  /** Where products' backends ask. */
  get backendUrl(): string {
    return `${this.url}/backend/graphql`;
  }

  /** Lines of its log that tell of a fault (pino's levels 50 and 60). */
  get faults(): string[] {
    return readFileSync(this.logFile, 'utf8')
      .split('\n')
      .filter((line) => /"level":(?:50|60)\b/.test(line));
  }

  /** Tells it to stop, and waits until it has. */
  async [Symbol.asyncDispose](): Promise<void> {
    await within(endProcess(this.child, 'SIGTERM'), 'the end of a process', STOP_MS).catch(() =>
      endProcess(this.child, 'SIGKILL'),
    );
  }
}

/** What Node is given besides the program, as the project's own command says it. */
function flagsOf(name: 'server' | 'worker', project: string): string[] {
  const { scripts } = JSON.parse(readFileSync(path.join(project, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  const command = scripts[name === 'server' ? 'api' : 'worker'] ?? '';
  return command.split(' ').filter((word) => word.startsWith('--'));
}

function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    get(url, { agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).once('error', () => resolve(false));
  });
}
