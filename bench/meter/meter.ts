import { availableParallelism } from 'node:os';
import type { Site } from '../site/site.js';
import { ofTree, type ProcessTimes, readMachine, readProcesses } from './cpu.js';
import { countStatements, resetStatements } from './statements.js';

/** What was spent between two moments; times are processor time, in milliseconds. */
export interface Spent {
  readonly elapsedMs: number;
  /** All API servers. */
  readonly serverMs: number;
  readonly workerMs: number;
  /** PostgreSQL: whatever it runs, the back ends of the worker too. */
  readonly postgresMs: number;
  readonly serverStatements: number;
  readonly workerStatements: number;
  /** How much of the machine was taken by what is no part of the benchmark. */
  readonly othersPercent: number;
}

/** Above this, what others do shows in the figures. */
export const QUIET_PERCENT = 5;

/** Measures what work costs the processes of a site. */
export async function spentOn(site: Site, work: () => Promise<unknown>): Promise<Spent> {
  await resetStatements(site.database);
  const before = Reading.now();
  await work();
  const after = Reading.now();
  const statements = await countStatements(site.database);
  const since = (pids: readonly number[]) => pids.reduce((sum, pid) => sum + after.ofTree(pid) - before.ofTree(pid), 0);
  return {
    elapsedMs: after.at - before.at,
    serverMs: since(site.servers.map(({ pid }) => pid)),
    workerMs: since(site.worker ? [site.worker.pid] : []),
    postgresMs: since([site.cluster.pid]),
    serverStatements: statements.server,
    workerStatements: statements.worker,
    othersPercent: othersPercent(before, after),
  };
}

/** How much of the machine others take while work goes on, in percent. */
export async function othersDuring(work: () => Promise<unknown>): Promise<number> {
  const before = Reading.now();
  await work();
  return othersPercent(before, Reading.now());
}

class Reading {
  private constructor(
    readonly at: number,
    private readonly processes: readonly ProcessTimes[],
    readonly machine: { readonly busyMs: number; readonly totalMs: number },
  ) {}

  static now(): Reading {
    return new Reading(performance.now(), readProcesses(), readMachine());
  }

  ofTree(pid: number): number {
    return ofTree(this.processes, pid);
  }
}

/** Everything that the benchmark starts is below this process. */
function othersPercent(before: Reading, after: Reading): number {
  const own = after.ofTree(process.pid) - before.ofTree(process.pid);
  const busy = after.machine.busyMs - before.machine.busyMs;
  const total = (after.at - before.at) * availableParallelism();
  return Math.max(0, (100 * (busy - own)) / total);
}
