import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { Bus, Topic } from '../../../src/bus/bus.js';
import { openBus } from '../../../src/bus/open-bus.js';
import { LostWakeUps } from '../../../src/challenges/lost-wake-ups.js';
import { Database } from '../../../src/sql/database.js';
import type { Repeated } from '../../../src/sql/pulse.js';
import { openPool } from '../../../src/wiring/database.js';
import { streamOf } from '../../support/activity.js';
import { promptId } from '../../support/outcomes.js';
import { backEnds, Servers } from '../../support/servers.js';
import { until } from '../../support/waiting.js';

// A change behind the product's back: nobody is woken, as where the server that had to do it was killed after its commit.
describe.each(backEnds)('a change of which nobody is woken, on $name,', ({ redis }) => {
  let servers: Servers;

  beforeAll(async () => {
    servers = await Servers.start({ redis, limits: { WS_RECHECK_SECONDS: 1 } });
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  test('is told to trusted devices all the same, within WS_RECHECK_SECONDS', async () => {
    const phone = await servers.trusted();
    const challenge = await phone.another('Laptop').challenged();
    await using requests = phone.loginRequests();
    expect(await requests.next()).toMatchObject({ id: promptId(challenge), state: 'PENDING' });
    await servers.database.query("update challenge set state = 'DENIED' where id = $1", [challenge.id]);
    expect(await requests.next()).toMatchObject({ id: promptId(challenge), state: 'DENIED', code: null });
  });

  test('is told to whoever reads the activity', async () => {
    const phone = await servers.trusted();
    await using entries = streamOf(phone);
    await until(async () => (await phone.viewer())?.currentDevice.isOnline, 'the phone online');
    await servers.database.query(
      `with numbered as (
         update account set activity_count = activity_count + 1 where email = $1 returning id, activity_count)
       insert into activity (account_id, number, type, device_name, platform, ip_address, is_new_device, is_new_location)
       select id, activity_count, 'WRONG_PASSWORD', 'Lost', 'OTHER', '127.0.0.1', false, false from numbered`,
      [phone.owner.email],
    );
    expect(await entries.nextThat(({ deviceName }) => deviceName === 'Lost')).toMatchObject({ type: 'WRONG_PASSWORD' });
  });

  test('is told to whoever waits for a code: that it was shown, and that the server of the device was killed', async () => {
    const phone = await servers.trusted();
    await phone.report({ notificationsEnabled: false });
    const { id } = (await phone.viewer())?.currentDevice ?? { id: '' };
    const laptop = phone.another('Laptop');
    const challenge = await laptop.challenged();
    await laptop.sendCode(challenge, 'APP');
    await using changes = laptop.challengeChanges(challenge);
    const isTold = (state: string, reason: string) =>
      changes.nextThat(({ deliveries }) => deliveries.some((one) => one.state === state && one.reason === reason));
    await isTold('QUEUED', 'NOTIFICATIONS_OFF');
    await servers.database.query('insert into presence (device_id, server_id) values ($1, gen_random_uuid())', [id]);
    await servers.database.query('insert into display (challenge_id, device_id) values ($1, $2)', [challenge.id, id]);
    await isTold('SENT', 'NOT_YET_ACKNOWLEDGED');
    await servers.database.age('presence', '46 seconds', 'device_id = $1', [id]);
    await isTold('SENT', 'NO_TRUSTED_DEVICE_ONLINE');
  });

  test('is looked for from where a topic stood when somebody began to listen, so that what stands as then wakes nobody', async () => {
    const phones = await Promise.all(Array.from({ length: 5 }, () => servers.trusted()));
    const topics: Topic[] = [];
    for (const { owner } of phones) {
      const [row] = await servers.database.query<{ id: string }>('select id from account where email = $1', [
        owner.email,
      ]);
      topics.push(`account:${row?.id}`);
    }
    const [unchanged, changed, shared, left, unnoted] = topics as [Topic, Topic, Topic, Topic, Topic];
    await using closing = new AsyncDisposableStack();
    const config = servers.config();
    const logger = pino({ level: 'silent' });
    const pool = closing.adopt(openPool(config.databaseUrl, logger), (opened) => opened.end());
    const db = new Database(pool);
    const bus = closing.adopt(openBus(config, logger), (opened) => opened.close());
    const looks: Repeated[] = [];
    const marks = new LostWakeUps(db, bus, config.limits, { add: (look) => void looks.push(look) });
    await until(() => bus.isConnected, 'the bus');
    const woken = listen(bus, topics);
    // Somebody else who listens may have read before the mark was.
    listen(bus, [shared]);
    await Promise.all(topics.map((topic) => bus.inForce(topic)));
    await nextTurn();
    woken.clear();

    await Promise.all([unchanged, changed, shared].map((topic) => marks.note(topic, () => true)));
    // Whoever listens now began to after it was asked for, and may have read before it was.
    await marks.note(left, () => false);
    await servers.database.query('update account set epoch = epoch + 1 where id = $1', [
      changed.slice('account:'.length),
    ]);
    for (const look of looks) await look.run(db);
    await nextTurn();
    expect([...woken].sort()).toEqual([changed, shared, left, unnoted].sort());
  });
});

/** Those that were woken. */
function listen(bus: Bus, topics: readonly Topic[]): Set<Topic> {
  const woken = new Set<Topic>();
  for (const topic of topics) bus.subscribe(topic, () => woken.add(topic));
  return woken;
}
