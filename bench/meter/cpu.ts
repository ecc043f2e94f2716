import { readdirSync, readFileSync } from 'node:fs';

/** What Linux counts processor time in, in /proc: USER_HZ, which is 100 on every machine it runs on. */
const MS_PER_TICK = 10;

/** A process as /proc/PID/stat tells of it. */
export interface ProcessTimes {
  readonly pid: number;
  readonly parent: number;
  /** Of the process, all its threads. */
  readonly ms: number;
  /** Of its children that have ended. */
  readonly endedMs: number;
}

/** Processor time of the whole machine. */
export interface MachineTimes {
  readonly busyMs: number;
  readonly totalMs: number;
}

/** Reads a line of /proc/PID/stat (proc_pid_stat(5)). The name in it may hold spaces and brackets. */
export function parseProcess(stat: string): ProcessTimes {
  const pid = Number.parseInt(stat, 10);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // `fields` begins with the third of the manual's.
  const ticks = (nth: number) => Number(fields[nth - 3]);
  return {
    pid,
    parent: ticks(4),
    ms: (ticks(14) + ticks(15)) * MS_PER_TICK,
    endedMs: (ticks(16) + ticks(17)) * MS_PER_TICK,
  };
}

/** Reads the first line of /proc/stat. What a host takes for other machines (steal) is busy, too: it is not ours. */
export function parseMachine(stat: string): MachineTimes {
  const [user = 0, nice = 0, system = 0, idle = 0, waiting = 0, irq = 0, softirq = 0, steal = 0] = stat
    .slice(0, stat.indexOf('\n'))
    .split(/\s+/)
    .slice(1)
    .map((ticks) => Number(ticks) * MS_PER_TICK);
  const busyMs = user + nice + system + irq + softirq + steal;
  return { busyMs, totalMs: busyMs + idle + waiting };
}

/** The time of a process and of everything below it, whether it still runs or not. */
export function ofTree(processes: readonly ProcessTimes[], root: number): number {
  const own = processes.find(({ pid }) => pid === root);
  if (!own) return 0;
  const children = processes.filter(({ parent }) => parent === root);
  return children.reduce((sum, { pid }) => sum + ofTree(processes, pid), own.ms + own.endedMs);
}

/** Every process of the machine now. */
export function readProcesses(): ProcessTimes[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [parseProcess(readFileSync(`/proc/${pid}/stat`, 'utf8'))];
      } catch {
        // It has ended since the folder was listed.
        return [];
      }
    });
}

/** What the machine has done since it started. */
export function readMachine(): MachineTimes {
  return parseMachine(readFileSync('/proc/stat', 'utf8'));
}

/** Memory of a process that is in RAM now (RSS), in MiB. */
export function residentMiB(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1024;
}
