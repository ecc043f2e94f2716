import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Backend, sessionOf } from '../../support/backend.js';
import { CHECK, type CheckedSession, END_SESSION, END_TRUST, TAKE_DEVICE } from '../../support/backend-operations.js';
import type { Handset } from '../../support/handset.js';
import { asA } from '../../support/outcomes.js';
import { letIn } from '../../support/owner.js';
import { backEnds, Servers } from '../../support/servers.js';
import { StatementCounter } from '../../support/statement-counter.js';

// Who is signed in? As a product's backend asks it.

const KEEP_SECONDS = 7;

let servers: Servers;
let shop: Backend;
/** The same backend, talking to a server whose statements are counted. */
let counted: Backend;
let counter: StatementCounter;
beforeAll(async () => {
  const redis = backEnds.some((backEnd) => backEnd.redis);
  servers = await Servers.start({ count: 2, redis, limits: { CHECK_KEEP_SECONDS: KEEP_SECONDS } });
  counter = await StatementCounter.start(servers.database.url);
  const app = await servers.add({ api: true, worker: false }, { DATABASE_URL: counter.url });
  shop = await Backend.add(servers, { ownAccounts: true });
  counted = shop.at(app.url ?? '');
});
afterAll(async () => {
  await servers[Symbol.asyncDispose]();
  await counter[Symbol.asyncDispose]();
});

const check = (asked: { token?: string | null; id?: string | null; usedFrom?: string }, backend = shop) =>
  backend.ask<CheckedSession | null>(CHECK, asked);
const byToken = ({ sessionToken }: Handset, backend = shop) => check({ token: sessionToken }, backend);

/** What asking may move, as it is in the database. */
const traces = (sessionId: string) =>
  servers.database.row<{ usedAt: Date | null; seenAt: Date; ip: string }>(
    `select s.last_used_at as "usedAt", d.last_seen_at as "seenAt", d.last_ip_address as ip
     from session s join device d on d.id = s.device_id where s.id = $1`,
    [sessionId],
  );

describe('a live session', () => {
  test('is told by its token and by its id, on every server', async () => {
    const phone = await servers.trusted();
    const { id, accountId, deviceId } = await sessionOf(servers, phone);
    const expected = {
      ...{ id, accountId, deviceId, externalId: null, email: phone.owner.email, deviceName: 'Phone', isTrusted: true },
      ...{ reason: 'VERIFIED_CHALLENGE', provenAt: expect.any(String), createdAt: expect.any(String) },
      ...{ lastUsedAt: expect.any(String), expiresAt: expect.any(String), mayBeKept: KEEP_SECONDS },
    };
    for (const backend of [shop, shop.at(servers.client(1).url)]) {
      expect(await check({ token: phone.sessionToken }, backend)).toEqual(expected);
      expect(await check({ id }, backend)).toEqual(expected);
      expect(await check({ id: id.toUpperCase(), token: null } as never, backend)).toEqual(expected);
    }
  });

  test('says when a code was typed for it last: by the one that opened it, or by turning two-step on', async () => {
    const phone = await servers.signedUp();
    const opened = await byToken(phone);
    expect(opened?.provenAt).toBe(opened?.createdAt);
    await phone.turnOnTwoStep();
    const proven = await byToken(phone);
    expect(Date.parse(proven?.provenAt ?? '')).toBeGreaterThan(Date.parse(opened?.provenAt ?? ''));
    asA('SignedIn', await phone.signIn());
    expect(await byToken(phone)).toMatchObject({ reason: 'TRUSTED_DEVICE', provenAt: null });
  });

  test('expires when the settings say so, its use counted', async () => {
    const phone = await servers.signedUp();
    const session = await byToken(phone);
    const days = (from: string | null | undefined) =>
      (Date.parse(session?.expiresAt ?? '') - Date.parse(from ?? '')) / 86_400_000;
    expect(days(session?.lastUsedAt)).toBeCloseTo(7, 4);
    await servers.database.age('session', '25 days', 'id = $1', [session?.id]);
    await servers.database.query('update session set last_used_at = clock_timestamp() where id = $1', [session?.id]);
    const later = await byToken(phone);
    expect((Date.parse(later?.expiresAt ?? '') - Date.parse(later?.createdAt ?? '')) / 86_400_000).toBeCloseTo(30, 4);
  });
});

describe('nobody is signed in', () => {
  test.each([
    ['an id that is none', { id: 'nonsense' }],
    ['an id of nothing', { id: randomUUID() }],
    ['a token that is none', { token: 'nonsense' }],
    ['a token of nothing', { token: `ses_${'A'.repeat(43)}` }],
    ['an empty token', { token: '' }],
  ])('by %s', async (_what, asked) => {
    expect(await check(asked)).toBeNull();
  });

  test('by the token of a device, or of a challenge', async () => {
    const phone = await servers.trusted();
    asA('SignedIn', await phone.signIn());
    const challenge = await phone.another('Laptop').challenged();
    expect(await check({ token: phone.deviceToken })).toBeNull();
    expect(await check({ token: challenge.token })).toBeNull();
  });

  test.each([
    ['signed out', (phone: Handset) => phone.signOut()],
    [
      'ended by the backend',
      async (phone: Handset) => shop.ask(END_SESSION, { sessionId: (await sessionOf(servers, phone)).id }),
    ],
    [
      'taken away with its device',
      async (phone: Handset) => shop.ask(TAKE_DEVICE, { deviceId: (await sessionOf(servers, phone)).deviceId }),
    ],
    [
      'ended with all trust',
      async (phone: Handset) =>
        shop.ask(END_TRUST, { accountId: (await sessionOf(servers, phone)).accountId, reason: 'CLOSED' }),
    ],
    [
      'not used for too long',
      (phone: Handset) =>
        servers.database.age('session', '8 days', 'account_id = (select id from account where email = $1)', [
          phone.owner.email,
        ]),
    ],
  ])('once it was %s, on every server at the moment of the answer', async (_how, end) => {
    const phone = await servers.trusted();
    const { id } = await sessionOf(servers, phone);
    expect(await check({ id })).not.toBeNull();
    await end(phone);
    for (const backend of [shop, shop.at(servers.client(1).url)]) {
      expect(await check({ id }, backend)).toBeNull();
      expect(await byToken(phone, backend)).toBeNull();
    }
  });
});

describe('is refused, and nothing is told,', () => {
  test.each([
    ['neither', {}],
    ['both', { token: `ses_${'A'.repeat(43)}`, id: randomUUID() }],
    ['both, one of them empty', { token: '', id: randomUUID() }],
    ['nulls', { token: null, id: null }],
  ])('where %s of token and id is given', async (_what, asked) => {
    expect((await shop.error(CHECK, asked)).extensions.code).toBe('BAD_USER_INPUT');
  });

  test.each(['', 'nonsense', '127.1', '010.0.0.1', '10.0.0.1/8', '10.0.0.1:443', '[::1]', '1'.repeat(10_000)])(
    'where usedFrom is %j',
    async (usedFrom) => {
      const { extensions, message } = await shop.error(CHECK, { id: randomUUID(), usedFrom });
      expect(extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'usedFrom' });
      expect(message.length).toBeLessThan(200);
    },
  );
});

describe('asking', () => {
  test('is one statement besides that for the key, and moves no address and no last-seen', async () => {
    const phone = await servers.trusted();
    const { id } = await sessionOf(servers, phone);
    await servers.database.age('session', '2 hours', 'id = $1', [id]);
    const before = await traces(id);
    for (const asked of [{ id }, { token: phone.sessionToken }, { id: randomUUID() }]) {
      await check(asked, counted);
      expect(await counter.during(() => check(asked, counted))).toEqual({ statements: 2, roundTrips: 2 });
    }
    expect(await traces(id)).toEqual(before);
  });

  test('notes the address that it is told, once a minute while it stays the same', async () => {
    const phone = await servers.trusted();
    const { id } = await sessionOf(servers, phone);
    await servers.database.age('session', '2 hours', 'id = $1', [id]);
    const before = await traces(id);
    await check({ id, usedFrom: '2001:DB8::0:1' }, counted);
    const noted = await traces(id);
    expect(noted.ip).toBe('2001:db8::1');
    expect(Number(noted.usedAt)).toBeGreaterThan(Number(before.usedAt));
    const asked = await counter.during(() => check({ id, usedFrom: '2001:db8::1' }, counted));
    expect(asked.statements).toBe(2);
    expect(await traces(id)).toEqual(noted);
    await check({ token: phone.sessionToken, usedFrom: '::ffff:198.51.100.7' }, counted);
    expect((await traces(id)).ip).toBe('198.51.100.7');
  });

  /** A session that a challenge has opened, and whose token has never come. */
  async function unused(): Promise<Handset> {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    await letIn(phone, laptop);
    return laptop;
  }

  test('by the token stops the clock of an unused session, once', async () => {
    const laptop = await unused();
    const { id } = await sessionOf(servers, laptop);
    const { ip, seenAt } = await traces(id);
    const first = await byToken(laptop);
    expect(first?.lastUsedAt).not.toBeNull();
    expect(Date.parse(first?.expiresAt ?? '')).toBeGreaterThan(Date.now() + 86_400_000);
    const arrived = await traces(id);
    expect(arrived).toEqual({ ip, seenAt, usedAt: expect.any(Date) });
    await byToken(laptop);
    expect(await traces(id)).toEqual(arrived);
    await servers.database.age('session', '11 minutes', 'id = $1', [id]);
    expect(await byToken(laptop)).not.toBeNull();
  });

  test('by the id does not: the token may be lost', async () => {
    const laptop = await unused();
    const { id } = await sessionOf(servers, laptop);
    const seen = await check({ id });
    expect(seen?.lastUsedAt).toBeNull();
    expect(Date.parse(seen?.expiresAt ?? '') - Date.parse(seen?.createdAt ?? '')).toBe(600_000);
    await servers.database.age('session', '11 minutes', 'id = $1', [id]);
    expect(await check({ id })).toBeNull();
    expect(await byToken(laptop)).toBeNull();
  });

  test('by sixteen at once is answered the same to all', async () => {
    const laptop = await unused();
    const answers = await Promise.all(Array.from({ length: 16 }, () => byToken(laptop)));
    expect(answers.map((session) => session?.id)).toEqual(Array(16).fill((await sessionOf(servers, laptop)).id));
  });
});

describe('an answer', () => {
  test('may be kept for CHECK_KEEP_SECONDS, and no longer than the session lasts by itself', async () => {
    const phone = await servers.signedUp();
    const session = await byToken(phone);
    expect(session?.mayBeKept).toBe(KEEP_SECONDS);
    await servers.database.query(
      `update session set created_at = clock_timestamp() - interval '8 days',
         last_used_at = clock_timestamp() - interval '7 days' + interval '5 seconds' where id = $1`,
      [session?.id],
    );
    const left = (await byToken(phone))?.mayBeKept ?? Number.NaN;
    expect(left).toBeLessThan(5);
    expect(left).toBeGreaterThanOrEqual(0);
  });

  test('may not be kept by who hears of no event', async () => {
    const phone = await servers.signedUp();
    const deaf = await Backend.add(servers, { ownAccounts: true, scopes: ['check'] });
    expect(await byToken(phone, deaf)).toMatchObject({ mayBeKept: 0 });
  });
});
