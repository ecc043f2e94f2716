import { setTimeout as sleep } from 'node:timers/promises';
import { HttpClient } from '../load/http-client.js';
import { LoadProcess } from '../load/load.js';
import { once } from '../load/pace.js';
import { type Opened, WAITING_EVERY } from '../load/sockets.js';
import { residentMiB } from '../meter/cpu.js';
import { othersDuring, spentOn } from '../meter/meter.js';
import { asA, type Outcome, SIGN_IN } from '../site/documents.js';
import { everyone, PASSWORD, type People } from '../site/people.js';
import { Site } from '../site/site.js';
import type { Measurement } from './measurement.js';

const OPENED_AT_ONCE = 64;
/** Sockets that are opened and closed before: so that no memory is counted that is taken once. */
const REHEARSED = 100;
const SETTLE_MS = 5_000;

/** Subscriptions on one server: how fast they open, what each takes, and what they cost while nothing happens. */
export const socketsMeasurement: Measurement = {
  name: 'sockets',
  async run(cluster, { project, stores: [store], sockets, idleSeconds }, say) {
    say(`${sockets} subscriptions on one server, ${store}`);
    await using site = await Site.start(cluster, { project, store, cheapHashes: true });
    const people = { first: 0, step: 1, count: sockets };
    await site.copyPeople(sockets + REHEARSED);
    await letCodesWait(site.server().graphqlUrl, people);
    // A server that has done nothing else: what other work has left in its memory would be counted, or taken off.
    await site.restart();
    const server = site.server();
    await rehearse(server.socketUrl, { first: sockets, step: 1, count: REHEARSED });
    await sleep(SETTLE_MS);

    const before = residentMiB(server.pid);
    await using load = await LoadProcess.start({
      kind: 'sockets',
      socketUrl: server.socketUrl,
      people,
      atOnce: OPENED_AT_ONCE,
    });
    let opened: Opened = { elapsedMs: 0, count: 0 };
    const others = await othersDuring(async () => {
      opened = await load.round<Opened>(true);
    });
    if (opened.count !== sockets) throw new Error(`${sockets - opened.count} sockets were closed`);
    await sleep(SETTLE_MS);
    const spent = await spentOn(site, () => sleep(idleSeconds * 1000));
    const memory = residentMiB(server.pid);
    const percent = (ms: number) => (100 * ms) / spent.elapsedMs;
    const aSecond = (count: number) => (1000 * count) / spent.elapsedMs;
    const figures = {
      kibPerSocket: ((memory - before) * 1024) / sockets,
      openedPerSecond: (sockets * 1000) / opened.elapsedMs,
      idleServerStatements: aSecond(spent.serverStatements),
      idleWorkerStatements: aSecond(spent.workerStatements),
      idleServerPercent: percent(spent.serverMs),
      idlePostgresPercent: percent(spent.postgresMs),
      othersPercent: Math.max(others, spent.othersPercent),
    };
    return [{ name: 'sockets', title: `${sockets} subscriptions on one server`, figures, rounds: [figures] }];
  },
};

async function rehearse(socketUrl: string, people: People): Promise<void> {
  await using load = await LoadProcess.start({ kind: 'sockets', socketUrl, people, atOnce: OPENED_AT_ONCE });
  await load.round();
}

/** Somebody signs in on a laptop while the phone is offline. */
async function letCodesWait(url: string, people: People): Promise<void> {
  using client = new HttpClient(url, 8);
  const awaiting = everyone(people).filter((_, nth) => (nth + 1) % WAITING_EVERY === 0);
  await once(awaiting.length, 8, async (nth) => {
    const input = {
      email: awaiting[nth]?.email,
      password: PASSWORD,
      device: { name: 'Laptop', platform: 'LINUX' },
    };
    asA('Challenge', await client.result<Outcome>(SIGN_IN, { input }));
  });
}
