import { setTimeout as sleep } from 'node:timers/promises';

/** Lets what an answer has left behind come to its end before the next one is timed. */
const SETTLE_MS = 25;

/** Milliseconds that some work takes. */
export async function millisecondsOf(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work();
  return performance.now() - before;
}

/** Two kinds of work by turns, which of the two comes first being left to chance: so that nothing favours one. */
export async function interleaved(
  count: number,
  one: (nth: number) => Promise<unknown>,
  other: (nth: number) => Promise<unknown>,
): Promise<{ one: number[]; other: number[] }> {
  const times = { one: [] as number[], other: [] as number[] };
  for (let nth = 0; nth < count; nth += 1) {
    const turns = [
      async () => times.one.push(await millisecondsOf(() => one(nth))),
      async () => times.other.push(await millisecondsOf(() => other(nth))),
    ];
    if (Math.random() < 0.5) turns.reverse();
    for (const turn of turns) {
      await turn();
      await sleep(SETTLE_MS);
    }
  }
  return times;
}

/** The share of pairs in which one takes longer than the other: 50 % where nothing tells them apart. */
export function shareAbove(one: readonly number[], other: readonly number[]): number {
  const sorted = [...other].sort((a, b) => a - b);
  const below = one.map((time) => {
    const nth = sorted.findIndex((candidate) => candidate >= time);
    return nth < 0 ? sorted.length : nth;
  });
  return (100 * below.reduce((sum, n) => sum + n, 0)) / (one.length * other.length);
}
