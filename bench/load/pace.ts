import { setTimeout as sleep } from 'node:timers/promises';

/** What a round of a load took; times in milliseconds. */
export interface Round {
  readonly elapsedMs: number;
  /** Of each operation, in the order of their ends. */
  readonly times: readonly number[];
}

/**
 * Does something so many at once, each lane beginning the next as soon as it is done with one, until the time is over.
 * @param work is told its lane, and how many that lane has done before
 */
export async function during(
  seconds: number,
  lanes: number,
  work: (lane: number, turn: number) => Promise<unknown>,
): Promise<Round> {
  const end = performance.now() + seconds * 1000;
  return inLanes(lanes, work, () => performance.now() < end);
}

/** The same, each of so many things once. */
export function once(count: number, lanes: number, work: (nth: number) => Promise<unknown>): Promise<Round> {
  return inLanes(
    Math.min(count, lanes),
    (lane, turn) => work(lane + turn * lanes),
    (lane, turn) => lane + turn * lanes < count,
  );
}

/**
 * Begins something at a fixed rate, whether or not what was begun before is done; waits for all of it.
 * @throws the first fault, when all is over
 */
export async function atRate(
  perSecond: number,
  seconds: number,
  work: (nth: number) => Promise<unknown>,
): Promise<void> {
  const faults: unknown[] = [];
  const begun: Promise<unknown>[] = [];
  const start = performance.now();
  for (let nth = 0; nth < perSecond * seconds; nth += 1) {
    const wait = start + (nth * 1000) / perSecond - performance.now();
    if (wait > 0) await sleep(wait);
    begun.push(work(nth).catch((error) => faults.push(error)));
  }
  await Promise.all(begun);
  if (faults.length > 0) throw faults[0];
}

async function inLanes(
  lanes: number,
  work: (lane: number, turn: number) => Promise<unknown>,
  goesOn: (lane: number, turn: number) => boolean,
): Promise<Round> {
  const times: number[] = [];
  const start = performance.now();
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      for (let turn = 0; goesOn(lane, turn); turn += 1) {
        const before = performance.now();
        await work(lane, turn);
        times.push(performance.now() - before);
      }
    }),
  );
  return { elapsedMs: performance.now() - start, times };
}
