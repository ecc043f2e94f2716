import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { pino } from 'pino';
import type { Bus, Topic } from '../../../src/bus/bus.js';
import { openBus } from '../../../src/bus/open-bus.js';
import { startTestPostgres } from '../../support/postgres.js';
import { redisAvailable, startRedis } from '../../support/redis.js';
import type { Store } from '../../support/store.js';

/** Twice what the bus gives its store for its last words and for the close, and more. */
const CLOSED_MS = 2_000;

interface BackEnd {
  readonly name: string;
  start(): Promise<Store>;
  /** What `openBus` is given to reach it. */
  config(url: string): { redisUrl: string | null; redisPrefix: string; databaseUrl: string };
  /** Cuts every connection of every bus. */
  cut(url: string): Promise<void>;
  /** Sends what no bus of ours would send. */
  forge(url: string, texts: readonly string[]): Promise<void>;
}

const onPostgres: BackEnd = {
  name: 'PostgreSQL',
  start: startTestPostgres,
  config: (url) => ({ redisUrl: null, redisPrefix: 'doorstep', databaseUrl: url }),
  cut: (url) =>
    asPostgresAdmin(
      url,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'doorstep-bus'",
    ),
  forge: (url, texts) =>
    asPostgresAdmin(url, "SELECT pg_notify('doorstep', text) FROM unnest($1::text[]) text", [texts]),
};

const onRedis: BackEnd = {
  name: 'Redis',
  start: startRedis,
  config: (url) => ({ redisUrl: url, redisPrefix: 'doorstep', databaseUrl: 'postgres://127.0.0.1:1/unused' }),
  cut: (url) =>
    asRedisAdmin(url, async (admin) => {
      await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    }),
  forge: (url, texts) =>
    asRedisAdmin(url, async (admin) => {
      for (const text of texts) await admin.publish(`doorstep:${text}`, text);
    }),
};

describe.each(redisAvailable() ? [onPostgres, onRedis] : [onPostgres])('the bus on $name', (backEnd) => {
  let store: Store;
  const open: Bus[] = [];
  const logged: { level: number; reason?: string; msg: string }[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void logged.push(JSON.parse(line)) });

  function newBus(url = store.url): Bus {
    const bus = openBus(backEnd.config(url), logger);
    open.push(bus);
    return bus;
  }

  async function twoServers(): Promise<[Bus, Bus]> {
    const servers: [Bus, Bus] = [newBus(), newBus()];
    await until(() => servers.every((bus) => bus.isConnected));
    return servers;
  }

  beforeAll(async () => {
    store = await backEnd.start();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((bus) => bus.close()));
    logged.length = 0;
  });
  afterAll(() => store.stop());

  test('a message wakes the listeners of its topic on every server, and nobody else', async () => {
    const [here, there] = await twoServers();
    const topic = newTopic();
    const listeners = [count(here, topic), count(there, topic), count(there, topic)];
    const bystander = count(there, newTopic());
    await inForce(there, here);
    reset(...listeners, bystander);

    here.publish(topic);
    await until(() => listeners.every(({ wakes }) => wakes > 0));
    await inForce(there, here);
    expect(bystander.wakes).toBe(0);
  });

  test('a subscription that ended is not woken, and ending it twice does not end another', async () => {
    const [here, there] = await twoServers();
    const topic = newTopic();
    const ended = count(there, topic);
    const kept = count(there, topic);
    await inForce(there, here);
    ended.unsubscribe();
    ended.unsubscribe();
    reset(ended, kept);

    here.publish(topic);
    await until(() => kept.wakes > 0);
    expect(ended.wakes).toBe(0);
  });

  test('however quickly a topic is left and taken up again, it is listened to in the end', async () => {
    const [here, there] = await twoServers();
    const topic = newTopic();
    for (let round = 0; round < 20; round += 1) count(there, topic).unsubscribe();
    const last = count(there, topic);
    await inForce(there, here);
    reset(last);

    here.publish(topic);
    await until(() => last.wakes > 0);
  });

  test('whoever begins to listen can wait until that is in force, and is woken by then', async () => {
    const [here, there] = await twoServers();
    const topics = Array.from({ length: 2_000 }, newTopic);
    const counters = topics.map((topic) => count(there, topic));
    const waited = await Promise.all(topics.map((topic) => there.inForce(topic)));
    await nextTurn();
    // On PostgreSQL all topics are one channel, which is listened to all the time.
    for (const [nth, { wakes }] of counters.entries()) expect(wakes).toBe(waited[nth] ? 1 : 0);
    expect(await Promise.all(topics.map((topic) => there.inForce(topic)))).not.toContain(true);
    reset(...counters);

    for (const topic of topics) here.publish(topic);
    await until(() => counters.every(({ wakes }) => wakes === 1));
  });

  test('and waits for no store that is away', async () => {
    const bus = newBus(`${backEnd.name === 'Redis' ? 'redis' : 'postgres'}://127.0.0.1:1/0`);
    const topic = newTopic();
    count(bus, topic);
    expect(await bus.inForce(topic)).toBe(false);
  });

  test('a thousand messages at once on one topic are a handful of wake-ups', async () => {
    const [here, there] = await twoServers();
    const topic = newTopic();
    const listeners = [count(here, topic), count(there, topic)];
    await inForce(there, here);
    reset(...listeners);

    for (let message = 0; message < 1000; message += 1) here.publish(topic);
    await until(() => listeners.every(({ wakes }) => wakes > 0));
    await inForce(there, here);
    for (const { wakes } of listeners) expect(wakes).toBeLessThan(5);
  });

  test('a listener that throws keeps no other from being woken', async () => {
    const bus = newBus();
    const topic = newTopic();
    bus.subscribe(topic, () => {
      throw new Error('a fault of the listener');
    });
    const other = count(bus, topic);
    bus.publish(topic);
    await until(() => other.wakes > 0);
    expect(logged.map(({ msg }) => msg)).toContain('A listener of the bus failed');
  });

  test('a message that makes no sense wakes nobody and breaks nothing', async () => {
    const [here, there] = await twoServers();
    const topic = newTopic();
    const listener = count(there, topic);
    await inForce(there, here);
    reset(listener);

    await backEnd.forge(store.url, ['', 'account:', 'constructor', '__proto__', `${topic} `, '{"a":1}']);
    await inForce(there, here);
    expect(listener.wakes).toBe(0);
    await backEnd.forge(store.url, [topic]);
    await until(() => listener.wakes > 0);
  });

  test('after its connections were cut it heals, and every listener is woken again', async () => {
    await heals(() => backEnd.cut(store.url));
  });

  test('after the store was restarted it heals, and every listener is woken again', async () => {
    await heals(() => store.restart());
  });

  async function heals(breakIt: () => Promise<void>): Promise<void> {
    const [here, there] = await twoServers();
    const topics = [newTopic(), newTopic(), newTopic()] as const;
    const listeners = topics.map((topic) => count(there, topic));
    await inForce(there, here);
    reset(...listeners);

    await breakIt();
    await until(() => here.isConnected && there.isConnected && listeners.every(({ wakes }) => wakes > 0));
    await inForce(there, here);
    reset(...listeners);
    here.publish(topics[1]);
    await until(() => listeners[1]?.wakes === 1);
    expect(listeners.map(({ wakes }) => wakes)).toEqual([0, 1, 0]);
  }

  test('opened while the store is away, it serves its own listeners, says so once, and delivers later', async () => {
    await store.kill();
    const [here, there] = [newBus(), newBus()];
    const topic = newTopic();
    const listeners = [count(here, topic), count(there, topic)] as const;
    here.publish(topic);
    await until(() => listeners[0].wakes === 1);
    expect(listeners[1].wakes).toBe(0);
    // Several attempts go by, since a line too many is what would come.
    await sleep(800);
    expect(logged.map(({ level, msg }) => `${level} ${msg.split(':')[0]}`)).toEqual([
      '40 The bus is away',
      '40 The bus is away',
    ]);
    expect(logged[0]?.reason).toContain('ECONNREFUSED');

    await store.restart();
    await until(() => here.isConnected && there.isConnected && listeners[1].wakes > 0);
    await inForce(there, here);
  });

  test('a store that hangs keeps nobody waiting: publish, own listeners, close', async () => {
    const [here] = await twoServers();
    const topic = newTopic();
    const listener = count(here, topic);
    store.pause();
    try {
      const before = performance.now();
      for (let message = 0; message < 100; message += 1) here.publish(`challenge:${message}`);
      here.publish(topic);
      expect(performance.now() - before).toBeLessThan(1000);
      await until(() => listener.wakes > 0);
      const opened = newBus();
      const closing = performance.now();
      await Promise.all([here.close(), opened.close()]);
      expect(performance.now() - closing).toBeLessThan(CLOSED_MS);
    } finally {
      store.resume();
    }
  });

  test('a store that hangs is noticed, and what was published meanwhile arrives when it goes on', async () => {
    const [here, there] = await twoServers();
    const topic = newTopic();
    const listener = count(there, topic);
    await inForce(there, here);
    store.pause();
    try {
      await until(() => !here.isConnected && !there.isConnected);
      reset(listener);
      here.publish(topic);
    } finally {
      store.resume();
    }
    await until(() => here.isConnected && there.isConnected && listener.wakes > 0);
    await inForce(there, here);
  });

  test('closed while the store is away, it is closed within a second and silent from then on', async () => {
    const bus = newBus();
    await until(() => bus.isConnected);
    await store.kill();
    try {
      await until(() => !bus.isConnected);
      const topic = newTopic();
      const listener = count(bus, topic);
      const before = performance.now();
      await bus.close();
      expect(performance.now() - before).toBeLessThan(CLOSED_MS);
      bus.publish(topic);
      count(bus, topic).unsubscribe();
      await bus.close();
      expect(listener.wakes).toBe(0);
    } finally {
      await store.restart();
    }
  });

  test('what is published right before closing still arrives', async () => {
    const [here, there] = await twoServers();
    const topic = newTopic();
    const listener = count(there, topic);
    await inForce(there, here);
    reset(listener);
    here.publish(topic);
    await here.close();
    await until(() => listener.wakes > 0);
  });

  if (backEnd === onRedis) {
    test('a Redis user who may do nothing but pub/sub on our channels is enough', async () => {
      await asRedisAdmin(store.url, (admin) =>
        admin.acl(
          'SETUSER',
          'bus',
          'on',
          '>secret',
          '-@all',
          '&doorstep:*',
          '+publish',
          '+subscribe',
          '+unsubscribe',
          '+ping',
        ),
      );
      const url = store.url.replace('//', '//bus:secret@');
      await inForce(newBus(url), newBus(url));
      expect(logged).toEqual([]);
    });

    test('a password that Redis refuses is not logged', async () => {
      newBus(store.url.replace('//', '//bus:not-the-secret@'));
      await until(() => logged.length > 0);
      expect(logged[0]?.reason).toContain('WRONGPASS');
      expect(JSON.stringify(logged)).not.toContain('not-the-secret');
    });
  }
});

interface Counter {
  wakes: number;
  readonly unsubscribe: () => void;
}

function count(bus: Bus, topic: Topic): Counter {
  const counter: Counter = {
    wakes: 0,
    unsubscribe: bus.subscribe(topic, () => {
      counter.wakes += 1;
    }),
  };
  return counter;
}

function reset(...counters: readonly Counter[]): void {
  for (const counter of counters) counter.wakes = 0;
}

function newTopic(): Topic {
  return `account:${randomUUID()}`;
}

/** Resolves when all that `bus` subscribed to before is in force, and all that `sender` published before has arrived. */
async function inForce(bus: Bus, sender: Bus): Promise<void> {
  const marker = newTopic();
  const listener = count(bus, marker);
  // Twice, since the first may tell of the subscription alone.
  while (listener.wakes < 2) {
    sender.publish(marker);
    await sleep(5);
  }
  listener.unsubscribe();
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(5);
}

async function asPostgresAdmin(url: string, text: string, values: readonly unknown[] = []): Promise<void> {
  const admin = new Client({ connectionString: url });
  await admin.connect();
  await admin.query(text, [...values]);
  await admin.end();
}

async function asRedisAdmin(url: string, act: (admin: Redis) => Promise<unknown>): Promise<void> {
  const admin = new Redis(url);
  await act(admin);
  await admin.quit();
}
