import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { streamOf } from '../support/activity.js';
import { ACKNOWLEDGE, LOGIN_REQUESTS, UPDATE_CURRENT_DEVICE } from '../support/operations.js';
import { changePassword, deviceOf, letIn, member, RENAME_DEVICE, removeDevice } from '../support/owner.js';
import { backEnds, Servers } from '../support/servers.js';
import { HandSocket } from '../support/socket.js';
import { until } from '../support/waiting.js';

const NEW_PASSWORD = 'velvet-harbour-57-kettle';

describe.each(backEnds)('whoever has a copy of a session token, over two servers on $name,', ({ redis }) => {
  let servers: Servers;

  beforeAll(async () => {
    servers = await Servers.start({ count: 2, redis, limits: { CHALLENGES_PER_ACCOUNT_HOUR: 1000 } });
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  test.each([true, false])(
    'is told nothing more once the owner has changed the password, and told to come back (others signed out: %s)',
    async (signOutOtherDevices) => {
      const phone = await servers.trusted(0);
      const thief = phone.twin(servers.client(1));
      await using codes = thief.loginRequests();
      await using activity = streamOf(thief);
      await using quiet = await HandSocket.ready(servers.client(0).socketUrl, thief.sessionToken);
      await until(async () => (await deviceOf(phone)).isOnline, 'the thief on the line');
      const changed = await changePassword(phone, NEW_PASSWORD, { signOutOtherDevices });
      member('PasswordChanged', changed);

      // What is asked for on such a socket waits for the next one: it is not refused, which clients take for final.
      quiet.send({ id: '1', type: 'subscribe', payload: { query: LOGIN_REQUESTS } });
      await using back = phone.loginRequests();
      const laptop = phone.another('Laptop');
      await laptop.signIn({ password: NEW_PASSWORD });
      expect((await back.next()).code).toMatch(/^\d{6}$/);
      const closing = { code: 1012, reason: 'Session token renewed' };
      expect(await Promise.all([codes, activity, quiet].map((socket) => socket.closed()))).toMatchObject([
        closing,
        closing,
        closing,
      ]);
      expect(codes.unread).toEqual([]);
      expect(activity.unread.filter(({ deviceName }) => deviceName === 'Laptop')).toEqual([]);
      expect(quiet.unread).toEqual([]);

      await using again = thief.loginRequests();
      expect((await again.closed()).code).toBe(4401);
      // The owner's own, with the new token, goes on.
      await phone.another('Tablet').signIn({ password: NEW_PASSWORD });
      expect((await back.nextThat(({ deviceName }) => deviceName === 'Tablet')).code).toMatch(/^\d{6}$/);
    },
  );

  test('writes nothing that was begun before the owner removed the device, and ends after', async () => {
    const phone = await servers.trusted(0);
    const laptop = phone.another('Laptop', servers.client(1));
    const { device } = await letIn(phone, laptop);
    const { id } = await deviceOf(phone);
    const lock = 'select 1 from device where id = $1 for update';
    const [isLate, renamed] = await servers.database.holding(lock, [id], async (held) => {
      const renamed = laptop.graphql(RENAME_DEVICE, { id, name: 'Call 0800 12345' });
      await held.waiters(1);
      let isRemoved = false;
      const removed = removeDevice(phone, device.id).then(() => {
        isRemoved = true;
      });
      await Promise.race([removed, held.waiters(2)]);
      const isLate = isRemoved;
      await held.release();
      await removed;
      return [isLate, renamed];
    });
    await renamed;
    const { name } = await deviceOf(phone);
    expect({ isLate, name }).toEqual({ isLate: false, name: 'Call 0800 12345' });
  });

  test('writes nothing when its session has ended before its turn came', async () => {
    const phone = await servers.trusted(0);
    const laptop = phone.another('Laptop', servers.client(1));
    const { device } = await letIn(phone, laptop);
    // The first use of a session waits for its row; those to come wait for nothing but what they are here to show.
    await laptop.viewer();
    const challenge = await phone.another('Tablet').challenged();
    const ending = `with locked as (select a.id from account a join device d on d.account_id = a.id
        where d.id = $1 for no key update of a)
      update session set ended_at = clock_timestamp() where device_id = $1 and exists (select 1 from locked)`;
    const answers = await servers.database.holding(ending, [device.id], async (held) => {
      const asked = [
        laptop.graphql(RENAME_DEVICE, { id: device.id, name: 'Mine' }),
        laptop.graphql(UPDATE_CURRENT_DEVICE, { input: { appVersion: '9.9' } }),
        laptop.graphql(ACKNOWLEDGE, { id: challenge.id }),
      ];
      await held.waiters(asked.length);
      return asked;
    });
    for (const { errors } of await Promise.all(answers)) {
      expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    }
    const untouched = "id = $1 and name = 'Laptop' and app_version is null";
    expect(await servers.database.count('device', untouched, [device.id])).toBe(1);
    expect(await servers.database.count('display', 'device_id = $1', [device.id])).toBe(0);
  });
});
