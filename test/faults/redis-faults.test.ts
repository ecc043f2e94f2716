import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { FaultProxy } from '../support/fault-proxy.js';
import { Handset, newOwner } from '../support/handset.js';
import { asA, type Challenge, promptId } from '../support/outcomes.js';
import { Process } from '../support/processes.js';
import { redisAvailable } from '../support/redis.js';
import { Servers } from '../support/servers.js';
import { within } from '../support/waiting.js';

// Real processes start here, each of them two seconds of work.
jest.setTimeout(90_000);

/** The longest that anybody waits for a Redis that does not do its work. */
const HELD_UP_MS = 2_000;

const onRedis = redisAvailable() ? describe : describe.skip;

onRedis('while Redis', () => {
  let stores: Servers;
  let way: FaultProxy;
  let server: Process;
  let worker: Process;
  let phone: Handset;

  beforeAll(async () => {
    stores = await Servers.start({ redis: true });
    way = await FaultProxy.start(stores.redis?.url ?? '');
    const env = stores.environment({ REDIS_URL: way.url });
    [server, worker] = await Promise.all([Process.server(env), Process.worker(env)]);
    phone = (await stores.trusted()).twin(server.client);
    // From here on, mail goes by the worker of the test alone.
    await stores.app().close();
  });
  afterEach(async () => {
    await setMaxMemory('0');
    await way.heal();
  });
  afterAll(async () => {
    await Promise.all([server.kill(), worker.kill()]);
    way[Symbol.dispose]();
    await stores[Symbol.asyncDispose]();
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
      await serves(server);
    },
  );

  test('is away at the start, all of that is so as well', async () => {
    way.refuse();
    way.cut();
    const env = stores.environment({ REDIS_URL: way.url });
    await using started = await Process.server(env);
    await using _second = await Process.launch('worker', env);
    await serves(started);
  });

  /** Does what people do, on this server; heals Redis when a mail is all that is left to wait for. */
  async function serves(on: Process): Promise<void> {
    const device = phone.twin(on.client);
    asA('SignedIn', await inTime(device.signIn()));
    await using requests = device.loginRequests();
    const laptop = device.another('Laptop');
    const challenge = asA('Challenge', await inTime(laptop.signIn()));
    const { code } = await inTime(requests.nextThat(({ id }) => id === promptId(challenge)));
    asA('SignedIn', await inTime(laptop.verify(challenge, code ?? '')));
    const stranger = new Handset(on.client, stores.mailbox, newOwner());
    const signUp: Challenge = asA('Challenge', await inTime(stranger.signUp()));
    await setMaxMemory('0');
    await way.heal();
    asA('SignedIn', await stranger.verify(signUp, await stores.mailbox.code(stranger.owner.email)));
    expect([server.hasEnded, worker.hasEnded, on.hasEnded]).toEqual([false, false, false]);
    await requests[Symbol.asyncDispose]();
    await device.signOut();
  }

  const inTime = <T>(answer: Promise<T>) => within(answer, 'the answer', HELD_UP_MS);
});
