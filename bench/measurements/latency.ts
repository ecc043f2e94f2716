import { setTimeout as sleep } from 'node:timers/promises';
import type { Sent } from '../load/latency.js';
import { LoadProcess } from '../load/load.js';
import { othersDuring } from '../meter/meter.js';
import type { Measured } from '../report/result.js';
import { percentile } from '../report/statistics.js';
import type { Database } from '../site/database.js';
import { Site } from '../site/site.js';
import type { Measurement } from './measurement.js';

const OPENED_AT_ONCE = 64;
const SETTLE_MS = 3_000;
/** Codes a second. */
const RATES = [15, 100];
/** So many that nobody's code is sent twice in a second, nor more often than a challenge allows. */
const PEOPLE = 240;
const LONGEST_SECONDS = 40;
/** The two clocks that are compared are one, but are read in two ways. */
const CLOCK_MS = 1;

/**
 * From the commit of a send at one server to the frame on a phone at another, over Redis, with others idle there. When
 * it was committed, PostgreSQL tells (`track_commit_timestamp`): of a row that is written with it and never again.
 */
export const latencyMeasurement: Measurement = {
  name: 'latency',
  async run(cluster, { project, stores, sockets, seconds, rounds }, say) {
    if (!stores.includes('Redis')) {
      say('without Redis there are not two servers: the way across them is left out');
      return [];
    }
    say(`commit to frame across two servers, ${sockets} others idle`);
    await using site = await Site.start(cluster, { project, store: 'Redis', servers: 2, cheapHashes: true });
    await site.copyPeople(PEOPLE + sockets);
    const [asked, shown] = [site.server(0), site.server(1)];
    await using others = await LoadProcess.start({
      kind: 'sockets',
      socketUrl: shown.socketUrl,
      people: { first: PEOPLE, step: 1, count: sockets },
      atOnce: OPENED_AT_ONCE,
    });
    await others.round();
    await using load = await LoadProcess.start({
      kind: 'latency',
      url: asked.graphqlUrl,
      socketUrl: shown.socketUrl,
      people: { first: 0, step: 1, count: PEOPLE },
      seconds: Math.min(LONGEST_SECONDS, seconds * rounds),
    });
    const measured: Measured[] = [];
    for (const rate of RATES) {
      await load.prepare();
      await sleep(SETTLE_MS);
      let sent: Sent[] = [];
      const othersPercent = await othersDuring(async () => {
        sent = await load.round<Sent[]>(rate);
      });
      const times = await fromCommit(site.database, sent);
      const figures = { p50Ms: percentile(times, 50), p99Ms: percentile(times, 99), othersPercent };
      const title = `commit to frame across two servers, ${rate} a second, ${sockets} others idle`;
      measured.push({ name: `latency ${rate}`, title, figures, rounds: [figures] });
    }
    return measured;
  },
};

/** Milliseconds from the commit to the frame, of every send. */
async function fromCommit(database: Database, sent: readonly Sent[]): Promise<number[]> {
  const rows = await database.query<{ email: string; commits: number[] }>(
    `select a.email, array_agg(extract(epoch from pg_xact_commit_timestamp(x.xmin))::float8 * 1000) as commits
     from activity x join account a on a.id = x.account_id
     where a.email = any($1) and x.type = 'CODE_REQUESTED' group by a.email`,
    [[...new Set(sent.map(({ email }) => email))]],
  );
  const commitsOf = new Map(rows.map(({ email, commits }) => [email, commits.sort((a, b) => a - b)]));
  return sent.map(({ email, askedAt, shownAt }) => {
    const commit = commitsOf.get(email)?.find((at) => at > askedAt - CLOCK_MS);
    if (commit === undefined || commit > shownAt + CLOCK_MS) throw new Error('no commit of a send was found');
    return Math.max(0, shownAt - commit);
  });
}
