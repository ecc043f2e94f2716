import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { projectRoot } from '../../../src/config/project.js';
import {
  type Activity,
  activityOf,
  allActivityOf,
  DAYS,
  type Day,
  LOGIN_ACTIVITY,
  pageOf,
  streamOf,
} from '../../support/activity.js';
import { Backend, sessionOf } from '../../support/backend.js';
import { END_SESSION, END_TRUST, TAKE_DEVICE } from '../../support/backend-operations.js';
import type { Handset } from '../../support/handset.js';
import { asA } from '../../support/outcomes.js';
import {
  changePassword,
  codeShownOn,
  deviceOf,
  disableTwoStep,
  letIn,
  removeDevice,
  resetByMail,
  wrongCode,
} from '../../support/owner.js';
import { cleanUp } from '../../support/retention.js';
import { Servers } from '../../support/servers.js';
import { Visitor } from '../../support/visitor.js';
import { until } from '../../support/waiting.js';

const LONDON = '81.2.69.160';
const LINKÖPING = '89.160.20.112';
const NEW_PASSWORD = 'velvet-harbour-57-kettle';

let servers: Servers;

beforeAll(async () => {
  servers = await Servers.start({
    count: 2,
    limits: { PASSWORD_FAILURES_FREE: 100, OPEN_MAILS_PER_ADDRESS_AND_IP_HOUR: 100 },
    env: {
      TRUST_PROXY: '127.0.0.1/32',
      GEOIP_DATABASE: path.join(projectRoot, 'test/fixtures/GeoIP2-City-Test.mmdb'),
    },
  });
});
afterAll(() => servers[Symbol.asyncDispose]());

/** The same device, tokens included, behind a proxy that says where its requests come from. */
function at(handset: Handset, forwardedFor: string): Handset {
  return handset.twin(new Visitor(handset.client.url, { 'x-forwarded-for': forwardedFor }));
}

/** Signs in `times` more, one after the other; without two-step verification each is one entry. */
async function signInAgain(handset: Handset, times: number): Promise<void> {
  for (let nth = 0; nth < times; nth += 1) asA('SignedIn', await handset.signIn());
}

async function refusedPassword(handset: Handset): Promise<void> {
  asA('InvalidCredentials', await handset.signIn({ password: 'not the password' }));
}

/** Waits for the entry of a wrong password, which is written after the answer. */
function wrongPasswords(handset: Handset, count: number): Promise<Activity[]> {
  return until(async () => {
    const entries = await activityOf(handset, { types: ['WRONG_PASSWORD'] });
    return entries.reduce((sum, entry) => sum + entry.count, 0) === count && entries;
  }, `${count} wrong passwords in the activity`);
}

describe('sign-in activity', () => {
  test('has an entry of every type, in the order in which things happened', async () => {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    const guessed = await laptop.challenged();
    const wrong = wrongCode(await codeShownOn(phone, guessed));
    for (let nth = 0; nth < 5; nth += 1) await laptop.verify(guessed, wrong);
    await refusedPassword(laptop);
    await wrongPasswords(phone, 1);
    const denied = await laptop.challenged();
    await phone.deny(denied);
    const { device } = await letIn(phone, laptop);
    await removeDevice(phone, device.id);
    await changePassword(phone, NEW_PASSWORD);
    await disableTwoStep(phone, NEW_PASSWORD);
    await phone.signOut();
    await resetByMail(phone, phone.owner.password);
    asA('SignedIn', await phone.signIn());
    const types = (await allActivityOf(phone)).map(({ type }) => type).reverse();
    const withoutTwoStep = ['PASSWORD_RESET', 'SIGNED_IN'];
    expect(types).toEqual([
      ...['SIGNED_UP', 'SIGNED_IN', 'CODE_REQUESTED', 'TWO_STEP_ENABLED', 'DEVICE_TRUSTED'],
      ...['CODE_REQUESTED', 'WRONG_CODE', 'WRONG_CODE', 'WRONG_CODE', 'WRONG_CODE', 'WRONG_CODE', 'CHALLENGE_LOCKED'],
      ...['WRONG_PASSWORD', 'CODE_REQUESTED', 'LOGIN_DENIED'],
      ...['CODE_REQUESTED', 'SIGNED_IN', 'DEVICE_TRUSTED', 'DEVICE_REMOVED'],
      ...['PASSWORD_CHANGED', 'TWO_STEP_DISABLED', 'SIGNED_OUT', ...withoutTwoStep],
    ]);
  });

  test('names device, address, place and method of an entry', async () => {
    const phone = await servers.trusted();
    const laptop = at(phone.another('Laptop'), LONDON);
    const { device } = await letIn(phone, laptop);
    const [trusted, signedIn] = await activityOf(phone, { first: 2 });
    expect(signedIn).toEqual({
      id: expect.any(String),
      type: 'SIGNED_IN',
      occurredAt: expect.any(String),
      device: { id: device.id },
      deviceName: 'Laptop',
      platform: 'LINUX',
      method: 'APP',
      ipAddress: LONDON,
      location: { label: 'London, United Kingdom', city: 'London', countryCode: 'GB' },
      count: 1,
      isNewDevice: true,
      isNewLocation: true,
    });
    expect(trusted).toMatchObject({ type: 'DEVICE_TRUSTED', device: { id: device.id }, isNewLocation: false });
  });

  test.each<[string, string, (phone: Handset, laptop: string) => Promise<Record<string, unknown>>]>([
    ['a session', END_SESSION, async (phone) => ({ sessionId: (await sessionOf(servers, phone)).id })],
    ['a device', TAKE_DEVICE, async (_phone, deviceId) => ({ deviceId })],
    [
      'all trust',
      END_TRUST,
      async (phone) => ({ accountId: (await sessionOf(servers, phone)).accountId, reason: 'CLOSED' }),
    ],
  ])('knows no country by a product that ends %s from its data centre', async (_what, query, variablesOf) => {
    const shop = await Backend.add(servers, { ownAccounts: true });
    const phone = await servers.trusted();
    const { device } = await letIn(phone, phone.another('Laptop'));
    const variables = await variablesOf(phone, device.id);
    const response = await fetch(shop.url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${shop.key}`,
        'content-type': 'application/json',
        'x-forwarded-for': LONDON,
      },
      body: JSON.stringify({ query, variables }),
    });
    expect(await response.json()).toMatchObject({ data: { result: { sessionsEnded: expect.any(Number) } } });
    const entries = await servers.database.query(
      `select country_code, is_new_location from activity where ip_address = $1
         and account_id = (select id from account where email = $2)`,
      [LONDON, phone.owner.email],
    );
    expect(entries.length).toBeGreaterThan(0);
    for (const entry of entries) expect(entry).toEqual({ country_code: null, is_new_location: false });
  });

  test('keeps the name of a device that was removed since, without the device', async () => {
    const phone = await servers.trusted();
    const { device } = await letIn(phone, phone.another('Laptop'));
    await removeDevice(phone, device.id);
    const entries = await activityOf(phone, { types: ['SIGNED_IN', 'DEVICE_REMOVED'], first: 2 });
    expect(entries).toMatchObject([
      { type: 'DEVICE_REMOVED', device: null, deviceName: 'Laptop' },
      { type: 'SIGNED_IN', device: null, deviceName: 'Laptop' },
    ]);
  });

  test("calls a known device by its owner's name, whatever it calls itself", async () => {
    const phone = await servers.signedUp();
    const { id } = await deviceOf(phone);
    await phone.ask('mutation ($id: ID!) { result: renameDevice(id: $id, name: "Old phone") { id } }', { id });
    asA('SignedIn', await phone.signIn({ device: { name: 'SM-G991B' } }));
    expect(await activityOf(phone, { first: 1 })).toMatchObject([{ type: 'SIGNED_IN', deviceName: 'Old phone' }]);
  });

  test('calls a device new at its first sign-in alone', async () => {
    const phone = await servers.signedUp();
    await signInAgain(phone, 1);
    const entries = await activityOf(phone, { types: ['SIGNED_IN'] });
    expect(entries.map(({ isNewDevice }) => isNewDevice)).toEqual([false, true]);
  });

  test('says EMAIL of a second step whose code was mailed as well', async () => {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    const challenge = await laptop.challenged();
    asA('Challenge', await laptop.sendCode(challenge, 'EMAIL'));
    const code = await servers.mailbox.code(phone.owner.email);
    asA('SignedIn', await laptop.verify(challenge, code));
    const entries = await activityOf(phone, { first: 3 });
    expect(entries.map(({ type, method }) => [type, method])).toEqual([
      ['DEVICE_TRUSTED', 'EMAIL'],
      ['SIGNED_IN', 'EMAIL'],
      ['CODE_REQUESTED', 'EMAIL'],
    ]);
  });

  test("is not another account's", async () => {
    const [alice, mallory] = [await servers.signedUp(), await servers.signedUp()];
    await signInAgain(alice, 2);
    const ids = (await allActivityOf(alice)).map(({ id }) => id);
    expect((await allActivityOf(mallory)).filter(({ id }) => ids.includes(id))).toEqual([]);
    expect(await allActivityOf(mallory)).toHaveLength(2);
  });

  test('is written with what it reports, or neither is: a refused change leaves no entry', async () => {
    const phone = await servers.trusted();
    const before = await allActivityOf(phone);
    await changePassword(phone, 'short');
    await changePassword(phone, NEW_PASSWORD, { currentPassword: 'not the password' });
    expect(await allActivityOf(phone)).toEqual(before);
  });
});

describe('a new place', () => {
  test('is a country that was not seen before', async () => {
    const phone = await servers.signedUp();
    for (const address of [LONDON, LONDON, LINKÖPING, LONDON, '127.0.0.1', '8.8.8.8']) {
      asA('SignedIn', await at(phone, address).signIn());
    }
    const entries = await activityOf(phone, { types: ['SIGNED_IN'], first: 6 });
    expect(entries.map(({ location, isNewLocation }) => [location.label, isNewLocation]).reverse()).toEqual([
      ['London, United Kingdom', true],
      ['London, United Kingdom', false],
      ['Linköping, Sweden', true],
      ['London, United Kingdom', false],
      ['Private network', false],
      ['Unknown location', false],
    ]);
  });

  test('stays new until somebody gets in from there', async () => {
    const phone = await servers.signedUp();
    await refusedPassword(at(phone, LINKÖPING));
    expect(await wrongPasswords(phone, 1)).toMatchObject([{ ipAddress: LINKÖPING, isNewLocation: true }]);
    asA('SignedIn', await at(phone, LINKÖPING).signIn());
    expect(await activityOf(phone, { first: 1 })).toMatchObject([{ type: 'SIGNED_IN', isNewLocation: true }]);
  });

  test('is found for IPv6, and for what the nearest proxy we trust says, read from the right', async () => {
    const phone = await servers.signedUp();
    for (const forwarded of ['2001:218::1', `${LONDON}, ${LINKÖPING}`, `${LONDON}, 127.0.0.1`]) {
      asA('SignedIn', await at(phone, forwarded).signIn());
    }
    const entries = await activityOf(phone, { types: ['SIGNED_IN'], first: 3 });
    expect(entries.map(({ ipAddress, location }) => [ipAddress, location.countryCode])).toEqual([
      [LONDON, 'GB'],
      [LINKÖPING, 'SE'],
      ['2001:218::1', 'JP'],
    ]);
  });

  test('is not made up by a header where no proxy is trusted', async () => {
    await using alone = await Servers.start({
      env: { GEOIP_DATABASE: path.join(projectRoot, 'test/fixtures/GeoIP2-City-Test.mmdb') },
    });
    const phone = await alone.signedUp();
    const headers = { 'x-forwarded-for': LONDON, forwarded: `for=${LONDON}`, 'x-real-ip': LONDON };
    asA('SignedIn', await phone.twin(new Visitor(phone.client.url, headers)).signIn());
    expect(await activityOf(phone, { first: 1 })).toMatchObject([{ ipAddress: '127.0.0.1', isNewLocation: false }]);
    expect(await deviceOf(phone)).toMatchObject({ lastIpAddress: '127.0.0.1' });
  });
});

describe('wrong passwords', () => {
  test('are one entry per address and hour, which counts them', async () => {
    const phone = await servers.signedUp();
    const attackers = [at(phone.another('Laptop'), LONDON), at(phone.another('Tablet'), LINKÖPING)];
    await Promise.all(Array.from({ length: 16 }, (_, nth) => refusedPassword(attackers[nth % 2] ?? phone)));
    const entries = await wrongPasswords(phone, 16);
    const byAddress = entries.map(({ ipAddress, count, device }) => [ipAddress, count, device]);
    expect(byAddress.sort()).toEqual([
      [LONDON, 8, null],
      [LINKÖPING, 8, null],
    ]);
  });

  test('of the next hour are another entry', async () => {
    const phone = await servers.signedUp();
    await refusedPassword(phone);
    await wrongPasswords(phone, 1);
    await servers.database.age('activity', '1 hour', "type = 'WRONG_PASSWORD'");
    await refusedPassword(phone);
    expect(await wrongPasswords(phone, 2)).toMatchObject([{ count: 1 }, { count: 1 }]);
  });
});

describe('pages of the sign-in activity', () => {
  test('neither skip nor repeat an entry while others arrive', async () => {
    const phone = await servers.signedUp();
    await signInAgain(phone, 8);
    const before = (await allActivityOf(phone)).map(({ id }) => id);
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const { edges, pageInfo } = await pageOf(phone, { first: 3, after });
      seen.push(...edges.map(({ node }) => node.id));
      await signInAgain(phone, 1);
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    } while (after);
    expect(seen).toEqual(before);
  });

  test('say where they begin and end, and whether there is more on either side', async () => {
    const phone = await servers.signedUp();
    await signInAgain(phone, 2);
    const first = await pageOf(phone, { first: 3 });
    expect(first.pageInfo).toEqual({
      hasNextPage: true,
      hasPreviousPage: false,
      startCursor: first.edges[0]?.cursor,
      endCursor: first.edges[2]?.cursor,
    });
    const last = await pageOf(phone, { first: 3, after: first.pageInfo.endCursor });
    expect(last.edges).toHaveLength(1);
    expect(last.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    const none = await pageOf(phone, { after: last.pageInfo.endCursor });
    expect(none).toEqual({
      edges: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: true, startCursor: null, endCursor: null },
    });
  });

  test('have 20 entries unless asked otherwise', async () => {
    const phone = await servers.signedUp();
    await signInAgain(phone, 20);
    expect((await pageOf(phone)).edges).toHaveLength(20);
    const all = await servers.database.count('activity', 'account_id = (select id from account where email = $1)', [
      phone.owner.email,
    ]);
    expect(all).toBeGreaterThan(20);
    expect((await pageOf(phone, { first: 100 })).edges).toHaveLength(all);
  });

  test.each([0, -1, 101, 2 ** 31 - 1])('refuse to be %i entries long', async (first) => {
    const phone = await servers.signedUp();
    const error = await phone.client.error(LOGIN_ACTIVITY, { first }, { token: phone.sessionToken });
    expect(error.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'first' });
  });

  test.each(['', '0', 'activity:1', 'YWN0aXZpdHk6LTE', 'YWN0aXZpdHk6OTk5OTk5OTk5OTk5', "' or 1=1"])(
    'refuse to begin after %j, which is no cursor',
    async (after) => {
      const phone = await servers.signedUp();
      const error = await phone.client.error(LOGIN_ACTIVITY, { after }, { token: phone.sessionToken });
      expect(error.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'after' });
      await using entries = streamOf(phone, after);
      expect((await entries.error()).extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'after' });
    },
  );

  test('show the types that are asked for alone', async () => {
    const phone = await servers.trusted();
    await signInAgain(phone, 2);
    const types = (entries: Activity[]) => entries.map(({ type }) => type);
    expect(types(await activityOf(phone, { types: ['SIGNED_UP', 'DEVICE_TRUSTED'] }))).toEqual([
      'DEVICE_TRUSTED',
      'SIGNED_UP',
    ]);
    expect(await activityOf(phone, { types: [] })).toEqual([]);
    const filtered = await pageOf(phone, { first: 2, types: ['SIGNED_IN'] });
    expect(filtered.pageInfo).toMatchObject({ hasNextPage: true });
  });

  test('show what happened since an instant alone', async () => {
    const phone = await servers.signedUp();
    await servers.database.query(
      `update activity set occurred_at = occurred_at - interval '2 hours'
       where account_id = (select id from account where email = $1)`,
      [phone.owner.email],
    );
    await signInAgain(phone, 1);
    const since = (ms: number) => activityOf(phone, { since: new Date(Date.now() - ms).toISOString() });
    expect(await since(3_600_000)).toHaveLength(1);
    expect(await since(3 * 3_600_000)).toHaveLength(3);
    expect(await activityOf(phone, { since: '9999-12-31T23:59:59Z' })).toEqual([]);
  });

  test('take the earliest instant that can be written', async () => {
    const phone = await servers.signedUp();
    expect(await activityOf(phone, { since: '0000-01-01T00:00:00Z' })).toHaveLength(2);
  });
});

describe('the days of the sign-in activity', () => {
  const daysOf = (handset: Handset, days?: number) => handset.ask<{ days: Day[] }>(DAYS, { days });

  test('are counted in UTC, one entry each, today last', async () => {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    for (let nth = 0; nth < 3; nth += 1) await refusedPassword(laptop);
    await wrongPasswords(phone, 3);
    const challenge = await laptop.challenged();
    await laptop.verify(challenge, wrongCode(await codeShownOn(phone, challenge)));
    await phone.deny(challenge);
    await servers.database.query(
      `update activity set occurred_at = occurred_at - interval '2 days'
       where account_id = (select id from account where email = $1)`,
      [phone.owner.email],
    );
    await signInAgain(phone, 1);
    const { days } = await daysOf(phone, 4);
    const midnight = Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth(), new Date().getUTCDate());
    expect(days.map(({ day }) => (midnight - Date.parse(day)) / 86_400_000)).toEqual([3, 2, 1, 0]);
    expect(days.map(({ signedIn, refused }) => [signedIn, refused])).toEqual([
      [0, 0],
      [1, 5],
      [0, 0],
      [1, 0],
    ]);
  });

  test('are 30 unless asked otherwise, and at most 180', async () => {
    const phone = await servers.signedUp();
    expect((await daysOf(phone)).days).toHaveLength(30);
    expect((await daysOf(phone, 180)).days).toHaveLength(180);
    for (const days of [0, -1, 181]) {
      const error = await phone.client.error(DAYS, { days }, { token: phone.sessionToken });
      expect(error.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'days' });
    }
  });
});

describe('the live sign-in activity', () => {
  test('brings what is new, from whichever server it comes, and nothing from before', async () => {
    const phone = await servers.signedUp();
    await using entries = streamOf(phone);
    await until(async () => (await deviceOf(phone)).isOnline, 'the phone online');
    const laptop = phone.another('Laptop', servers.client(1));
    asA('SignedIn', await laptop.signIn());
    expect(await entries.next()).toMatchObject({ type: 'SIGNED_IN', deviceName: 'Laptop', isNewDevice: true });
    expect(entries.unread).toEqual([]);
  });

  test('begins after a cursor with what has come since', async () => {
    const phone = await servers.signedUp();
    const { pageInfo } = await pageOf(phone, { first: 1 });
    await signInAgain(phone, 2);
    const missed = (await activityOf(phone, { first: 2 })).reverse();
    await using entries = streamOf(phone, pageInfo.startCursor);
    expect([await entries.next(), await entries.next()]).toEqual(missed);
    await signInAgain(phone, 1);
    expect(await entries.next()).toMatchObject({ type: 'SIGNED_IN' });
  });

  test('skips and repeats none of the entries that two servers write at once', async () => {
    const phone = await servers.signedUp();
    await using watched = streamOf(phone.twin(servers.client(1)));
    await until(async () => (await deviceOf(phone)).isOnline, 'the phone online');
    const { pageInfo } = await pageOf(phone, { first: 1 });
    await using resumed = streamOf(phone, pageInfo.startCursor);
    const newcomers = Array.from({ length: 16 }, (_, nth) => phone.another(`Tablet ${nth}`, servers.client(nth % 2)));
    await Promise.all(newcomers.map((newcomer) => newcomer.signIn()));
    const written = (await activityOf(phone, { first: 16 })).map(({ id }) => id).reverse();
    for (const entries of [watched, resumed]) {
      const ids: string[] = [];
      while (ids.length < 16) ids.push((await entries.next()).id);
      expect(ids).toEqual(written);
    }
  });

  test('needs a session, and ends with it', async () => {
    const phone = await servers.signedUp();
    await using nobody = streamOf(servers.stranger());
    expect((await nobody.error()).extensions).toMatchObject({ code: 'UNAUTHENTICATED' });
    await using entries = streamOf(phone);
    await until(async () => (await deviceOf(phone)).isOnline, 'the phone online');
    await phone.signOut();
    expect(await entries.closed()).toMatchObject({ code: 4401 });
  });
});

test('sign-in activity is kept for ACTIVITY_DAYS', async () => {
  const phone = await servers.signedUp();
  await signInAgain(phone, 2);
  const [, kept, gone] = await activityOf(phone);
  const age = (id: string | undefined, days: number) =>
    servers.database.age('activity', `${days} days`, 'id = $1', [id]);
  await age(kept?.id, 179);
  await age(gone?.id, 180);
  await cleanUp(servers);
  const ids = (await allActivityOf(phone)).map(({ id }) => id);
  expect(ids).toContain(kept?.id);
  expect(ids).not.toContain(gone?.id);
});
