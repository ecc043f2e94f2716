import { setTimeout as sleep } from 'node:timers/promises';
import type { Instants } from '../load/feed.js';
import { LoadProcess } from '../load/load.js';
import { othersDuring } from '../meter/meter.js';
import { type Figures, type Measured, mediansOf } from '../report/result.js';
import { percentile } from '../report/statistics.js';
import { hasBackends, Site } from '../site/site.js';
import type { Measurement } from './measurement.js';

const PEOPLE = 500;
/** Events a second. */
const RATE = 200;
const SETTLE_MS = 2_000;

/** From the commit of an event to the frame that a product's backend gets, by way of the worker that numbers it. */
export const feedMeasurement: Measurement = {
  name: 'feed',
  async run(cluster, { project, stores, seconds, rounds: count }, say) {
    const measured: Measured[] = [];
    if (!hasBackends(project)) return measured;
    for (const store of stores) {
      say(`commit to a backend's frame, ${RATE} events a second, ${store}`);
      await using site = await Site.start(cluster, { project, store, cheapHashes: true });
      await site.copyPeople(PEOPLE);
      const key = await site.addBackend();
      const socketUrl = site.server().backendUrl.replace(/^http/, 'ws');
      await using reader = await LoadProcess.start({ kind: 'feed-reader', socketUrl, key });
      await using writer = await LoadProcess.start({ kind: 'feed-writer', ...site.stores, seconds });
      const rounds: Figures[] = [];
      for (let nth = 0; nth <= count; nth += 1) {
        let written: Instants = new Map();
        const othersPercent = await othersDuring(async () => {
          written = await writer.round<Instants>(RATE);
        });
        await sleep(SETTLE_MS);
        const arrived = await reader.round<Instants>();
        const times = timesOf(written, arrived);
        // In the first one, code is compiled and statements are prepared.
        if (nth > 0) rounds.push({ p50Ms: percentile(times, 50), p99Ms: percentile(times, 99), othersPercent });
      }
      const title = `commit to a backend's frame, ${RATE} events a second (${store})`;
      measured.push({ name: `feed ${store}`, title, figures: mediansOf(rounds), rounds });
    }
    return measured;
  },
};

/** Of every event, in milliseconds. @throws where one did not arrive */
function timesOf(written: Instants, arrived: Instants): number[] {
  return [...written].map(([sessionId, at]) => {
    const arrivedAt = arrived.get(sessionId);
    if (arrivedAt === undefined) throw new Error('an event did not arrive');
    return arrivedAt - at;
  });
}
