import type { Certificate } from './certificates.js';
import { installed } from './programs.js';
import { endProcess, freePort, type Store, startProcess } from './store.js';

/**
 * Where Redis (or Valkey) is installed: the path of its server, null where there is none.
 * @throws Error where there is none and CI is set: there, tests on Redis are not to be skipped
 */
export const redisAvailable = () => installed('redis-server', 'valkey-server');

interface RedisOptions {
  /** Takes TLS alone, with this certificate. */
  readonly certificate?: Certificate;
  /** Users as `ACL SETUSER` takes them; without any, nobody is asked who they are. */
  readonly users?: readonly string[];
}

/** Starts an empty Redis that keeps nothing: each restart finds it empty again. */
export async function startRedis({ certificate, users = [] }: RedisOptions = {}): Promise<Store> {
  const binary = redisAvailable();
  if (!binary) throw new Error('there is no Redis here: ask redisAvailable first');
  const port = await freePort();
  // Settings on the command line alone: no file of the machine is read.
  const tls = certificate && [
    ...['--tls-port', String(port), '--tls-cert-file', certificate.certFile, '--tls-key-file', certificate.keyFile],
    ...['--tls-auth-clients', 'no'],
  ];
  const settings = [
    ...['--port', certificate ? '0' : String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    ...(tls ?? []),
    ...users.flatMap((user) => ['--user', ...user.split(' ')]),
  ];
  const start = () => startProcess(binary, settings, {}, /Ready to accept connections/);
  let child = await start();
  const end = () => endProcess(child, 'SIGKILL');
  return {
    url: `${certificate ? 'rediss' : 'redis'}://127.0.0.1:${port}`,
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
