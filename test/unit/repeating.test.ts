import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { batched } from '../../src/sql/batches.js';
import type { Sql } from '../../src/sql/database.js';
import { Pulse, type Repeated } from '../../src/sql/pulse.js';
import { Wheel } from '../../src/wire/wheel.js';
import { until } from '../support/waiting.js';

// Those in which seconds have to pass let them pass side by side.

/** A store that says how often somebody took a connection of it, and may be away. */
class Store implements Sql {
  taken = 0;
  isAway = false;

  run = () => Promise.reject(new Error('nothing is asked here'));

  async together<T>(work: (connection: Sql) => Promise<T>): Promise<T> {
    this.taken += 1;
    if (this.isAway) throw new Error('away');
    return work(this);
  }
}

/** A task, and how often it was done. */
function task(what: string, isIdle = false): Repeated & { times: number } {
  return {
    what,
    times: 0,
    everySeconds: 1,
    isIdle: () => isIdle,
    async run() {
      this.times += 1;
    },
  };
}

test.concurrent('what is due at the same second shares a connection, and what is idle takes none', async () => {
  const store = new Store();
  const pulse = new Pulse(store, { warn: () => undefined });
  const tasks = [task('one'), task('another'), task('a third', true)];
  for (const one of tasks) pulse.add(one);
  await until(() => tasks[0]?.times === 2, 'the second time');
  await pulse.close();
  expect(tasks.map(({ times }) => times)).toEqual([2, 2, 0]);
  expect(store.taken).toBe(2);
});

test.concurrent('a store that is away is told of once, until it was there again', async () => {
  const store = new Store();
  const told: unknown[] = [];
  const pulse = new Pulse(store, { warn: (_fault: object, message?: string) => void told.push(message) });
  const one = task('nothing can be done');
  pulse.add(one);
  store.isAway = true;
  await until(() => store.taken === 2, 'the second failure');
  store.isAway = false;
  await until(() => one.times === 1, 'the store back');
  store.isAway = true;
  await until(() => store.taken === 4, 'the next failure');
  await pulse.close();
  expect(told).toEqual(['nothing can be done now', 'nothing can be done now']);
});

test('what is asked for in one turn, or while the batch before is under way, is done together', async () => {
  const batches: (readonly number[])[] = [];
  let finish: () => void = () => undefined;
  const double = batched(async (asked: readonly number[]) => {
    batches.push(asked);
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return asked.map((one) => 2 * one);
  });
  const first = [double(1), double(2)];
  await until(() => batches.length === 1, 'the first batch');
  const second = [double(3), double(4)];
  finish();
  expect(await Promise.all(first)).toEqual([2, 4]);
  await until(() => batches.length === 2, 'the second batch');
  finish();
  expect(await Promise.all(second)).toEqual([6, 8]);
  expect(batches).toEqual([
    [1, 2],
    [3, 4],
  ]);
});

test('a batch that fails fails for those in it alone', async () => {
  const half = batched(async (asked: readonly number[]) => {
    if (asked.includes(0)) throw new Error('no half of nothing');
    return asked.map((one) => one / 2);
  });
  await expect(half(0)).rejects.toThrow('no half of nothing');
  expect(await half(4)).toBe(2);
});

test.concurrent('a wheel comes to each once in its round, and no more to what was taken out', async () => {
  const visited: string[] = [];
  using wheel = new Wheel<string>(2, (one) => void visited.push(one));
  wheel.add('stays');
  const share = wheel.add('leaves');
  await until(() => visited.length === 2, 'the first round');
  share.delete('leaves');
  await until(() => visited.length === 3, 'the second round');
  expect(visited).toEqual(['stays', 'leaves', 'stays']);
});

test('a wheel spreads over its round what comes within a second, so that no turn holds up what else there is to do', async () => {
  using wheel = new Wheel<number>(60, () => undefined);
  const shares = new Set<Set<number>>();
  const from = performance.now();
  for (let nth = 0; performance.now() - from < 1_000; nth += 1) {
    shares.add(wheel.add(nth));
    await sleep(1);
  }
  expect(shares.size).toBeGreaterThan(4);
});

test('a batch takes a hundred at most', async () => {
  const sizes: number[] = [];
  const same = batched(async (asked: readonly number[]) => {
    sizes.push(asked.length);
    return asked;
  });
  await Promise.all(Array.from({ length: 1_000 }, (_, nth) => same(nth)));
  expect(Math.max(...sizes)).toBe(100);
});

test('a batch that collects takes what comes over many turns', async () => {
  const sizes: number[] = [];
  const same = batched(async (asked: readonly number[]) => {
    sizes.push(asked.length);
    return asked;
  }, 200);
  const answers: Promise<number>[] = [];
  for (let nth = 0; nth < 10; nth += 1) {
    answers.push(same(nth));
    await nextTurn();
  }
  await Promise.all(answers);
  expect(sizes).toEqual([10]);
});
