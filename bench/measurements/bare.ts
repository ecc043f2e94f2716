import { LoadProcess } from '../load/load.js';
import type { Round } from '../load/pace.js';
import type { Opened } from '../load/sockets.js';
import { residentMiB } from '../meter/cpu.js';
import { othersDuring } from '../meter/meter.js';
import { type Figures, type Measured, mediansOf } from '../report/result.js';
import { percentile } from '../report/statistics.js';
import { Child } from '../site/child.js';
import type { Cluster } from '../site/cluster.js';
import type { Effort, Measurement } from './measurement.js';

const SOCKETS_AT_ONCE = 64;

/** What this machine can do at all, with nothing of the product: nothing above it can be faster. */
export const bareMeasurement: Measurement = {
  name: 'bare',
  async run(cluster, effort, say) {
    say('bare limits of this machine');
    return [await hashes(effort), ...(await rows(cluster, effort)), await requests(effort), await sockets(effort)];
  },
};

async function hashes({ rounds, seconds }: Effort): Promise<Measured> {
  await using child = await Child.start('../bare/hashes.js', import.meta.url);
  return await measure('hashes', 'argon2id hashes with the default costs, all cores', rounds, () =>
    child.call<Round>('round', { seconds }),
  );
}

async function rows(cluster: Cluster, { rounds, seconds, atOnce }: Effort): Promise<Measured[]> {
  await using database = await cluster.createDatabase();
  await database.query('create table counter (id int primary key, n int not null)');
  await database.query('insert into counter select nth, 0 from generate_series(1, 1000) nth');
  await using child = await Child.start('../bare/rows.js', import.meta.url);
  const ask = (asked: string) => () => child.call<Round>('round', { asked, url: database.url, seconds, atOnce });
  return [
    await measure('selects', `SELECT of one row, ${atOnce} connections`, rounds, ask('select')),
    await measure('updates', `UPDATE ... RETURNING of one row, ${atOnce} connections`, rounds, ask('update')),
  ];
}

async function requests({ rounds, seconds, atOnce }: Effort): Promise<Measured> {
  await using server = await Child.start('../bare/http-server.js', import.meta.url);
  const url = `http://127.0.0.1:${await server.call<number>('listen')}/`;
  await using load = await LoadProcess.start({ kind: 'http', url, atOnce, seconds });
  return await measure('requests', `node:http, ${atOnce} at once`, rounds, () => load.round<Round>());
}

async function sockets({ sockets: count }: Effort): Promise<Measured> {
  await using server = await Child.start('../bare/socket-server.js', import.meta.url);
  const socketUrl = `ws://127.0.0.1:${await server.call<number>('listen')}/`;
  const before = residentMiB(server.pid);
  await using load = await LoadProcess.start({ kind: 'bare-sockets', socketUrl, count, atOnce: SOCKETS_AT_ONCE });
  let opened: Opened = { elapsedMs: 1, count: 0 };
  const othersPercent = await othersDuring(async () => {
    opened = await load.round<Opened>();
  });
  const figures = {
    kibPerSocket: ((residentMiB(server.pid) - before) * 1024) / count,
    openedPerSecond: (opened.count * 1000) / opened.elapsedMs,
    othersPercent,
  };
  return { name: 'bare sockets', title: `bare: ${count} sockets of ws`, figures, rounds: [figures] };
}

/** Rounds of it; one before them is not counted. */
async function measure(name: string, title: string, count: number, run: () => Promise<Round>): Promise<Measured> {
  await run();
  const rounds: Figures[] = [];
  for (let nth = 0; nth < count; nth += 1) {
    let round: Round = { elapsedMs: 1, times: [] };
    const othersPercent = await othersDuring(async () => {
      round = await run();
    });
    const { elapsedMs, times } = round;
    rounds.push({
      perSecond: (times.length * 1000) / elapsedMs,
      p50Ms: percentile(times, 50),
      p99Ms: percentile(times, 99),
      othersPercent,
    });
  }
  return { name: `bare ${name}`, title: `bare: ${title}`, figures: mediansOf(rounds), rounds };
}
