import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { endProcess, freePort, type Store, startProcess } from './store.js';

/**
 * Where Redis (or Valkey) is installed: the path of its server, null where there is none.
 * @throws Error where there is none and CI is set: there, tests on Redis are not to be skipped
 */
export function redisAvailable(): string | null {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const candidates = folders.flatMap((folder) =>
    ['redis-server', 'valkey-server'].map((name) => path.join(folder, name)),
  );
  const found = candidates.find(isExecutable);
  if (!found && process.env.CI) throw new Error('CI needs redis-server or valkey-server on the PATH');
  return found ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts an empty Redis that keeps nothing: each restart finds it empty again. */
export async function startRedis(): Promise<Store> {
  const binary = redisAvailable();
  if (!binary) throw new Error('there is no Redis here: ask redisAvailable first');
  const port = await freePort();
  // Settings on the command line alone: no file of the machine is read.
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const start = () => startProcess(binary, settings, {}, /Ready to accept connections/);
  let child = await start();
  const end = () => endProcess(child, 'SIGKILL');
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return child.pid ?? 0;
    },
    kill: end,
    restart: async () => {
      await end();
      child = await start();
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    stop: end,
  };
}
