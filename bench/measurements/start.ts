import { setTimeout as sleep } from 'node:timers/promises';
import { residentMiB } from '../meter/cpu.js';
import { othersDuring } from '../meter/meter.js';
import { type Figures, mediansOf } from '../report/result.js';
import { Site } from '../site/site.js';
import type { Measurement } from './measurement.js';

const SETTLE_MS = 3_000;

/** An API server that starts on a database that has its tables, until /readyz answers 200; and its memory then. */
export const startMeasurement: Measurement = {
  name: 'start',
  async run(cluster, { project, stores: [store], rounds: count }, say) {
    say(`start to /readyz, ${store}`);
    await using site = await Site.start(cluster, { project, store });
    const rounds: Figures[] = [];
    // The site's own server was the first to start: files are in memory, and compiled code is kept.
    for (let nth = 0; nth < count; nth += 1) {
      let startMs = 0;
      let idleMiB = 0;
      const othersPercent = await othersDuring(async () => {
        const server = await site.addServer();
        startMs = server.startedInMs;
        await sleep(SETTLE_MS);
        idleMiB = residentMiB(server.pid);
        await site.stopServer(server);
      });
      rounds.push({ startMs, idleMiB, othersPercent });
    }
    return [{ name: 'start', title: 'start of a server, database there', figures: mediansOf(rounds), rounds }];
  },
};
