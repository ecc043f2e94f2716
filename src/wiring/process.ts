import { enableCompileCache, setSourceMapsSupport } from 'node:module';
import { setImmediate as turn } from 'node:timers/promises';
import { StartFault } from '../config/start-fault.js';

/** How long a shutdown may take, whatever hangs. */
const CLOSE_DEADLINE_MS = 9_500;

/** Ctrl-C reaches the whole process group, and npm passes it on once more: that is one wish, not two. */
const ECHO_MS = 1_000;

/** About as long as a timer can be. */
const LONG_MS = 2 ** 31 - 1;

/** What is shut down by a signal. */
interface Closable {
  /** Rejects where what has started turns out to be wrong, which may be long after. */
  readonly ready?: Promise<void>;
  close(): Promise<void>;
}

/**
 * Runs a process until it is told to stop: SIGTERM, SIGINT and the end of its terminal close what was started, a second
 * one ends it at once. A fault of the configuration, or of the start, is said in words and ends with exit code 1.
 * @param load imports what takes long to load, so that a signal is heard before; what it returns starts the process
 */
export async function runProcess(load: () => Promise<() => Promise<Closable>>): Promise<void> {
  let running: Promise<Closable> | null = null;
  let stoppingSince: number | null = null;
  // All other timers let a process go, and a worker whose connections are lost has nothing else to stay for.
  setInterval(() => undefined, LONG_MS);
  const stop = async () => {
    if (stoppingSince !== null) {
      if (performance.now() - stoppingSince > ECHO_MS) process.exit(1);
      return;
    }
    stoppingSince = performance.now();
    setTimeout(() => process.exit(1), CLOSE_DEADLINE_MS).unref();
    // While it loads there is nothing to close.
    const started = await running?.catch(() => null);
    await started?.close();
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // The terminal was closed. Under nohup there is none, and the process goes on without it.
  if (process.stdin.isTTY) process.on('SIGHUP', stop);
  // What was compiled before is read from the folder of temporary files; where that cannot be, it is compiled again.
  enableCompileCache();
  // Stacks name the lines of our sources; the maps of packages would take a tenth of the start, and memory.
  setSourceMapsSupport(true, { nodeModules: false });
  try {
    const start = await load();
    // Modules keep the event loop busy: a signal that came meanwhile is heard in this turn.
    await turn();
    running = start();
    const started = await running;
    await started.ready;
  } catch (error) {
    if (stoppingSince !== null) return;
    process.stderr.write(`${explain(error)}\n`);
    setTimeout(() => process.exit(1), CLOSE_DEADLINE_MS).unref();
    // What was started may have listened for a while already.
    const started = await running?.catch(() => null);
    await started?.close().catch(() => undefined);
    process.exit(1);
  }
}

function explain(error: unknown): string {
  if (error instanceof StartFault) return error.message;
  const { code, port, message, stack } = error as { code?: string; port?: number; message?: string; stack?: string };
  if (code === 'EADDRINUSE')
    return `Port ${port} is taken by another program. Stop that one, or set PORT (for backends BACKEND_PORT, for a worker WORKER_PORT) to another number.`;
  if (code === 'EACCES')
    return `Port ${port} may not be opened by this user. Set PORT (for a worker WORKER_PORT) to a number above 1023.`;
  return stack ?? message ?? String(error);
}
