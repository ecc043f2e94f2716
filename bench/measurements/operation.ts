import { setTimeout as sleep } from 'node:timers/promises';
import { LoadProcess } from '../load/load.js';
import type { Round } from '../load/pace.js';
import type { OperationName } from '../load/task.js';
import { residentMiB } from '../meter/cpu.js';
import { spentOn } from '../meter/meter.js';
import { type Figures, type Measured, mediansOf } from '../report/result.js';
import { percentile } from '../report/statistics.js';
import type { People } from '../site/people.js';
import { hasBackends, Site } from '../site/site.js';
import type { Effort, Measurement } from './measurement.js';

const TAIL_MS = 200;

/** How an operation is measured. */
interface Operation {
  readonly name: OperationName;
  readonly title: string;
  /** Notices that each sends: a round is over when they have arrived. */
  readonly mails: number;
  /** Where the password is no part of it. */
  readonly cheapHashes: boolean;
  /** Whether a product's backend asks it. */
  readonly byBackend?: true;
}

const all: readonly Operation[] = [
  { name: 'second-step', title: 'second step: send, code arrives live, verify', mails: 1, cheapHashes: true },
  { name: 'trusted', title: 'sign-in of a trusted device', mails: 0, cheapHashes: false },
  { name: 'new-device', title: 'password, live code, verify, device trusted', mails: 1, cheapHashes: false },
  { name: 'viewer', title: 'viewer { id email }', mails: 0, cheapHashes: false },
  { name: 'check', title: "a backend's check of a session", mails: 0, cheapHashes: true, byBackend: true },
];

/** The operations, each on a site of its own, on each store. */
export const operationMeasurements: readonly Measurement[] = all.map(
  ({ name, title, mails, cheapHashes, byBackend }) => ({
    name,
    async run(cluster, effort, say) {
      const measured: Measured[] = [];
      if (byBackend && !hasBackends(effort.project)) return measured;
      for (const store of effort.stores) {
        say(`${title}, ${store}`);
        await using site = await Site.start(cluster, { project: effort.project, store, cheapHashes });
        await site.copyPeople(effort.people);
        const people = { first: 0, step: 1, count: effort.people };
        const key = byBackend && (await site.addBackend());
        const rounds = await measureOperation(site, { name, mails, people, key }, effort);
        measured.push({ name: `${name} ${store}`, title: `${title} (${store})`, figures: mediansOf(rounds), rounds });
      }
      return measured;
    },
  }),
);

/** What rounds of an operation are run with. */
interface OperationRun {
  readonly name: OperationName;
  readonly mails: number;
  readonly people: People;
  /** Of a product's backend, where that is who asks. */
  readonly key?: string | undefined;
}

/** Rounds of an operation on a site that is there; one before them is not counted. */
export async function measureOperation(
  site: Site,
  { name, mails, people, key }: OperationRun,
  effort: Effort,
): Promise<Figures[]> {
  const { graphqlUrl, backendUrl, socketUrl, pid } = site.server();
  const { atOnce, seconds } = effort;
  const url = key === undefined ? graphqlUrl : backendUrl;
  await using load = await LoadProcess.start({ kind: name, url, socketUrl, people, atOnce, seconds, key });
  const rounds: Figures[] = [];
  for (let nth = 0; nth <= effort.rounds; nth += 1) {
    await load.prepare();
    let round: Round = { elapsedMs: 0, times: [] };
    const spent = await spentOn(site, async () => {
      const before = site.mail.count;
      round = await load.round<Round>();
      await site.mail.settled(before + mails * round.times.length);
      // What an answer or a mail leaves behind: wake-ups that are read, the outcome of a send that is written.
      await sleep(TAIL_MS);
    });
    const { elapsedMs, times } = round;
    const each = (sum: number) => sum / times.length;
    // In the first one, code is compiled and caches are filled.
    if (nth === 0) continue;
    rounds.push({
      perSecond: (times.length * 1000) / elapsedMs,
      p50Ms: percentile(times, 50),
      p99Ms: percentile(times, 99),
      serverMs: each(spent.serverMs),
      postgresMs: each(spent.postgresMs),
      workerMs: each(spent.workerMs),
      serverStatements: each(spent.serverStatements),
      workerStatements: each(spent.workerStatements),
      residentMiB: residentMiB(pid),
      othersPercent: spent.othersPercent,
    });
  }
  if (site.faults.length > 0) throw new Error(`there were faults:\n${site.faults.slice(0, 5).join('\n')}`);
  return rounds;
}
