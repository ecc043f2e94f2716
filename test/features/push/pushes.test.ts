import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { newSigningKey, parseSigningKeys } from '../../../src/codes/signing-keys.js';
import { Outbound } from '../../../src/outbound/outbound.js';
import { claimPushes } from '../../../src/outbox/pushes.js';
import { PushTries } from '../../../src/push/push-tries.js';
import { Vapid, vapidPublicKey } from '../../../src/push/vapid.js';
import { Backend, withDatabase } from '../../support/backend.js';
import type { Handset } from '../../support/handset.js';
import { NameServer } from '../../support/name-server.js';
import { asA, type Challenge, type Delivery, promptId } from '../../support/outcomes.js';
import { codeShownOn, deviceOf, letIn, removeDevice, wrongCode } from '../../support/owner.js';
import { BrowserSubscription, hasPush, setReceivesCodes, subscribePush, vapidKeys } from '../../support/push.js';
import { PUSH_HERE, type PushMessage, PushService, senderOf } from '../../support/push-service.js';
import { backEnds, Servers } from '../../support/servers.js';
import { askFor } from '../../support/verifications.js';
import { until } from '../../support/waiting.js';

// What is left behind is swept up after some seconds, and there are several servers here.
jest.setTimeout(60_000);

/** The one send of a challenge, as its holder sees it. */
async function sendOf(handset: Handset, challenge: Challenge): Promise<Delivery> {
  const [delivery] = (await handset.challenge(challenge)).deliveries;
  if (!delivery) throw new Error('nothing was sent');
  return delivery;
}

/** Waits until its holder reads a reason. */
async function reasonOf(handset: Handset, challenge: Challenge, reason: string): Promise<Delivery> {
  const found = async () => {
    const delivery = await sendOf(handset, challenge);
    return delivery.reason === reason && delivery;
  };
  return (await until(found, reason, 20_000)) as Delivery;
}

describe.each(backEnds)('on $name', ({ redis }) => {
  let servers: Servers;
  let service: PushService;

  beforeAll(async () => {
    service = await PushService.start();
    // Two servers, of which one sends.
    const env = { ...PUSH_HERE, VAPID_KEYS: vapidKeys, VAPID_SUBJECT: 'mailto:ops@doorstep.example' };
    servers = await Servers.start({
      redis,
      count: 2,
      env,
      limits: { PUSH_SECONDS: 1, CHALLENGES_PER_ACCOUNT_HOUR: 1000 },
    });
  });
  beforeEach(() => service.answer(() => ({})));
  afterAll(async () => {
    await servers[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  });

  /** A trusted phone that is woken by the push service. */
  async function pushed(): Promise<{ phone: Handset; phoneId: string; browser: BrowserSubscription }> {
    const phone = await servers.trusted(1);
    const browser = service.subscription();
    await subscribePush(phone, browser);
    return { phone, browser, phoneId: (await deviceOf(phone)).id };
  }

  const laptopOf = (phone: Handset) => phone.another('Laptop', servers.client(1));

  test('a prompt is pushed: encrypted ids, who sends, for as long as the code is good, and at once', async () => {
    const { phone, browser } = await pushed();
    const laptop = laptopOf(phone);
    const challenge = await laptop.challenged();
    const message = await service.nth(browser);
    const { text, content } = service.read(message);
    expect(content).toEqual({ id: promptId(challenge), kind: 'LOGIN' });
    expect(text).toHaveLength(128);
    expect(message.body).toHaveLength(231);
    expect(message.headers).toMatchObject({
      'content-encoding': 'aes128gcm',
      urgency: 'high',
      topic: expect.stringMatching(/^[\w-]{32}$/),
      ttl: expect.stringMatching(/^(?:600|59\d)$/),
    });
    const [key] = parseSigningKeys(vapidKeys);
    expect(await senderOf(message, service.origin)).toEqual({
      key: key && vapidPublicKey(key),
      subject: 'mailto:ops@doorstep.example',
    });
    const accepted = await reasonOf(laptop, challenge, 'PUSH_ACCEPTED');
    expect(accepted).toMatchObject({ state: 'SENT', devicesReached: 1 });
    expect(accepted.hint).toContain('We sent a notification to your trusted devices.');
    // The device looks at it, and says so: one device was reached.
    await codeShownOn(phone, challenge);
    expect(await sendOf(laptop, challenge)).toMatchObject({ state: 'SENT', devicesReached: 1 });
    await phone.acknowledge({ id: promptId(challenge) });
    expect(await sendOf(laptop, challenge)).toMatchObject({ state: 'SEEN', devicesReached: 1, reason: null });
    // No code was anywhere on the way.
    const code = await codeShownOn(phone, challenge);
    expect(await servers.database.count('push', 'push::text like $1', [`%${code}%`])).toBe(0);
  });

  test('a resend takes the place of what was sent before, and so does the end', async () => {
    const { phone, browser } = await pushed();
    const laptop = laptopOf(phone);
    const challenge = await laptop.challenged();
    const first = await service.nth(browser);
    await reasonOf(laptop, challenge, 'PUSH_ACCEPTED');
    await servers.database.age('challenge', '30 seconds', 'id = $1', [challenge.id]);
    asA('Challenge', await laptop.sendCode(challenge, 'APP'));
    const second = await service.nth(browser, 1);
    await until(() => servers.database.count('push', "state = 'TAKEN' and challenge_id = $1", [challenge.id]), 'both');
    asA('SignedIn', await laptop.verify(challenge, await codeShownOn(phone, challenge)));
    const third = await service.nth(browser, 2);
    for (const { headers } of [second, third]) expect(headers.topic).toBe(first.headers.topic);
    for (const message of [second, third]) expect(service.read(message).content).toEqual(service.read(first).content);
    expect([second, third].map(({ headers }) => headers.urgency)).toEqual(['high', 'normal']);
    expect(Number(third.headers.ttl)).toBeLessThanOrEqual(570);

    // Another challenge is another topic.
    const again = await phone.another('Tablet', servers.client(1)).challenged();
    const fourth = await service.nth(browser, 3);
    expect(fourth.headers.topic).not.toBe(first.headers.topic);
    expect(service.read(fourth).content).toEqual({ id: promptId(again), kind: 'LOGIN' });
  });

  test.each([
    ['it is denied', (phone: Handset, _: Handset, challenge: Challenge) => phone.deny({ id: promptId(challenge) })],
    [
      'wrong codes lock it',
      async (phone: Handset, laptop: Handset, challenge: Challenge) => {
        const wrong = wrongCode(await codeShownOn(phone, challenge));
        for (let nth = 0; nth < 5; nth += 1) await laptop.verify(challenge, wrong);
      },
    ],
    ['a newer one of the same device begins', (_: Handset, laptop: Handset) => renewed(laptop)],
  ])('what a device shows is taken down once %s', async (_, end) => {
    const { phone, browser } = await pushed();
    const laptop = laptopOf(phone);
    const { device } = await letIn(phone, laptop, false);
    const challenge = await laptop.challenged();
    const ours = () =>
      service.of(browser).filter((message) => {
        const { id } = service.read(message).content as { id: string };
        return id === promptId(challenge);
      });
    await until(() => servers.database.count('push', "state = 'TAKEN' and challenge_id = $1", [challenge.id]), 'it');
    await end(phone, laptop, challenge);
    await until(() => ours().length === 2, 'the end of it');
    expect(device.isTrusted).toBe(false);
  });

  async function renewed(laptop: Handset): Promise<unknown> {
    return laptop.challenged();
  }

  test('nobody is woken for what is not shown: no push without trust, wish, session, or prompt', async () => {
    const { phone, browser, phoneId } = await pushed();
    const laptop = laptopOf(phone);
    await setReceivesCodes(phone, phoneId, false);
    asA('Challenge', await laptop.challenged());
    await setReceivesCodes(phone, phoneId, true);
    // Too many prompts stand unanswered.
    const silent = await laptop.challenged();
    await service.nth(browser);
    await servers.database.query('update challenge set is_silent = true where id = $1', [silent.id]);
    await servers.database.age('challenge', '30 seconds', 'id = $1', [silent.id]);
    asA('Challenge', await laptop.sendCode(silent, 'APP'));

    const thief = phone.another('Thief', servers.client(1));
    const { device } = await letIn(phone, thief);
    const stolen = service.subscription();
    await subscribePush(thief, stolen);
    await removeDevice(phone, device.id);
    const last = await laptop.challenged();
    const prompts = () => service.of(browser).filter(({ headers }) => headers.urgency === 'high');
    const isOfLast = (message: PushMessage) => (service.read(message).content as { id: string }).id === promptId(last);
    // What takes the ones before it down may come after it.
    await until(() => prompts().length >= 3 && prompts().some(isOfLast), 'the last');
    expect(service.of(stolen)).toEqual([]);
    expect(prompts()).toHaveLength(3);
  });

  test.each([404, 410])('a subscription is gone with an answer of %i, and who waits is told', async (status) => {
    const { phone, phoneId, browser } = await pushed();
    const laptop = laptopOf(phone);
    service.answer(() => ({ status }));
    const challenge = await laptop.challenged();
    const { hint, state } = await reasonOf(laptop, challenge, 'PUSH_GONE');
    expect(state).toBe('QUEUED');
    expect(hint).toContain('can no longer be reached by notifications');
    expect(await hasPush(phone, phoneId)).toBe(false);
    expect(await servers.database.count('push_subscription', 'device_id = $1', [phoneId])).toBe(0);
    await laptop.challenged();
    expect(service.of(browser)).toHaveLength(1);
  });

  test.each([400, 403])('an answer of %i is a fault of ours until the same service takes others', async (status) => {
    // Of no other test: what it takes from them says something of these.
    await using apart = await PushService.start();
    const [one, other] = [await servers.trusted(1), await servers.trusted(1)];
    const [stale, good] = [apart.subscription(), apart.subscription()];
    await subscribePush(one, stale);
    await subscribePush(other, good);
    const oneId = (await deviceOf(one)).id;
    apart.answer(() => ({ status }));
    const laptop = laptopOf(one);
    const { hint } = await reasonOf(laptop, await laptop.challenged(), 'PUSH_REFUSED');
    expect(hint).toContain('The notification was rejected.');
    // Kept, but nobody relies on it.
    expect(await hasPush(one, oneId)).toBe(false);
    expect(await servers.database.count('push_subscription', 'device_id = $1', [oneId])).toBe(1);
    expect(
      servers.log.some((line) => line.includes('a push service refuses some') && line.includes(apart.origin)),
    ).toBe(true);
    // Mended: it is as it was.
    apart.answer(() => ({}));
    await reasonOf(laptop, await laptop.challenged(), 'PUSH_ACCEPTED');
    expect(await hasPush(one, oneId)).toBe(true);

    apart.answer(({ path }) => ({ status: stale.endpoint.endsWith(path) ? status : 201 }));
    await reasonOf(laptopOf(other), await laptopOf(other).challenged(), 'PUSH_ACCEPTED').catch(() => undefined);
    await until(() => apart.of(good).length > 0, 'the other one');
    await until(
      () => servers.database.count('push_subscription', 'accepted_at is not null and endpoint = $1', [good.endpoint]),
      'it is known to be taken',
    );
    await reasonOf(laptop, await laptop.challenged(), 'PUSH_REFUSED');
    expect(await servers.database.count('push_subscription', 'device_id = $1', [oneId])).toBe(0);
  });

  test('that one device has had too many holds up no other of the same service', async () => {
    await using apart = await PushService.start();
    const [one, other] = [await servers.trusted(1), await servers.trusted(1)];
    const busy = apart.subscription();
    await subscribePush(one, busy);
    await subscribePush(other, apart.subscription());
    apart.answer(({ path }) =>
      busy.endpoint.endsWith(path) ? { status: 429, headers: { 'retry-after': '300' } } : {},
    );
    await reasonOf(laptopOf(one), await laptopOf(one).challenged(), 'PUSH_SERVICE_UNAVAILABLE');
    const laptop = laptopOf(other);
    await reasonOf(laptop, await laptop.challenged(), 'PUSH_ACCEPTED');
  });

  test('what passes is tried again: away, slow, 5xx; with a pause as long as is asked for', async () => {
    const { phone, browser } = await pushed();
    const laptop = laptopOf(phone);
    service.answer((_, nth) => moods[nth - before] ?? {});
    const before = service.messages.length;
    const moods = [
      { status: 500 },
      { afterMs: Number.POSITIVE_INFINITY },
      { status: 429, headers: { 'retry-after': '2' } },
    ];
    const challenge = await laptop.challenged();
    const waiting = await reasonOf(laptop, challenge, 'PUSH_SERVICE_UNAVAILABLE');
    expect(waiting).toMatchObject({ state: 'RETRYING' });
    expect(waiting.hint).toContain('We’ll keep trying.');
    await reasonOf(laptop, challenge, 'PUSH_ACCEPTED');
    const times = service.of(browser).map(({ at }) => at);
    expect(times).toHaveLength(4);
    const [, , refused = 0, taken = 0] = times;
    expect(taken - refused).toBeGreaterThanOrEqual(1_900);
  });

  test.each([
    ['is not followed where it leads elsewhere', { status: 307, headers: { location: '/elsewhere' } }],
    ['is not read where it is huge', { status: 201, body: Buffer.alloc(64 * 1024 * 1024) }],
    ['may say nothing that is known', { status: 418 }],
  ])('an answer %s', async (_, mood) => {
    const { phone, browser } = await pushed();
    const laptop = laptopOf(phone);
    service.answer(() => mood);
    const challenge = await laptop.challenged();
    await reasonOf(laptop, challenge, mood.status === 201 ? 'PUSH_ACCEPTED' : 'PUSH_REFUSED');
    expect(service.of(browser)).toHaveLength(1);
    expect(service.messages.some(({ path }) => path === '/elsewhere')).toBe(false);
    // Of one that was answered so no more is believed than before.
    expect(await servers.database.count('push_subscription', 'endpoint = $1', [browser.endpoint])).toBe(1);
  });

  test('has PUSH_SECONDS to answer, and not more', async () => {
    const { phone } = await pushed();
    const laptop = laptopOf(phone);
    service.answer(() => ({ afterMs: 200 }));
    await reasonOf(laptop, await laptop.challenged(), 'PUSH_ACCEPTED');
    service.answer(() => ({ afterMs: 1_500 }));
    const late = await laptop.challenged();
    await reasonOf(laptop, late, 'PUSH_SERVICE_UNAVAILABLE');
    const row = await servers.database.row('select fault from push where challenge_id = $1', [late.id]);
    expect(row).toEqual({ fault: 'NO_ANSWER_IN_TIME' });
  });

  test('a service that hangs holds up no other, no mail, and no sign-in', async () => {
    await using hanging = await PushService.start();
    hanging.answer(() => ({ afterMs: Number.POSITIVE_INFINITY }));
    const { phone, browser } = await pushed();
    for (let nth = 0; nth < 3; nth += 1) {
      const other = phone.another(`Device ${nth}`, servers.client(1));
      await letIn(phone, other);
      await subscribePush(other, hanging.subscription());
    }
    const before = service.of(browser).length;
    const laptop = laptopOf(phone);
    const challenge = await laptop.challenged();
    await service.nth(browser, before);
    await reasonOf(laptop, challenge, 'PUSH_ACCEPTED');
    asA('Challenge', await laptop.sendCode(challenge, 'EMAIL'));
    expect(await servers.mailbox.code(phone.owner.email)).toBe(await codeShownOn(phone, challenge));
    asA('SignedIn', await laptop.verify(challenge, await codeShownOn(phone, challenge)));
  });

  test('a host with an address that is not public is not connected to', async () => {
    const { phone, phoneId } = await pushed();
    // Registered where it was allowed, or before its name led there.
    await servers.database.query(
      "update push_subscription set endpoint = $2, origin = 'http://localhost:9' where device_id = $1",
      [phoneId, `http://localhost:9/${phoneId}`],
    );
    const laptop = laptopOf(phone);
    const challenge = await laptop.challenged();
    await reasonOf(laptop, challenge, 'PUSH_REFUSED');
    const row = await servers.database.row('select fault, attempts from push where challenge_id = $1', [challenge.id]);
    expect(row).toEqual({ fault: 'NOT_ALLOWED', attempts: 1 });
  });

  test('what its device may not show any more is not sent', async () => {
    const { phone, phoneId, browser } = await pushed();
    const laptop = laptopOf(phone);
    service.answer(() => ({ status: 503, headers: { 'retry-after': '3' } }));
    const challenge = await laptop.challenged();
    await reasonOf(laptop, challenge, 'PUSH_SERVICE_UNAVAILABLE');
    service.answer(() => ({}));
    await setReceivesCodes(phone, phoneId, false);
    await until(
      () => servers.database.count('push', "state = 'GONE' and challenge_id = $1", [challenge.id]),
      'it',
      20_000,
    );
    expect(service.of(browser)).toHaveLength(1);
    expect(await sendOf(laptop, challenge)).toMatchObject({ reason: 'NO_DEVICE_RECEIVES_CODES' });
  });

  test('an action that waits to be confirmed is pushed, but to the device that asks', async () => {
    const { phone, browser } = await pushed();
    const laptop = laptopOf(phone);
    await letIn(phone, laptop);
    const asking = service.subscription();
    await subscribePush(laptop, asking);
    const shop = await Backend.add(servers, { ownAccounts: true });
    const before = service.of(browser).length;
    const { id } = await askFor(servers, shop, laptop);
    const message = await service.nth(browser, before);
    expect(service.read(message).content).toEqual({ id, kind: 'CONFIRMATION' });
    expect(message.body).toHaveLength(231);
    expect(service.of(asking)).toEqual([]);
  });

  test('what a killed worker left behind is swept up, and what nobody needs any more is not sent', async () => {
    const { phone, browser } = await pushed();
    const laptop = laptopOf(phone);
    service.answer(() => ({ status: 500 }));
    const challenge = await laptop.challenged();
    await reasonOf(laptop, challenge, 'PUSH_SERVICE_UNAVAILABLE');
    service.answer(() => ({}));
    // As a worker leaves it that died while it had it.
    await servers.database.query(
      `update push set next_attempt_at = clock_timestamp() - interval '10 seconds', attempts = 5,
         claimed_until = clock_timestamp() - interval '1 second' where challenge_id = $1`,
      [challenge.id],
    );
    await reasonOf(laptop, challenge, 'PUSH_ACCEPTED');

    service.answer(() => ({ status: 500 }));
    const over = await laptop.challenged();
    await reasonOf(laptop, over, 'PUSH_SERVICE_UNAVAILABLE');
    const tries = () => service.of(browser).length;
    const before = tries();
    await phone.deny({ id: promptId(over) });
    await until(
      () => servers.database.count('push', "state = 'FAILED' and fault = 'TOO_LATE' and challenge_id = $1", [over.id]),
      'the end of it',
      20_000,
    );
    // It was never taken: there is nothing to take down.
    expect(tries()).toBeLessThanOrEqual(before + 1);
    expect(await sendOf(laptop, over)).toMatchObject({ state: 'FAILED', reason: 'TOO_LATE' });
  });

  test('of several workers one sends each', async () => {
    await Promise.all([1, 2].map(() => servers.add({ api: false, worker: true })));
    const all = await Promise.all(Array.from({ length: 6 }, () => pushed()));
    const challenges = await Promise.all(all.map(({ phone }) => laptopOf(phone).challenged()));
    await Promise.all(
      all.map(({ phone }, nth) => reasonOf(laptopOf(phone), challenges[nth] as Challenge, 'PUSH_ACCEPTED')),
    );
    expect(all.map(({ browser }) => service.of(browser).length)).toEqual(all.map(() => 1));
  });
});

test('a name that leads to an address which is not public is not followed', async () => {
  await using names = await NameServer.start(['10.0.0.1']);
  await using servers = await Servers.start({ env: { VAPID_KEYS: vapidKeys }, worker: false });
  // Mails go with the worker, of which there is none.
  const worker = await servers.add({ api: false, worker: true });
  const phone = await servers.trusted();
  await worker.close();
  await subscribePush(phone, new BrowserSubscription('https://push.example/send/1'));
  asA('Challenge', await phone.another('Laptop').signIn());
  const { vapidKeys: keys, vapidSubject, codeKeys, limits } = servers.config();
  await withDatabase(servers.database.url, async (db) => {
    const outbound = new Outbound([], names.resolver());
    const tries = new PushTries(db, outbound, new Vapid(keys, vapidSubject), codeKeys, limits);
    const { items } = await claimPushes(db, 'https://push.example', 10, { claimSeconds: 10, keyIds: tries.keyIds });
    const [tried] = await tries.try(items, new AbortController().signal);
    expect(tried).toMatchObject({ outcome: { state: 'REFUSED', fault: 'NOT_ALLOWED' }, answered: null });
  });
  expect(names.asked).toBe(1);
});

test('with a key that a worker does not have nothing is lost: another worker has it', async () => {
  await using service = await PushService.start();
  const [older, newer] = [newSigningKey('older'), newSigningKey('newer')];
  const env = { ...PUSH_HERE, VAPID_KEYS: older };
  await using servers = await Servers.start({ env, worker: false });
  await servers.add({ api: false, worker: true }, { VAPID_KEYS: newer });
  const phone = await servers.trusted();
  const browser = service.subscription();
  await subscribePush(phone, browser);
  const laptop = phone.another('Laptop');
  const challenge = await laptop.challenged();
  expect(await sendOf(laptop, challenge)).toMatchObject({ state: 'QUEUED', reason: 'PUSH_WAITING' });
  // Long enough for the first one to have looked: its sweeper has seen it.
  await servers.database.query("update push set next_attempt_at = clock_timestamp() - interval '10 seconds'");
  await servers.add({ api: false, worker: true }, { VAPID_KEYS: `${newer},${older}` });
  await service.nth(browser, 0, 40_000);
  await reasonOf(laptop, challenge, 'PUSH_ACCEPTED');
});
