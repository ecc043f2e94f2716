import { ConfigError } from './config.js';
import { StartFault } from './start-fault.js';

/** How long a shutdown may take, whatever hangs. */
const CLOSE_DEADLINE_MS = 9_500;

/** Ctrl-C reaches the whole process group, and npm passes it on once more: that is one wish, not two. */
const ECHO_MS = 1_000;

/** What is shut down by a signal. */
interface Closable {
  close(): Promise<void>;
}

/**
 * Runs a process until it is told to stop: SIGTERM, SIGINT and the end of its terminal close what `start` has started,
 * a second one ends it at once. A fault of the configuration, or of the start, is said in words and ends with exit code 1.
 */
export async function runProcess(start: () => Promise<Closable>): Promise<void> {
  let running: Promise<Closable> | null = null;
  let stoppingSince: number | null = null;
  const stop = async () => {
    if (stoppingSince !== null) {
      if (performance.now() - stoppingSince > ECHO_MS) process.exit(1);
      return;
    }
    stoppingSince = performance.now();
    setTimeout(() => process.exit(1), CLOSE_DEADLINE_MS).unref();
    const started = await running?.catch(() => null);
    await started?.close();
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // The terminal was closed. Under nohup there is none, and the process goes on without it.
  if (process.stdin.isTTY) process.on('SIGHUP', stop);
  try {
    running = start();
    await running;
  } catch (error) {
    if (stoppingSince !== null) return;
    process.stderr.write(`${explain(error)}\n`);
    process.exit(1);
  }
}

function explain(error: unknown): string {
  if (error instanceof ConfigError || error instanceof StartFault) return error.message;
  const { code, port, message, stack } = error as { code?: string; port?: number; message?: string; stack?: string };
  if (code === 'EADDRINUSE')
    return `Port ${port} is taken by another program. Stop that one, or set PORT to another number.`;
  if (code === 'EACCES') return `Port ${port} may not be opened by this user. Set PORT to a number above 1023.`;
  return stack ?? message ?? String(error);
}
