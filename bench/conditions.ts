import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { redisAvailable } from '../test/support/redis.js';
import type { Effort } from './measurements/measurement.js';
import type { Conditions } from './report/result.js';
import type { Cluster } from './site/cluster.js';
import { cheapHashSettings, loadSettings } from './site/site.js';

/** Where and how this run measures. */
export async function conditionsOf(cluster: Cluster, { project, stores, ...options }: Effort): Promise<Conditions> {
  return {
    measuredAt: new Date().toISOString(),
    commit: commitOf(project),
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    postgres: await cluster.version(),
    redis: redisVersion(),
    options: { ...options, stores: stores.join(', ') },
    settings: {
      'a load from one address, on few accounts': loadSettings,
      'what is not about passwords': cheapHashSettings,
      PostgreSQL: Object.fromEntries(cluster.settings.map((setting) => setting.split('=') as [string, string])),
    },
  };
}

function commitOf(project: string): string {
  const git = (...args: string[]) => execFileSync('git', ['-C', project, ...args], { encoding: 'utf8' }).trim();
  try {
    const isChanged = git('status', '--porcelain', '--untracked-files=no') !== '';
    return `${git('rev-parse', '--short', 'HEAD')}${isChanged ? '+' : ''}`;
  } catch {
    return 'unknown';
  }
}

function redisVersion(): string | null {
  const program = redisAvailable();
  if (!program) return null;
  const [, version] = /v=(\S+)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' })) ?? [];
  return `Redis ${version}`;
}
