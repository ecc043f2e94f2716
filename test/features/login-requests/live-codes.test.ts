import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { Handset } from '../../support/handset.js';
import { LOGIN_REQUESTS } from '../../support/operations.js';
import { asA, type Challenge, promptId } from '../../support/outcomes.js';
import { wrongCode } from '../../support/owner.js';
import { backEnds, Servers } from '../../support/servers.js';
import { until } from '../../support/waiting.js';

const A = 0;
const B = 1;

describe.each(backEnds)('live codes over two servers on $name', ({ redis }) => {
  let servers: Servers;

  beforeAll(async () => {
    servers = await Servers.start({ count: 2, redis });
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  /** A device that the phone's account trusts too, talking to the nth server. */
  async function trustedToo(phone: Handset, name: string, nth: number): Promise<Handset> {
    const device = phone.another(name, servers.client(nth));
    const challenge = await device.challenged();
    asA('SignedIn', await device.verify(challenge, await codeOf(phone, challenge)));
    return device;
  }

  async function codeOf(phone: Handset, challenge: Challenge): Promise<string> {
    const requests = (await phone.viewer())?.loginRequests ?? [];
    return requests.find(({ id }) => id === promptId(challenge))?.code ?? '';
  }

  const isOnline = (device: Handset) =>
    until(async () => (await device.viewer())?.currentDevice.isOnline, `${device.name}, online`);

  test('a code appears on a phone at one server the moment a laptop asks at the other', async () => {
    const phone = await servers.trusted(A);
    await using requests = phone.loginRequests();
    await isOnline(phone);
    const laptop = phone.another('Laptop', servers.client(B));
    const challenge = await laptop.challenged();
    const request = await requests.next();
    expect(request).toMatchObject({ id: promptId(challenge), state: 'PENDING', deviceName: 'Laptop', device: null });
    expect(request.code).toMatch(/^\d{6}$/);
    asA('SignedIn', await laptop.verify(challenge, request.code ?? ''));
  });

  test('it opens with what is pending, and with what was answered while the line was down', async () => {
    const phone = await servers.trusted(A);
    const denied = await phone.another('Thief', servers.client(B)).challenged();
    await phone.deny(denied);
    const pending = await phone.another('Laptop', servers.client(B)).challenged();

    await using requests = phone.loginRequests();
    expect(await requests.next()).toMatchObject({ id: promptId(pending), state: 'PENDING', code: expect.any(String) });
    expect(await requests.next()).toMatchObject({ id: promptId(denied), state: 'DENIED', code: null });
  });

  test('each trusted device is told when the code was typed, and which device it let in', async () => {
    const phone = await servers.trusted(A);
    const tablet = await trustedToo(phone, 'Tablet', B);
    await using onPhone = phone.loginRequests();
    await using onTablet = tablet.loginRequests();
    const laptop = phone.another('Laptop', servers.client(B));
    const challenge = await laptop.challenged();
    const ours = ({ id }: { id: string }) => id === promptId(challenge);
    const { code } = await onPhone.nextThat(ours);
    expect((await onTablet.nextThat(ours)).code).toBe(code);

    const { device } = asA('SignedIn', await laptop.verify(challenge, code ?? ''));
    for (const told of [await onPhone.nextThat(ours), await onTablet.nextThat(ours)]) {
      expect(told).toMatchObject({ state: 'VERIFIED', code: null, device: { id: device.id } });
    }
  });

  test('each trusted device is told when another one denies it', async () => {
    const phone = await servers.trusted(A);
    const tablet = await trustedToo(phone, 'Tablet', B);
    const challenge = await phone.another('Thief', servers.client(B)).challenged();
    const ours = ({ id }: { id: string }) => id === promptId(challenge);
    await using onPhone = phone.loginRequests();
    await onPhone.nextThat(ours);
    await tablet.deny(challenge);
    expect(await onPhone.nextThat(ours)).toMatchObject({ state: 'DENIED', code: null, device: null });
  });

  test('each trusted device is told when wrong codes lock it', async () => {
    const phone = await servers.trusted(A);
    const thief = phone.another('Thief', servers.client(B));
    const challenge = await thief.challenged();
    await using requests = phone.loginRequests();
    const { code } = await requests.next();
    for (let nth = 0; nth < 5; nth += 1) asA('WrongCode', await thief.verify(challenge, wrongCode(code ?? '')));
    expect(await requests.next()).toMatchObject({ id: promptId(challenge), state: 'LOCKED', code: null });
  });

  test('each trusted device is told when its time is over, though nobody does anything', async () => {
    const phone = await servers.trusted(A);
    const challenge = await phone.another('Laptop', servers.client(B)).challenged();
    await servers.database.query(
      "update challenge set expires_at = clock_timestamp() + interval '1 second' where id = $1",
      [challenge.id],
    );
    await using requests = phone.loginRequests();
    expect(await requests.next()).toMatchObject({ id: promptId(challenge), state: 'PENDING' });
    expect(await requests.next()).toMatchObject({ id: promptId(challenge), state: 'EXPIRED', code: null });
  });

  test('a code that is sent again to the app is shown again', async () => {
    const phone = await servers.trusted(A);
    const laptop = phone.another('Laptop', servers.client(B));
    const challenge = await laptop.challenged();
    await using requests = phone.loginRequests();
    const first = await requests.next();
    await servers.database.age('challenge', '30 seconds', 'id = $1', [challenge.id]);
    asA('Challenge', await laptop.sendCode(challenge, 'APP'));
    // What wakes the subscription before the send shows the time that was made older here.
    const isLater = ({ sentAt }: { sentAt: string | null }) =>
      Date.parse(sentAt ?? '') > Date.parse(first.sentAt ?? '');
    expect(await requests.nextThat(isLater)).toMatchObject({
      id: promptId(challenge),
      code: first.code,
      state: 'PENDING',
    });
  });

  test('whoever waits for a code sees it shown, acknowledged and typed, and then the end', async () => {
    const phone = await servers.trusted(A);
    const laptop = phone.another('Laptop', servers.client(B));
    const challenge = await laptop.challenged();
    await using changes = laptop.challengeChanges(challenge);
    const delivery = async () => (await changes.next()).deliveries[0];
    expect(await delivery()).toMatchObject({
      state: 'QUEUED',
      reason: 'NO_TRUSTED_DEVICE_ONLINE',
      devicesReached: 0,
      hint: expect.stringMatching(/e-?mail/i),
    });

    await using requests = phone.loginRequests();
    const { code } = await requests.next();
    // That it is shown, and that the phone is online, are written apart, in either order.
    const shown = await changes.nextThat(
      ({ deliveries: [sent] }) => sent?.state === 'SENT' && sent.reason === 'NOT_YET_ACKNOWLEDGED',
    );
    expect(shown.deliveries[0]).toMatchObject({ devicesReached: 1 });
    await phone.acknowledge(challenge);
    expect(await delivery()).toMatchObject({ state: 'SEEN', reason: null, hint: null, devicesReached: 1 });

    asA('SignedIn', await laptop.verify(challenge, code ?? ''));
    expect(await changes.nextThat(({ state }) => state !== 'PENDING')).toMatchObject({ state: 'VERIFIED' });
    await changes.completed();
  });

  test('whoever waits for a code sees that it was denied, and then the end', async () => {
    const phone = await servers.trusted(A);
    const thief = phone.another('Thief', servers.client(B));
    const challenge = await thief.challenged();
    await using changes = thief.challengeChanges(challenge);
    await changes.next();
    await phone.deny(challenge);
    expect(await changes.nextThat(({ state }) => state !== 'PENDING')).toMatchObject({
      state: 'DENIED',
      resendAt: null,
    });
    await changes.completed();
  });

  test('when the only trusted device leaves in the middle, the hint changes at once', async () => {
    const phone = await servers.trusted(A);
    await phone.report({ notificationsEnabled: false });
    const laptop = phone.another('Laptop', servers.client(B));
    const challenge = await laptop.challenged();
    asA('Challenge', await laptop.sendCode(challenge, 'APP'));
    await using changes = laptop.challengeChanges(challenge);
    const reasonIs = (expected: string) =>
      changes.nextThat(({ deliveries }) => deliveries.find(({ method }) => method === 'APP')?.reason === expected);
    await reasonIs('NOTIFICATIONS_OFF');
    // A subscription that shows no codes: the phone is online, and has not been shown this one.
    const onPhone = phone.challengeChanges(challenge);
    await reasonIs('NOT_YET_ACKNOWLEDGED');
    await onPhone[Symbol.asyncDispose]();
    await reasonIs('NOTIFICATIONS_OFF');
  });

  test("another account's requests never arrive", async () => {
    const [mine, theirs] = [await servers.trusted(A), await servers.trusted(A)];
    await using onMine = mine.loginRequests();
    await isOnline(mine);
    const foreign = await theirs.another('Laptop', servers.client(B)).challenged();
    await codeOf(theirs, foreign);
    const own = await mine.another('Laptop', servers.client(B)).challenged();
    expect((await onMine.next()).id).toBe(promptId(own));
    expect(onMine.unread).toEqual([]);
    expect((await mine.viewer())?.loginRequests.map(({ id }) => id)).toEqual([promptId(own)]);
  });

  test('a device that is not trusted is refused, and so is nobody in particular', async () => {
    const phone = await servers.trusted(A);
    const laptop = phone.another('Laptop', servers.client(B));
    const challenge = await laptop.challenged();
    asA('SignedIn', await laptop.verify(challenge, await codeOf(phone, challenge), false));
    await using refused = laptop.loginRequests();
    expect((await refused.error()).extensions.code).toBe('FORBIDDEN');
    await using anonymous = servers.client(A).subscribe(LOGIN_REQUESTS);
    expect((await anonymous.error()).extensions.code).toBe('UNAUTHENTICATED');
    expect((await laptop.viewer())?.loginRequests).toEqual([]);
  });

  test('signing out at one server closes the sockets at the other, with 4401', async () => {
    const phone = await servers.trusted(A);
    await using requests = phone.twin(servers.client(B)).loginRequests();
    await isOnline(phone);
    await phone.signOut();
    expect(await requests.closed()).toMatchObject({ code: 4401, reason: 'Session ended' });
  });

  test('a session that lapsed while its socket was open is shown no code', async () => {
    const phone = await servers.trusted(A);
    const tablet = await trustedToo(phone, 'Tablet', B);
    await using onTablet = tablet.loginRequests();
    await onTablet.next();
    const { id } = (await tablet.viewer())?.currentDevice ?? { id: '' };
    await servers.database.age('session', '91 days', 'device_id = $1', [id]);
    await phone.another('Laptop', servers.client(A)).challenged();
    expect((await onTablet.closed()).code).toBe(4401);
    expect(onTablet.unread).toEqual([]);
  });

  test('a device whose trust lapsed while its socket was open is shown no code, although its session is live', async () => {
    const phone = await servers.trusted(A);
    const tablet = await trustedToo(phone, 'Tablet', B);
    await using onTablet = tablet.loginRequests();
    await onTablet.next();
    await servers.database.query("update device set trusted_at = trusted_at - interval '366 days' where id = $1", [
      (await tablet.viewer())?.currentDevice.id,
    ]);
    await phone.another('Laptop', servers.client(A)).challenged();
    await onTablet.completed();
    expect(onTablet.unread).toEqual([]);
    expect(await tablet.viewer()).toMatchObject({ loginRequests: [], currentDevice: { isTrusted: false } });
  });

  test('a device that is trusted no more while its code is on the way is shown none', async () => {
    const phone = await servers.trusted(A);
    const { id } = (await phone.viewer())?.currentDevice ?? { id: '' };
    const challenge = await phone.another('Laptop', servers.client(B)).challenged();
    const locked = 'select 1 from challenge where id = $1 for update';
    await servers.database.holding(locked, [challenge.id], async (held) => {
      await using requests = phone.loginRequests();
      // The request was read; that its code is shown waits to be noted.
      await held.waiters(1);
      await servers.database.query('update device set trusted_at = null where id = $1', [id]);
      await phone.report({ notificationsEnabled: true });
      await held.release();
      await requests.completed();
      expect(requests.unread).toEqual([]);
    });
  });

  test('what changed while the bus was cut is told once it is back', async () => {
    const phone = await servers.trusted(A);
    const challenge = await phone.another('Laptop', servers.client(B)).challenged();
    await using requests = phone.loginRequests();
    await requests.next();
    // Behind the product's back, so that no message tells of it: it is found by reading again, or not at all.
    await servers.database.query("update challenge set state = 'CANCELLED' where id = $1", [challenge.id]);
    await cutBus();
    expect(await requests.next()).toMatchObject({ id: promptId(challenge), state: 'CANCELLED' });
  });

  test('a device is offline on a server that no longer renews its row', async () => {
    const phone = await servers.trusted(A);
    const { id } = (await phone.viewer())?.currentDevice ?? { id: '' };
    const serverId = randomUUID();
    await servers.database.query('insert into api_server (id) values ($1)', [serverId]);
    const insertion = "insert into presence (device_id, server_id, renewed_at) values ($1, $2, 'infinity')";
    await servers.database.query(insertion, [id, serverId]);
    expect((await phone.viewer())?.currentDevice.isOnline).toBe(true);
    await servers.database.age('api_server', '45 seconds', 'id = $1', [serverId]);
    expect((await phone.viewer())?.currentDevice.isOnline).toBe(false);
  });

  test('a device goes offline when its last subscription ends', async () => {
    const phone = await servers.trusted(A);
    await using _stays = phone.loginRequests();
    const leaves = phone.twin(servers.client(B)).loginRequests();
    const { id } = (await phone.viewer())?.currentDevice ?? { id: '' };
    const servedBy = (count: number) =>
      until(async () => (await servers.database.count('presence', 'device_id = $1', [id])) === count, `${count} rows`);
    await servedBy(2);
    await leaves[Symbol.asyncDispose]();
    await servedBy(1);
    expect((await phone.viewer())?.currentDevice.isOnline).toBe(true);
  });

  async function cutBus(): Promise<void> {
    if (!servers.redis) {
      await servers.database.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'doorstep-bus' and datname = current_database()",
      );
      return;
    }
    const admin = new Redis(servers.redis.url);
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    admin.disconnect();
  }
});
