import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { LoadProcess } from '../load/load.js';
import type { OperationName } from '../load/task.js';
import type { Effort } from '../measurements/measurement.js';
import { measureOperation } from '../measurements/operation.js';
import type { Growth } from '../report/growth.js';
import { type Figures, mediansOf } from '../report/result.js';
import type { Cluster } from '../site/cluster.js';
import { copyPeopleWithPast } from '../site/copies.js';
import type { Database } from '../site/database.js';
import type { People } from '../site/people.js';
import { Site } from '../site/site.js';
import { judge, plansDuring, tablesAbove } from './plans.js';

const ACCOUNTS = 1_000_000;
const belongings = { devices: 3, activities: 10 };
/** A full one, with what PostgreSQL writes meanwhile. */
const GIB_NEEDED = 9;
const BATCH = 50_000;
/** What PostgreSQL has besides, on the small database too: with its default it is made for less than this. */
export const growthSettings: readonly string[] = ['shared_buffers=1GB'];
/** For the pass that looks at plans: enough for a prepared statement to have come to its general plan. */
const EXPLAINED_PEOPLE = 40;
/** Longer than sockets are left alone (`WS_RECHECK_SECONDS`), so that what is read then is seen too. */
const IDLE_MS = 20_000;

/** What must not become slow. The trusted device comes last: it has another session and another token after it. */
const operations: readonly { readonly name: OperationName; readonly title: string; readonly mails: number }[] = [
  { name: 'activity', title: 'two pages of activity', mails: 0 },
  { name: 'second-step', title: 'second step: send, code arrives live, verify', mails: 1 },
  { name: 'new-device', title: 'password, live code, verify, device trusted', mails: 1 },
  { name: 'trusted', title: 'sign-in of a trusted device', mails: 0 },
];

/**
 * Measures the same operations on a small and on a large database, of people with as much each, and looks at the plan of
 * every statement that runs on the large one.
 * @param share of a million accounts
 */
export async function measureGrowth(
  cluster: Cluster,
  effort: Effort,
  share: number,
  say: (text: string) => void,
): Promise<Growth> {
  await requireSpace(share);
  const total = Math.max(Math.round(ACCOUNTS * share), 4 * effort.people);
  const [store] = effort.stores;
  await using site = await Site.start(cluster, { project: effort.project, store, cheapHashes: true });
  const { database } = site;

  await fill(site, { from: 0, to: effort.people - 1 });
  await settle(database);
  say(`on ${effort.people} accounts`);
  const small = await measureAll(site, { first: 0, step: 1, count: effort.people }, effort);

  const before = performance.now();
  for (let from = effort.people; from < total; from += BATCH) {
    say(`filling: ${from} of ${total} accounts`);
    await fill(site, { from, to: Math.min(from + BATCH, total) - 1 });
  }
  await settle(database);
  const filledInSeconds = (performance.now() - before) / 1000;

  say(`on ${total} accounts`);
  // Drawn from everywhere, and none of those that were measured before.
  const step = Math.floor((total - effort.people) / effort.people);
  const large = await measureAll(site, { first: effort.people, step, count: effort.people }, effort);
  say('plans');
  const explained = await plansDuring(cluster, database, () =>
    runOnce(site, { first: effort.people + 1, step, count: EXPLAINED_PEOPLE }),
  );
  return {
    accounts: total,
    ...belongings,
    gibibytes: await sizeOf(database),
    filledInSeconds,
    operations: operations.map(({ name, title }, nth) => ({
      name,
      title,
      small: small[nth] ?? {},
      large: large[nth] ?? {},
    })),
    plans: judge(explained, await tablesAbove(database, total / 2)),
  };
}

async function requireSpace(share: number): Promise<void> {
  const { bavail, bsize } = await statfs(tmpdir());
  const free = (bavail * bsize) / 2 ** 30;
  const needed = 1 + GIB_NEEDED * share;
  if (free < needed) throw new Error(`it needs ${needed.toFixed(1)} GiB in ${tmpdir()}, which has ${free.toFixed(1)}`);
}

async function fill(site: Site, range: { readonly from: number; readonly to: number }): Promise<void> {
  const { database } = site;
  // What refers to what is known: looking each of them up would take longer than writing them.
  await database.query('set session_replication_role = replica');
  await copyPeopleWithPast(database, await site.first(), range, belongings);
  await database.query('reset session_replication_role');
}

/** As autovacuum would after a while, which must not come in the middle of a round. */
async function settle(database: Database): Promise<void> {
  await database.query('vacuum analyze');
  await database.query('checkpoint');
}

async function measureAll(site: Site, people: People, effort: Effort): Promise<Figures[]> {
  const measured: Figures[] = [];
  for (const { name, mails } of operations) {
    measured.push(mediansOf(await measureOperation(site, { name, mails, people }, effort)));
  }
  return measured;
}

/** Everything that is measured, and a while in which nothing happens, on connections that are new. */
async function runOnce(site: Site, people: People): Promise<void> {
  await site.restart();
  const { graphqlUrl: url, socketUrl } = site.server();
  for (const { name } of operations) {
    await using load = await LoadProcess.start({ kind: name, url, socketUrl, people, atOnce: 1, seconds: 2 });
    await load.prepare();
    await load.round();
    if (name === 'second-step') await sleep(IDLE_MS);
  }
}

async function sizeOf(database: Database): Promise<number> {
  const [row] = await database.query<{ bytes: number }>('select pg_database_size(current_database())::float8 as bytes');
  return (row?.bytes ?? 0) / 2 ** 30;
}
