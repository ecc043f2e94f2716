import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { FaultProxy } from '../support/fault-proxy.js';
import { Handset, newOwner } from '../support/handset.js';
import { everyday, inStep } from '../support/in-step.js';
import { asA } from '../support/outcomes.js';
import { Process } from '../support/processes.js';
import { redisAvailable } from '../support/redis.js';
import { Servers } from '../support/servers.js';

// Real processes start here, each of them two seconds of work.
jest.setTimeout(90_000);

/** The longest that an answer is held up by a Redis that does not do its work. */
const HELD_UP_MS = 2_000;

const onRedis = redisAvailable() ? describe : describe.skip;

onRedis('while Redis', () => {
  let stores: Servers;
  let way: FaultProxy;
  let server: Process;
  let worker: Process;
  let phone: Handset;
  /** On PostgreSQL alone: nothing of Redis holds up who is on it. */
  let sound: Servers;
  let soundServer: Process;
  let soundPhone: Handset;

  beforeAll(async () => {
    [stores, sound] = await Promise.all([Servers.start({ redis: true }), Servers.start()]);
    way = await FaultProxy.start(stores.redis?.url ?? '');
    const env = stores.environment({ REDIS_URL: way.url });
    [server, worker, soundServer] = await Promise.all([
      Process.server(env),
      Process.worker(env),
      Process.server(sound.environment()),
    ]);
    phone = await stores.trusted();
    soundPhone = await sound.trusted();
    // From here on, mail goes by the worker of the test alone.
    await stores.app().close();
  });
  afterEach(async () => {
    await setMaxMemory('0');
    await way.heal();
  });
  afterAll(async () => {
    await Promise.all([server.kill(), worker.kill(), soundServer.kill()]);
    way[Symbol.dispose]();
    await Promise.all([stores[Symbol.asyncDispose](), sound[Symbol.asyncDispose]()]);
  });

  async function setMaxMemory(bytes: string): Promise<void> {
    const redis = new Redis(stores.redis?.url ?? '');
    await redis.config('SET', 'maxmemory', bytes);
    redis.disconnect();
  }

  const faults: readonly (readonly [string, () => void | Promise<void>])[] = [
    [
      'is away',
      () => {
        way.refuse();
        way.cut();
      },
    ],
    ['hangs', () => way.blackHole()],
    ['is slow', () => way.delay(500)],
    ['is full', () => setMaxMemory('1')],
    ['comes back empty', async () => stores.redis?.restart()],
  ];

  test.each(faults)(
    '%s, people sign in, live codes arrive, mail waits and goes when it is well again',
    async (...fault) => {
      await fault[1]();
      await serves(server, soundServer);
    },
  );

  test('is away at the start, all of that is so as well', async () => {
    way.refuse();
    way.cut();
    const env = stores.environment({ REDIS_URL: way.url });
    // As new as the other: what a process does for the first time takes longer.
    await using soundly = await Process.launch('server', sound.environment());
    await using started = await Process.server(env);
    await using _second = await Process.launch('worker', env);
    await soundly.ready();
    await serves(started, soundly);
  });

  /** Does what people do, on both servers; heals Redis when a mail is all that is left to wait for. */
  async function serves(on: Process, soundly: Process): Promise<void> {
    const device = phone.twin(on.client);
    const stranger = new Handset(on.client, stores.mailbox, newOwner());
    const soundDevice = soundPhone.twin(soundly.client);
    const other = new Handset(soundly.client, sound.mailbox, newOwner());
    const signUp = await inStep(everyday(device, stranger), everyday(soundDevice, other), HELD_UP_MS);
    await setMaxMemory('0');
    await way.heal();
    asA('SignedIn', await stranger.verify(signUp, await stores.mailbox.code(stranger.owner.email)));
    expect([server.hasEnded, worker.hasEnded, on.hasEnded]).toEqual([false, false, false]);
    await device.signOut();
  }
});
