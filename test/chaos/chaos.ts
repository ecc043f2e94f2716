import { setTimeout as sleep } from 'node:timers/promises';
import type { Attempt } from '../support/moody-mail-server.js';
import { until } from '../support/waiting.js';
import { AnyServer } from './caller.js';
import { findViolations } from './checker.js';
import { Faults } from './faults.js';
import { Gadget } from './gadget.js';
import { type MailAttempt, Recorder } from './history.js';
import { deliveryIdOf, Person } from './person.js';
import { Luck } from './random.js';
import { RECHECK_SECONDS, Site, UNUSED_SESSION_SECONDS } from './site.js';
import { Streams } from './streams.js';
import type { Tables } from './tables.js';
import type { Evidence, Violation } from './violation.js';

/** How long those who follow a challenge may take to hear of its end before they connect anew. */
const HEARING_MS = 2_000;

/** What a run is made of: the plan of clients and faults follows from the seed, how they fall together does not. */
export interface ChaosOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly withRedis: boolean;
  readonly accounts?: number;
  readonly devicesEach?: number;
}

/** What came of a run. */
export interface ChaosResult {
  readonly evidence: Evidence;
  readonly violations: readonly Violation[];
  /** Of those who followed a challenge, how many heard of its end only when they connected anew. */
  readonly heardLate: number;
  /** How long it took until every process served again. */
  readonly healingMs: number;
}

/** Lets people sign in and out while everything breaks; then repairs it, lets it come to rest, and checks the promises. */
export async function runChaos({
  seed,
  seconds,
  withRedis,
  accounts = 6,
  devicesEach = 3,
}: ChaosOptions): Promise<ChaosResult> {
  const recorder = new Recorder();
  await using site = await Site.start(recorder, withRedis);
  const urls = site.servers.map(({ port }) => `http://127.0.0.1:${port}`);
  const client = new AnyServer(urls, new Luck(seed, 'which server'));
  const streams = new Streams(() => client.socketUrl, recorder);
  const faults = new Faults(site, streams, recorder);
  const world = { client, streams, mailServer: site.mailServer, recorder };
  const gadgets = Array.from({ length: accounts }, (_, person) => {
    const owner = new Person(person, site.mailServer);
    return Array.from(
      { length: devicesEach },
      (_none, nth) => new Gadget(world, owner, nth, new Luck(seed, `device ${person}/${nth}`)),
    );
  }).flat();

  const stop = AbortSignal.timeout(seconds * 1000);
  await Promise.all([
    ...gadgets.map((gadget) => gadget.run(stop)),
    faults.breakProcesses(new Luck(seed, 'faults of processes'), stop),
    faults.breakStores(new Luck(seed, 'faults of stores'), stop),
  ]);
  const beforeHealing = Date.now();
  await site.heal();
  const healedAt = Date.now();
  await Promise.all([site.settle(), sleep(RECHECK_SECONDS * 1000 + HEARING_MS)]);
  const over = overIn(await site.readTables());
  const unheard = () =>
    recorder.watches.filter(({ challengeId, isCompleted }) => !isCompleted && over.has(challengeId));
  const heardLate = unheard().length;
  streams.reconnect();
  await until(() => unheard().length === 0, 'the end of each challenge').catch(() => undefined);
  streams.close();

  const terms = {
    challengeTries: 5,
    unusedSessionMs: UNUSED_SESSION_SECONDS * 1000,
    recheckMs: RECHECK_SECONDS * 1000,
    healedAt,
    readAt: Date.now(),
  };
  const history = { ...recorder, mails: site.mailServer.attempts.map(mailOf) };
  const evidence = { history, tables: await site.readTables(), terms };
  return { evidence, violations: findViolations(evidence), heardLate, healingMs: healedAt - beforeHealing };
}

function mailOf(attempt: Attempt): MailAttempt {
  const { to, at, code, isTaken } = attempt;
  return { at: Math.floor(performance.timeOrigin + at), to, deliveryId: deliveryIdOf(attempt), code, isTaken };
}

function overIn(tables: Tables): Set<string> {
  return new Set(tables.rows('challenge').flatMap(({ id, state }) => (state === 'PENDING' ? [] : [id])));
}
