import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Handset } from '../../support/handset.js';
import { inTime } from '../../support/in-step.js';
import { asA } from '../../support/outcomes.js';
import {
  codeShownOn,
  deviceOf,
  devicesSeenBy,
  type FullDevice,
  letIn,
  REMOVE_DEVICE,
  RENAME_DEVICE,
  removeDevice,
} from '../../support/owner.js';
import { Servers } from '../../support/servers.js';
import { until } from '../../support/waiting.js';

const DAY_MS = 86_400_000;

let servers: Servers;

// Two servers, and a client on each: what is true of a device must not depend on which one it is connected to.
beforeAll(async () => {
  servers = await Servers.start({ count: 2, limits: { TRUSTED_DEVICES: 3, DEVICES: 5 } });
});
afterAll(() => servers[Symbol.asyncDispose]());

/** A trusted phone on the first server, and a trusted laptop of the same account on the second. */
async function phoneAndLaptop(): Promise<{ phone: Handset; laptop: Handset; laptopId: string }> {
  const phone = await servers.trusted();
  const laptop = phone.another('Laptop', servers.client(1));
  const { device } = await letIn(phone, laptop);
  return { phone, laptop, laptopId: device.id };
}

async function seenBy(handset: Handset, id: string): Promise<FullDevice | undefined> {
  return (await devicesSeenBy(handset)).find((device) => device.id === id);
}

describe('the list of devices', () => {
  test('says all that a person may want to know of each', async () => {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    const facts = { model: 'ThinkPad X1', platform: 'WINDOWS', osVersion: '11', appVersion: '2.4.1' };
    asA('SignedIn', await signInWith(phone, laptop, { ...facts, notificationsEnabled: false }));
    const device = await deviceOf(laptop);
    expect(device).toEqual({
      id: expect.any(String),
      name: 'Laptop',
      ...facts,
      isCurrent: true,
      isTrusted: true,
      trustedAt: expect.any(String),
      trustExpiresAt: expect.any(String),
      notificationsEnabled: false,
      isOnline: false,
      hasPush: false,
      receivesCodes: true,
      lastSeenAt: expect.any(String),
      lastIpAddress: '127.0.0.1',
      lastLocation: {
        label: 'Private network',
        city: null,
        region: null,
        countryCode: null,
        latitude: null,
        longitude: null,
        accuracyRadiusKm: null,
      },
      createdAt: expect.any(String),
    });
    expect(Date.parse(device.trustExpiresAt ?? '') - Date.parse(device.lastSeenAt)).toBe(90 * DAY_MS);
  });

  test('has the one seen last first, and marks the one that asks', async () => {
    const { phone, laptop } = await phoneAndLaptop();
    const names = (devices: readonly FullDevice[]) => devices.map(({ name, isCurrent }) => [name, isCurrent]);
    expect(names(await devicesSeenBy(laptop))).toEqual([
      ['Laptop', true],
      ['Phone', false],
    ]);
    asA('SignedIn', await phone.signIn());
    expect(names(await devicesSeenBy(phone))).toEqual([
      ['Phone', true],
      ['Laptop', false],
    ]);
  });

  test('does not tell when an untrusted device was trusted, or will not be', async () => {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    await letIn(phone, laptop, false);
    expect(await deviceOf(laptop)).toMatchObject({ isTrusted: false, trustedAt: null, trustExpiresAt: null });
  });

  test('knows whether a device is online on any server', async () => {
    const { phone, laptop, laptopId } = await phoneAndLaptop();
    expect(await seenBy(phone, laptopId)).toMatchObject({ isOnline: false });
    const requests = laptop.loginRequests();
    await until(async () => (await seenBy(phone, laptopId))?.isOnline, 'the laptop online');
    await requests[Symbol.asyncDispose]();
    await until(async () => (await seenBy(phone, laptopId))?.isOnline === false, 'the laptop offline');
  });

  test('does not keep a device online whose server no longer renews its row', async () => {
    const { phone, laptop, laptopId } = await phoneAndLaptop();
    await using _requests = laptop.loginRequests();
    await until(async () => (await seenBy(phone, laptopId))?.isOnline, 'the laptop online');
    const servedBy = 'id in (select server_id from presence where device_id = $1)';
    expect(await servers.database.age('api_server', '46 seconds', servedBy, [laptopId])).toBe(1);
    expect(await seenBy(phone, laptopId)).toMatchObject({ isOnline: false });
    // The server lives, and other tests are served by it before it says so again.
    await servers.database.query('update api_server set renewed_at = clock_timestamp()');
  });

  test('knows a device to be online on a server of the version before, for as long as that renews its row', async () => {
    const { phone, laptopId } = await phoneAndLaptop();
    const insertion = 'insert into presence (device_id, server_id) values ($1, gen_random_uuid())';
    await servers.database.query(insertion, [laptopId]);
    expect(await seenBy(phone, laptopId)).toMatchObject({ isOnline: true });
    await servers.database.age('presence', '46 seconds', 'device_id = $1', [laptopId]);
    expect(await seenBy(phone, laptopId)).toMatchObject({ isOnline: false });
  });

  test('is online for a server of the version before, which looks at no other row', async () => {
    const { phone, laptop, laptopId } = await phoneAndLaptop();
    await using _requests = laptop.loginRequests();
    await until(async () => (await seenBy(phone, laptopId))?.isOnline, 'the laptop online');
    const isFresh = "device_id = $1 and renewed_at > clock_timestamp() + interval '1 year'";
    expect(await servers.database.count('presence', isFresh, [laptopId])).toBe(1);
  });

  test("keeps the owner's name for a device, and learns its versions, when it signs in again", async () => {
    const { phone, laptop, laptopId } = await phoneAndLaptop();
    await phone.ask(RENAME_DEVICE, { id: laptopId, name: 'Work laptop' });
    asA('SignedIn', await laptop.signIn({ device: { name: 'LAPTOP-7F3A', osVersion: '15.1' } }));
    expect(await seenBy(phone, laptopId)).toMatchObject({ name: 'Work laptop', osVersion: '15.1' });
  });
});

describe('renaming a device', () => {
  test('takes the name without the blanks around it, for every device to see', async () => {
    const { phone, laptop, laptopId } = await phoneAndLaptop();
    const renamed = await phone.ask<FullDevice>(RENAME_DEVICE, { id: laptopId, name: '  Küche 👩‍💻 ' });
    expect(renamed).toMatchObject({ id: laptopId, name: 'Küche 👩‍💻', isCurrent: false, isTrusted: true });
    expect(await deviceOf(laptop)).toMatchObject({ name: 'Küche 👩‍💻' });
  });

  test('takes 64 characters, counted as people count them', async () => {
    const phone = await servers.signedUp();
    const { id } = await deviceOf(phone);
    expect(await phone.ask(RENAME_DEVICE, { id, name: '📱'.repeat(64) })).toMatchObject({ name: '📱'.repeat(64) });
  });

  test.each([
    ['nothing', ''],
    ['blanks alone', '   '],
    ['what nobody can see', '\u0000\u202e\u200d\ufe0f\u2800'],
  ])('refuses %s, and says which field it was', async (_what, name) => {
    const phone = await servers.signedUp();
    const { id } = await deviceOf(phone);
    const error = await phone.client.error(RENAME_DEVICE, { id, name }, { token: phone.sessionToken });
    expect(error.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'name' });
    expect(await deviceOf(phone)).toMatchObject({ name: 'Phone' });
  });
});

describe.each([
  ['renaming', RENAME_DEVICE],
  ['removing', REMOVE_DEVICE],
])('%s', (_name, document) => {
  const attempt = (handset: Handset, id: string) =>
    handset.client.error(document, { id, name: 'Mine now' }, { token: handset.sessionToken });

  test("does not find another account's device, nor what is no id", async () => {
    const [mallory, alice] = [await servers.signedUp(), await servers.signedUp()];
    const { id } = await deviceOf(alice);
    for (const guess of [id, id.toUpperCase(), 'f2d5a6f0-6d0f-4b0c-9f52-6f6ad6c0a0d1', "' or true --", '', '\u0000']) {
      expect((await attempt(mallory, guess)).extensions).toMatchObject({ code: 'NOT_FOUND' });
    }
    expect(await deviceOf(alice)).toMatchObject({ id, name: 'Phone' });
  });

  test('does not find a device that was removed', async () => {
    const { phone, laptopId } = await phoneAndLaptop();
    await removeDevice(phone, laptopId);
    expect((await attempt(phone, laptopId)).extensions).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('needs a session', async () => {
    const { client } = servers.stranger();
    const error = await client.error(document, { id: 'f2d5a6f0-6d0f-4b0c-9f52-6f6ad6c0a0d1', name: 'Mine now' });
    expect(error.extensions).toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

describe('removing a device', () => {
  test('has ended its trust and its sessions on every server when it answers', async () => {
    const { phone, laptop, laptopId } = await phoneAndLaptop();
    const twin = laptop.twin();
    asA('SignedIn', await twin.signIn());
    const removed = await removeDevice(phone, laptopId);
    expect(removed).toMatchObject({ deviceId: laptopId, sessionsEnded: 2 });
    expect(removed.account?.devices).toHaveLength(1);
    expect([await laptop.viewer(), await twin.viewer()]).toEqual([null, null]);
    expect(asA('Challenge', await twin.signIn())).toMatchObject({ state: 'PENDING' });
  });

  test('closes its sockets on another server within a second, with 4401', async () => {
    const { phone, laptop, laptopId } = await phoneAndLaptop();
    await using requests = laptop.loginRequests();
    expect(await requests.next()).toMatchObject({ state: 'VERIFIED', device: { id: laptopId } });
    await removeDevice(phone, laptopId);
    const closed = await inTime(requests.closed(), 1_000, () => servers.client().graphql('{ viewer { id } }'), 500);
    expect(closed).toMatchObject({ code: 4401, reason: 'Session ended' });
    expect(requests.unread).toEqual([]);
  });

  test('ends the sign-ins that wait for a code', async () => {
    const { phone, laptop, laptopId } = await phoneAndLaptop();
    const tablet = phone.another('Tablet', servers.client(1));
    const challenge = await tablet.challenged();
    const code = await codeShownOn(laptop, challenge);
    await removeDevice(phone, laptopId);
    expect(await tablet.challenge(challenge)).toMatchObject({ state: 'CANCELLED' });
    expect(asA('ChallengeClosed', await tablet.verify(challenge, code))).toMatchObject({ state: 'CANCELLED' });
  });

  test('is told to the owner by mail', async () => {
    const { phone, laptopId } = await phoneAndLaptop();
    await removeDevice(phone, laptopId);
    const mail = await servers.mailbox.next(phone.owner.email, ({ text }) => text?.includes('was removed') ?? false);
    expect(mail.subject).toBe('A device was removed from your account');
    expect(mail.text).toContain('Laptop');
  });

  test('ends the own session where it is the current one', async () => {
    const { phone, laptop } = await phoneAndLaptop();
    const { id } = await deviceOf(phone);
    expect(await removeDevice(phone, id)).toMatchObject({ deviceId: id, sessionsEnded: 1, account: null });
    expect(await phone.viewer()).toBeNull();
    expect((await laptop.viewer())?.devices).toHaveLength(1);
  });

  test('may be asked for by any session, whether or not its device is trusted', async () => {
    const { phone } = await phoneAndLaptop();
    const { id } = await deviceOf(phone);
    const borrowed = phone.another('Borrowed laptop');
    await letIn(phone, borrowed, false);
    expect(await removeDevice(borrowed, id)).toMatchObject({ deviceId: id, sessionsEnded: 1 });
    expect(await phone.viewer()).toBeNull();
  });

  test('happens once, however many ask for it', async () => {
    const { phone, laptopId } = await phoneAndLaptop();
    const clients = [servers.client(0), servers.client(1)];
    const answers = await Promise.all(
      Array.from({ length: 16 }, (_, nth) =>
        phone.twin(clients[nth % 2]).graphql<{ result: { sessionsEnded: number } }>(REMOVE_DEVICE, { id: laptopId }),
      ),
    );
    const codes = answers.map(({ data, errors }) => data?.result.sessionsEnded ?? errors[0]?.extensions.code);
    expect(codes.sort()).toEqual([1, ...Array.from({ length: 15 }, () => 'NOT_FOUND')]);
    const notices = servers.database.count('delivery', "notice = 'DEVICE_REMOVED' and to_address = $1", [
      phone.owner.email,
    ]);
    expect(await notices).toBe(1);
  });
});

describe('trust', () => {
  const setBack = (id: string, column: 'last_seen_at' | 'trusted_at', interval: string) =>
    servers.database.row(`update device set ${column} = ${column} - $2::interval where id = $1 returning id`, [
      id,
      interval,
    ]);

  test.each([
    ['last_seen_at', '89 days 23 hours', 'SignedIn'],
    ['last_seen_at', '90 days', 'Challenge'],
    ['trusted_at', '364 days 23 hours', 'SignedIn'],
    ['trusted_at', '365 days', 'Challenge'],
  ] as const)('of a device whose %s is %s ago makes a sign-in end in %s', async (column, interval, outcome) => {
    const { phone, laptop, laptopId } = await phoneAndLaptop();
    await setBack(laptopId, column, interval);
    expect(await seenBy(phone, laptopId)).toMatchObject({ isTrusted: outcome === 'SignedIn' });
    asA(outcome, await laptop.signIn());
  });

  test('does not come back because a device whose trust has lapsed is seen', async () => {
    const { phone, laptop, laptopId } = await phoneAndLaptop();
    await setBack(laptopId, 'last_seen_at', '91 days');
    // Old enough that its next request counts as being seen.
    await servers.database.query(
      "update session set last_used_at = clock_timestamp() - interval '5 minutes' where device_id = $1",
      [laptopId],
    );
    expect(await laptop.viewer()).not.toBeNull();
    const seen = await seenBy(phone, laptopId);
    expect(Date.now() - Date.parse(seen?.lastSeenAt ?? '')).toBeLessThan(DAY_MS);
    expect(seen).toMatchObject({ isTrusted: false });
    asA('Challenge', await laptop.signIn());
  });

  test('does not come back with a code that was typed without asking for it', async () => {
    const { phone, laptop, laptopId } = await phoneAndLaptop();
    await setBack(laptopId, 'last_seen_at', '91 days');
    expect((await letIn(phone, laptop, false)).device).toMatchObject({ id: laptopId, isTrusted: false });
  });

  test('in one more device than TRUSTED_DEVICES takes the place of the one unused longest', async () => {
    const { phone, laptop, laptopId } = await phoneAndLaptop();
    await letIn(phone, phone.another('Tablet'));
    await setBack(laptopId, 'last_seen_at', '2 hours');
    await using requests = laptop.loginRequests();
    await until(async () => (await seenBy(phone, laptopId))?.isOnline, 'the laptop online');
    await setBack(laptopId, 'last_seen_at', '2 hours');
    await letIn(phone, phone.another('Watch'));
    const trusted = (await devicesSeenBy(phone)).filter(({ isTrusted }) => isTrusted).map(({ name }) => name);
    expect(trusted.sort()).toEqual(['Phone', 'Tablet', 'Watch']);
    expect(await requests.closed()).toMatchObject({ code: 4401 });
    asA('Challenge', await laptop.signIn());
  });

  test('is counted right when several devices are trusted at the same moment', async () => {
    const phone = await servers.trusted();
    const newcomers = Array.from({ length: 4 }, (_, nth) => phone.another(`Tablet ${nth}`, servers.client(nth % 2)));
    const challenges = await Promise.all(newcomers.map((tablet) => tablet.challenged()));
    const codes = await Promise.all(challenges.map((challenge) => codeShownOn(phone, challenge)));
    await Promise.all(newcomers.map((tablet, nth) => verifyNth(tablet, challenges, codes, nth)));
    const { trusted } = await servers.database.row<{ trusted: number }>(
      `select count(*)::int as trusted from device d join account a on a.id = d.account_id
       where a.email = $1 and d.trusted_at is not null and d.removed_at is null`,
      [phone.owner.email],
    );
    expect(trusted).toBeLessThanOrEqual(3);
  });

  test('outlasts the room that a device more than DEVICES needs: an untrusted one goes first', async () => {
    const { phone, laptopId } = await phoneAndLaptop();
    await setBack(laptopId, 'last_seen_at', '2 hours');
    const visitors = ['First', 'Second', 'Third'].map((name) => phone.another(name));
    for (const visitor of visitors) await letIn(phone, visitor, false);
    await letIn(phone, phone.another('Fourth'), false);
    const names = (await devicesSeenBy(phone)).map(({ name }) => name);
    expect(names.sort()).toEqual(['Fourth', 'Laptop', 'Phone', 'Second', 'Third']);
    expect(await visitors[0]?.viewer()).toBeNull();
  });
});

async function signInWith(trusted: Handset, newcomer: Handset, device: Record<string, unknown>) {
  const challenge = asA('Challenge', await newcomer.signIn({ device }));
  return newcomer.verify(challenge, await codeShownOn(trusted, challenge));
}

function verifyNth(
  tablet: Handset,
  challenges: readonly { token: string }[],
  codes: readonly string[],
  nth: number,
): Promise<unknown> {
  return tablet.verify(challenges[nth] ?? { token: '' }, codes[nth] ?? '');
}
