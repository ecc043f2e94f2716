import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

/** A real PostgreSQL or Redis of a test's own, on loopback, and what can happen to it. */
export interface Store {
  readonly url: string;
  readonly port: number;
  /** Of the server's first process; changes with `restart`. */
  readonly pid: number;
  /** Ends it as a crash would, without a word to its clients; `restart` brings it back. */
  kill(): Promise<void>;
  /** Starts it again under the same address, ending it first where it runs. */
  restart(): Promise<void>;
  /** Lets it hang: connections stay open and nothing answers, until `resume`. */
  pause(): void;
  resume(): void;
  /** Ends it for good and removes what it wrote. */
  stop(): Promise<void>;
}

// The system gives those from 32768 on to whoever connects, and to whoever listens on any: a port of them that was free may
// be taken before it is used.
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;

/** A loopback port that nobody listens on at this moment, and that the system gives to nobody by itself. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

/**
 * Starts a server and waits until it prints that it is ready, on whichever stream it prints.
 * @param onLine is told each line that it prints
 */
export async function startProcess(
  file: string,
  args: readonly string[],
  options: SpawnOptions,
  ready: RegExp,
  onLine: (line: string) => void = () => {},
): Promise<ChildProcess> {
  const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const printed: string[] = [];
  let isReady = false;
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      // Read to the end: a server whose pipe is full stands still.
      createInterface(stream).on('line', (line) => {
        if (!isReady) printed.push(line);
        onLine(line);
        if (ready.test(line)) {
          isReady = true;
          resolve();
        }
      });
    }
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`${file} did not start:\n${printed.join('\n')}`)));
  });
  return child;
}

/** Sends the signal and waits for the end; does nothing where it has ended. */
export async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}
