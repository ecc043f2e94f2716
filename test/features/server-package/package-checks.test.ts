import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { DoorstepError, type DoorstepOptions, doorstep } from '@doorstep/server';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Backend, lastAddressOf, sessionOf } from '../../support/backend.js';
import { END_TRUST } from '../../support/backend-operations.js';
import { Door } from '../../support/doors.js';
import { FaultProxy } from '../../support/fault-proxy.js';
import type { Handset } from '../../support/handset.js';
import { deviceOf, letIn, removeDevice } from '../../support/owner.js';
import { backEnds, Servers } from '../../support/servers.js';
import { until } from '../../support/waiting.js';

// @doorstep/server: who is signed in, and what of it a process keeps.

/** The promise is one second, two over servers; the machine has other work too. */
const SOON_MS = 5_000;

let servers: Servers;
let shop: Backend;
beforeAll(async () => {
  servers = await Servers.start({ count: 2, redis: backEnds.some(({ redis }) => redis) });
  shop = await Backend.add(servers, { ownAccounts: true });
});
afterAll(() => servers[Symbol.asyncDispose]());

/** A door that keeps checks, once it does. */
async function keeping(phone: Handset, options: Partial<DoorstepOptions> = {}): Promise<Door> {
  const door = Door.of(shop, { keepChecks: true, ...options });
  await keeps(door, phone);
  return door;
}

/** Resolves once a check is answered without being asked. */
async function keeps(door: Door, { sessionToken }: Handset): Promise<void> {
  const isKept = async () => (await door.questionsDuring(() => door.its.check(sessionToken))) === 0;
  await until(isKept, 'a kept answer');
}

async function phoneAndLaptop(): Promise<{ phone: Handset; laptop: Handset }> {
  const phone = await servers.trusted(1);
  const laptop = phone.another('Laptop');
  await letIn(phone, laptop);
  return { phone, laptop };
}

describe('a check', () => {
  test('tells who is signed in, by token and by id; null once nobody is', async () => {
    await using door = Door.of(shop);
    const phone = await servers.signedUp();
    const { id, accountId } = await sessionOf(servers, phone);
    const expected = { id, accountId, email: phone.owner.email, deviceName: 'Phone', reason: 'VERIFIED_CHALLENGE' };
    expect(await door.its.check(phone.sessionToken)).toMatchObject(expected);
    expect(await door.its.checkId(id.toUpperCase())).toMatchObject(expected);
    await phone.signOut();
    expect([await door.its.check(phone.sessionToken), await door.its.checkId(id)]).toEqual([null, null]);
  });

  test('is asked each time where nothing is kept', async () => {
    await using door = Door.of(shop);
    const phone = await servers.signedUp();
    const check = () => door.its.check(phone.sessionToken);
    await check();
    expect(await door.questionsDuring(() => Promise.all([check(), check(), check()]))).toBe(3);
  });

  test.each([
    null,
    undefined,
    '',
    'nonsense',
    'ses_short',
    `dev_${'A'.repeat(43)}`,
    `ses_${'A'.repeat(42)}!`,
    `${'x'.repeat(5000)}.x.x`,
  ])('of what cannot be a token is not asked: %s', async (token) => {
    await using door = Door.of(shop);
    expect(await door.questionsDuring(async () => expect(await door.its.check(token)).toBeNull())).toBe(0);
    expect(await door.questionsDuring(async () => expect(await door.its.checkId(token)).toBeNull())).toBe(0);
  });

  test('notes from where the person came; what is no address is a mistake of the program', async () => {
    await using door = Door.of(shop);
    const phone = await servers.signedUp();
    await door.its.check(phone.sessionToken, { usedFrom: 'fe80::1%eth0' });
    expect(await lastAddressOf(servers, phone)).toBe('fe80::1');
    await expect(door.its.check(phone.sessionToken, { usedFrom: 'somewhere' })).rejects.toThrow(TypeError);
  });
});

describe('what cannot be asked is thrown, and never null:', () => {
  const token = `ses_${'A'.repeat(43)}`;
  const code = (of: Promise<unknown>) =>
    of.then(
      () => null,
      (error: unknown) => (error instanceof DoorstepError ? error.code : error),
    );

  test('nothing listens there', async () => {
    using proxy = await FaultProxy.start(servers.client().url);
    proxy.refuse();
    await using door = Door.of(shop, { url: proxy.url });
    expect(await code(door.its.check(token))).toBe('UNREACHABLE');
  });

  test('a server that says nothing, within the time that was set', async () => {
    using proxy = await FaultProxy.start(servers.client().url);
    proxy.blackHole();
    await using door = Door.of(shop, { url: proxy.url, timeoutMs: 200 });
    expect(await code(door.its.check(token))).toBe('TIMED_OUT');
  });

  test('a connection that breaks before the answer is tried once more, as a check changes nothing', async () => {
    using proxy = await FaultProxy.start(servers.client().url);
    await using door = Door.of(shop, { url: proxy.url });
    const phone = await servers.signedUp();
    const lost = proxy.loseAnswerTo('CheckSession');
    expect(await door.its.check(phone.sessionToken)).not.toBeNull();
    await lost;
  });

  test('a key that opens nothing, one without the scope', async () => {
    const stranger = shop.at(servers.client().url, `key_${'A'.repeat(43)}`);
    const deaf = await Backend.add(servers, { scopes: ['people'] });
    await using wrong = Door.of(stranger);
    await using without = Door.of(deaf);
    expect(await code(wrong.its.check(token))).toBe('UNAUTHENTICATED');
    expect(await code(without.its.check(token))).toBe('FORBIDDEN');
  });

  test.each([
    ['another program', 200, '<html>'],
    ['a gateway without its server', 502, 'Bad gateway'],
    ['JSON that is no answer', 200, '{}'],
    ['a null', 200, 'null'],
    ['a redirect, which is not followed', 302, ''],
  ])('%s', async (_what, status, text) => {
    let requests = 0;
    const other = createServer((_request, response) => {
      requests += 1;
      response.writeHead(status, { location: '/elsewhere' }).end(text);
    }).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const door = doorstep({ url: `http://127.0.0.1:${(other.address() as AddressInfo).port}`, key: shop.key });
    expect(await code(door.check(token))).toBe('UNREACHABLE');
    expect(requests).toBeLessThanOrEqual(2);
    other.close();
    other.closeAllConnections();
  });

  test('the database is away', async () => {
    using database = await FaultProxy.start(servers.database.url);
    const url = new URL(servers.database.url);
    url.port = String(database.port);
    const app = await servers.add({ api: true, worker: false }, { DATABASE_URL: url.href });
    await using door = Door.of(shop, { url: app.url ?? '' });
    expect(await door.its.check(token)).toBeNull();
    database.refuse();
    database.cut();
    expect(await code(door.its.check(token))).toBe('INTERNAL_SERVER_ERROR');
  });
});

describe('an answer is kept', () => {
  test('while the feed is heard, and on no account after its session has ended, over two servers', async () => {
    const { phone, laptop } = await phoneAndLaptop();
    await using door = await keeping(laptop);
    const { id } = await deviceOf(laptop);
    await removeDevice(phone, id);
    await until(async () => (await door.its.check(laptop.sessionToken)) === null, 'null', SOON_MS);
    // The session on the other device goes on.
    expect(await door.its.check(phone.sessionToken)).not.toBeNull();
  });

  test('and dropped by what a backend ends', async () => {
    const phone = await servers.trusted();
    const { id, accountId } = await sessionOf(servers, phone);
    await using door = await keeping(phone);
    expect(await door.its.checkId(id)).not.toBeNull();
    await shop.ask(END_TRUST, { accountId, reason: 'SUSPECTED_THEFT' });
    const isOver = async () => [await door.its.check(phone.sessionToken), await door.its.checkId(id)].every((s) => !s);
    await until(isOver, 'null', SOON_MS);
  });

  test('no longer once the feed broke, and again when it is back', async () => {
    using proxy = await FaultProxy.start(servers.client().url);
    const phone = await servers.signedUp();
    await using door = await keeping(phone, { url: proxy.url });
    proxy.cut();
    await until(
      async () => (await door.questionsDuring(() => door.its.check(phone.sessionToken).catch(() => null))) > 0,
      'a question',
    );
    await keeps(door, phone);
    // It came back at once: nobody needs to know.
    expect(door.problems).toEqual([]);
  });

  test('no longer once the feed fell silent: then the question is asked, and is not answered', async () => {
    using proxy = await FaultProxy.start(servers.client().url);
    const { phone, laptop } = await phoneAndLaptop();
    await using door = await keeping(laptop, { url: proxy.url, timeoutMs: 200 });
    proxy.blackHole();
    await removeDevice(phone, (await deviceOf(laptop)).id);
    const says = () =>
      door.its.check(laptop.sessionToken).then(
        (session) => (session ? 'live' : 'nobody'),
        (error: DoorstepError) => error.code,
      );
    // Never from "cannot be asked" back to "live".
    const told: string[] = [];
    await until(async () => told.push(await says()) && told.at(-1) === 'TIMED_OUT', 'an error', SOON_MS);
    expect(new Set(told)).not.toContain('nobody');
    await proxy.heal();
    await until(async () => told.push(await says()) && told.at(-1) === 'nobody', 'null', 20_000);
    expect(told.slice(told.indexOf('TIMED_OUT'))).not.toContain('live');
  }, 40_000);

  test('not with a key that hears no events: it is told once, and each check is asked', async () => {
    const deaf = await Backend.add(servers, { ownAccounts: true, scopes: ['check'] });
    await using door = Door.of(deaf, { keepChecks: true });
    const phone = await servers.signedUp();
    await until(() => door.problems.length > 0, 'a problem');
    expect(door.problems.map(({ code }) => code)).toEqual(['FORBIDDEN']);
    await door.its.check(phone.sessionToken);
    expect(await door.questionsDuring(() => door.its.check(phone.sessionToken))).toBe(1);
  });

  test('not once it was closed', async () => {
    const phone = await servers.signedUp();
    await using door = await keeping(phone);
    await door.its.close();
    expect(await door.questionsDuring(() => door.its.check(phone.sessionToken))).toBe(1);
  });

  test('as one that nobody who got it can change', async () => {
    const phone = await servers.signedUp();
    await using door = await keeping(phone);
    const session = await door.its.check(phone.sessionToken);
    expect(() => Object.assign(session ?? {}, { accountId: 'another' })).toThrow(TypeError);
  });
});

describe('options', () => {
  const key = `key_${'A'.repeat(43)}`;

  test.each<[string, object]>([
    ['no key', { url: 'http://localhost', key: '' }],
    ["a person's token", { url: 'http://localhost', key: `ses_${'A'.repeat(43)}` }],
    ['no address', { url: 'localhost', key }],
    ['another protocol', { url: 'ftp://localhost', key }],
    ['a password in the address', { url: 'http://a:b@localhost', key }],
    ['a query', { url: 'http://localhost?a', key }],
    ['no time', { url: 'http://localhost', key, timeoutMs: 0 }],
    ['no room', { url: 'http://localhost', key, keepChecks: { most: 0 } }],
  ])('that cannot be meant are refused at once: %s', (_what, options) => {
    expect(() => doorstep(options as DoorstepOptions)).toThrow(TypeError);
  });

  test('are told nobody: the key is not shown by what is printed or thrown', async () => {
    const door = doorstep({ url: 'http://127.0.0.1:1', key: ` ${key}\n` });
    const error = await door.check(`ses_${'B'.repeat(43)}`).catch((caught: unknown) => caught);
    const shown = inspect([door, error], { depth: 20, showHidden: true });
    expect(shown).not.toContain('AAAAAAAA');
    expect(shown).not.toContain('BBBBBBBB');
  });
});
