import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { streamOf } from '../../support/activity.js';
import type { Client } from '../../support/client.js';
import type { Handset } from '../../support/handset.js';
import { inTime } from '../../support/in-step.js';
import { CHALLENGE_CHANGES, LOGIN_REQUESTS, VIEWER } from '../../support/operations.js';
import { asA } from '../../support/outcomes.js';
import { deviceOf, letIn, removeDevice } from '../../support/owner.js';
import { backEnds, Servers } from '../../support/servers.js';
import { DeafPeer } from '../../support/socket.js';
import { until } from '../../support/waiting.js';

const RECHECK_SECONDS = 2;

describe.each(backEnds)('a device that was removed, over two servers on $name,', ({ redis }) => {
  let servers: Servers;

  beforeAll(async () => {
    servers = await Servers.start({
      count: 2,
      redis,
      limits: { CHALLENGES_PER_ACCOUNT_HOUR: 1000, PROMPTS_UNANSWERED: 1000, WS_RECHECK_SECONDS: RECHECK_SECONDS },
    });
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  async function phoneAndLaptop(): Promise<{ phone: Handset; laptop: Handset; laptopId: string }> {
    const phone = await servers.trusted(0);
    const laptop = phone.another('Laptop', servers.client(1));
    const { device } = await letIn(phone, laptop);
    return { phone, laptop, laptopId: device.id };
  }

  /** Asks who is signed in, again and again, until told to stop; with when each request began. */
  function asking(laptop: Handset, client: Client) {
    const twin = laptop.twin(client);
    const answers: { begunAt: number; isServed: boolean }[] = [];
    let isOver = false;
    const loop = async () => {
      while (!isOver) {
        const begunAt = performance.now();
        const { data } = await twin.graphql<{ result: { currentDevice: unknown } | null }>(VIEWER);
        answers.push({ begunAt, isServed: Boolean(data?.result?.currentDevice) });
      }
    };
    const asked = loop();
    return async () => {
      isOver = true;
      await asked;
      return answers;
    };
  }

  /** Fails where it does not come in time; what is slow here is slow for whoever asks this, too. */
  const inSeconds = <T>(seconds: number, promised: Promise<T>) =>
    inTime(promised, 1000 * seconds, () => servers.client(1).graphql('{ viewer { id } }'), 500);

  test('is served by none of them from the moment that the removal has answered', async () => {
    const { phone, laptop, laptopId } = await phoneAndLaptop();
    const stops = [0, 0, 1, 1].map((nth) => asking(laptop, servers.client(nth)));
    await using onFirst = laptop.twin(servers.client(0)).loginRequests();
    await using onSecond = laptop.loginRequests();
    await using activity = streamOf(laptop);
    await until(async () => (await deviceOf(laptop)).isOnline, 'the laptop online');
    await phone.another('Before').challenged();

    await removeDevice(phone, laptopId);
    const answeredAt = performance.now();
    const [after, ...closings] = await Promise.all([
      phone.another('After').challenged(),
      ...[onFirst, onSecond, activity].map((stream) => inSeconds(1, stream.closed())),
    ]);
    expect(closings.map(({ code }) => code)).toEqual([4401, 4401, 4401]);
    const events = [...onFirst.unread, ...onSecond.unread];
    expect(events.filter(({ id }) => id === after.id)).toEqual([]);
    expect(activity.unread.filter(({ deviceName }) => deviceName === 'After')).toEqual([]);

    for (const stop of stops) {
      const answers = await stop();
      expect(answers.some(({ isServed }) => isServed)).toBe(true);
      expect(answers.filter(({ begunAt, isServed }) => begunAt > answeredAt && isServed)).toEqual([]);
    }
  });

  test('is cut off within a second although it ignores the close, and what it still sends is not run', async () => {
    const { phone, laptop, laptopId } = await phoneAndLaptop();
    const { token } = asA('Challenge', await servers.stranger().signUp());
    using peer = await DeafPeer.ready(servers.client(1).socketUrl, laptop.sessionToken);
    peer.send({ id: '1', type: 'subscribe', payload: { query: LOGIN_REQUESTS } });
    await peer.hears('VERIFIED');
    await removeDevice(phone, laptopId);
    const cut = inSeconds(1, peer.cut());
    await peer.hears('Session ended');
    const { length } = peer.heard;
    peer.send({ id: '2', type: 'subscribe', payload: { query: CHALLENGE_CHANGES, variables: { token } } });
    await phone.another('After').challenged();
    await cut;
    expect(peer.heard).toHaveLength(length);
  });

  test('is shown nothing by a socket whose server was not told: the rows are read before each event', async () => {
    const { phone, laptop, laptopId } = await phoneAndLaptop();
    await using requests = laptop.loginRequests();
    await until(async () => (await deviceOf(laptop)).isOnline, 'the laptop online');
    await requests.next();
    // Behind the product's back: trust alone first.
    await servers.database.query('update device set trusted_at = null where id = $1', [laptopId]);
    await phone.another('After').challenged();
    await requests.completed();
    expect(requests.unread).toEqual([]);

    await using activity = streamOf(laptop);
    await until(async () => (await deviceOf(laptop)).isOnline, 'the laptop online');
    await servers.database.query('update device set removed_at = clock_timestamp() where id = $1', [laptopId]);
    await phone.another('Later').challenged();
    expect((await activity.closed()).code).toBe(4401);
    expect(activity.unread.filter(({ deviceName }) => deviceName === 'Later')).toEqual([]);
  });

  test('is served by none while the bus is away, and its sockets are gone within WS_RECHECK_SECONDS', async () => {
    const { phone, laptop, laptopId } = await phoneAndLaptop();
    await using requests = laptop.loginRequests();
    await requests.next();
    await busAway(async () => {
      await removeDevice(phone, laptopId);
      const closed = inSeconds(RECHECK_SECONDS + 1, requests.closed());
      expect(await laptop.viewer()).toBeNull();
      expect(await closed).toMatchObject({ code: 4401 });
    });
  });

  /** For PostgreSQL its connections to the bus are cut again and again: it is the database too. */
  async function busAway(work: () => Promise<void>): Promise<void> {
    if (servers.redis) {
      await servers.redis.kill();
      await work();
      await servers.redis.restart();
      // A code comes by mail once the queue is back: BullMQ never ends a connection that is told to while it is away.
      await servers.signedUp();
      return;
    }
    const cut = () =>
      servers.database.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'doorstep-bus' and datname = current_database()",
      );
    let isOver = false;
    const cutting = until(async () => {
      await cut();
      return isOver;
    }, 'the end of the work');
    await work();
    isOver = true;
    await cutting;
  }
});
