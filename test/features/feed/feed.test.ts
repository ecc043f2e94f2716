import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Backend } from '../../support/backend.js';
import { type EventPage, feedOf, feedRows, happened, openFeed, pageOf, refusalOf } from '../../support/feed.js';
import type { Handset } from '../../support/handset.js';
import { deviceOf, letIn, removeDevice, sessionOf } from '../../support/owner.js';
import { cleanUp } from '../../support/retention.js';
import { backEnds, Servers } from '../../support/servers.js';
import { until, within } from '../../support/waiting.js';

/** The promise is one second; the machine has other work too. */
const SOON_MS = 3_000;

describe.each(backEnds)('the feed, over two servers on $name,', ({ redis }) => {
  let servers: Servers;
  let shop: Backend;

  beforeAll(async () => {
    servers = await Servers.start({ count: 2, redis });
    shop = await Backend.add(servers, { ownAccounts: true }, 1);
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  async function phoneAndLaptop(): Promise<{ phone: Handset; laptop: Handset }> {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    await letIn(phone, laptop);
    return { phone, laptop };
  }

  test('tells within the promised time of a device that was removed on another server, and of its session first', async () => {
    const { phone, laptop } = await phoneAndLaptop();
    const [{ id: deviceId }, { id: sessionId }] = [await deviceOf(laptop), await sessionOf(laptop)];
    const { id: accountId } = (await phone.viewer()) ?? {};
    const { feed } = await openFeed(shop);
    await using _ = feed;
    await removeDevice(phone, deviceId);
    const ended = await within(
      feed.nextThat(({ sessionId: id }) => id === sessionId),
      'the end of the session',
      SOON_MS,
    );
    expect(ended).toMatchObject({ type: 'SESSION_ENDED', accountId, deviceId, externalId: null });
    expect(await happened(feed)).toMatchObject({ type: 'DEVICE_REMOVED', accountId, deviceId, sessionId: null });
  });

  test('begins with a heartbeat and brings one each second, which carries the head', async () => {
    const { feed, opened } = await openFeed(shop);
    await using _ = feed;
    expect(opened).toMatchObject({ type: 'HEARTBEAT', accountId: null, deviceIds: null });
    const phone = await servers.signedUp();
    const started = await feed.nextThat(({ type }) => type === 'SESSION_STARTED');
    const beat = await feed.nextThat(({ type }) => type === 'HEARTBEAT');
    expect(beat.id).not.toBe(opened.id);
    // All before it was sent: nothing is left to be told after it.
    const { events } = await pageOf(shop, { after: beat.cursor });
    expect(events).toEqual([]);
    const next = await feed.nextThat(({ type }) => type === 'HEARTBEAT');
    expect(Date.parse(next.occurredAt) - Date.parse(beat.occurredAt)).toBeLessThan(SOON_MS);
    expect((await feedRows(servers, phone)).map(({ id }) => id)).toEqual([started.id]);
  });

  test('goes on after a cursor, event by event, over pages and sockets alike', async () => {
    const { cursor: before } = await lastPage(servers, shop);
    const phone = await servers.trusted();
    await phone.signIn();
    await phone.signOut();
    const { feed } = await openFeed(shop, { after: before });
    await using _ = feed;
    const rows = await feedRows(servers, phone);
    const told = [];
    while (told.length < rows.length) told.push(await happened(feed));
    expect(told.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
    for (const [nth, { cursor }] of told.entries()) {
      const { events, hasMore, cursor: end } = await pageOf(shop, { after: cursor });
      expect(events.map(({ id }) => id)).toEqual(rows.slice(nth + 1).map(({ id }) => id));
      expect(hasMore).toBe(false);
      expect((await pageOf(shop, { after: end })).events).toEqual([]);
    }
    const paged = [];
    for (let page = await pageOf(shop, { after: before, first: 2 }); ; ) {
      paged.push(...page.events);
      expect(page.events.length).toBeLessThanOrEqual(2);
      if (!page.hasMore) break;
      page = await pageOf(shop, { after: page.cursor, first: 2 });
    }
    expect(paged).toEqual(told);
  });

  test('tells of the types that are asked for alone, and of heartbeats whatever is asked for', async () => {
    const { cursor: after } = await lastPage(servers, shop);
    const phone = await servers.trusted();
    await phone.signIn();
    const types = ['TWO_STEP_ENABLED', 'DEVICE_TRUSTED'];
    const { feed, opened } = await openFeed(shop, { after, types });
    await using _ = feed;
    expect(opened.type).toBe('HEARTBEAT');
    const told = [(await happened(feed)).type, (await happened(feed)).type];
    expect(told.sort()).toEqual([...types].sort());
    const { events } = await pageOf(shop, { after, types: ['TWO_STEP_ENABLED', 'HEARTBEAT'] });
    expect(events.map(({ type }) => type)).toEqual(['TWO_STEP_ENABLED']);
    expect((await pageOf(shop, { after, types: [] })).events).toEqual([]);
    await feed.nextThat(({ type }) => type === 'HEARTBEAT');
  });

  test("tells a client of its subjects, and of no other's; of own accounts where it may see them", async () => {
    const [stranger, holder] = [await Backend.add(servers), await Backend.add(servers)];
    const { cursor: after } = await lastPage(servers, shop);
    const phone = await servers.signedUp();
    const externalId = await holder.holds(servers, phone);
    const { feed } = await openFeed(holder);
    await using _ = feed;
    await phone.signOut();
    const told = await happened(feed);
    expect(told).toMatchObject({ type: 'SESSION_ENDED', externalId });
    expect((await pageOf(holder)).events).toEqual([told]);
    expect((await pageOf(stranger)).events).toEqual([]);
    // As it was when it happened: the first session was of an own account.
    const seen = (await pageOf(shop, { after })).events.filter(({ accountId }) => accountId === told.accountId);
    expect(seen).toHaveLength(1);
  });

  test.each([
    'update api_client_key set ended_at = clock_timestamp() where client_id = $1',
    "update api_client set scopes = '{check}' where id = $1",
  ])('ends with its key or its scope, before another event is told: %s', async (change) => {
    const other = await Backend.add(servers, { ownAccounts: true });
    const { feed } = await openFeed(other);
    await using _ = feed;
    await servers.database.query(change, [other.id]);
    await servers.signedUp();
    const next = happened(feed).then(
      ({ type }) => type,
      (error: Error) => error.message,
    );
    expect(await next).toContain('"end"');
  });

  test('needs its scope', async () => {
    const checker = await Backend.add(servers, { scopes: ['check'], ownAccounts: true });
    expect(await refusalOf(checker)).toBe('FORBIDDEN');
    await using feed = feedOf(checker);
    expect((await feed.error()).extensions.code).toBe('FORBIDDEN');
  });

  test.each([0, 501, -1])('has no pages of %i events', async (first) => {
    expect(await refusalOf(shop, { first })).toBe('BAD_USER_INPUT');
  });

  describe('a cursor', () => {
    test('that is none is told from one that is lost', async () => {
      await servers.signedUp();
      const { cursor } = await lastPage(servers, shop);
      const flipped = cursor.startsWith('A') ? `B${cursor.slice(1)}` : `A${cursor.slice(1)}`;
      const middle = `${cursor.slice(0, 20)}${cursor[20] === 'x' ? 'y' : 'x'}${cursor.slice(21)}`;
      const wrong = ['', 'x', '17', cursor.slice(1), `${cursor}A`, ` ${cursor}`, flipped, middle, 'A'.repeat(100_000)];
      for (const after of wrong.slice(0, -1)) expect(await refusalOf(shop, { after })).toBe('BAD_USER_INPUT');
      await using feed = feedOf(shop, { after: flipped });
      expect((await feed.error()).extensions.code).toBe('BAD_USER_INPUT');
    });

    test('of another copy of the database is lost', async () => {
      // Made of the same template: its tables say of themselves what these do.
      await using copy = await Servers.start();
      await copy.signedUp();
      const { cursor: after } = await lastPage(copy, await Backend.add(copy, { ownAccounts: true }));
      expect(await refusalOf(shop, { after })).toBe('CURSOR_LOST');
      await using feed = feedOf(shop, { after });
      expect((await feed.error()).extensions.code).toBe('CURSOR_LOST');
    });
  });
});

describe('a cursor of a database that has moved', () => {
  let servers: Servers;
  let shop: Backend;

  beforeAll(async () => {
    servers = await Servers.start();
    shop = await Backend.add(servers, { ownAccounts: true });
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  test('is lost once what came next was kept for EVENTS_DAYS, and good where nothing came', async () => {
    await servers.trusted();
    const { events, cursor: end } = await lastPage(servers, shop);
    const [first] = events;
    await servers.database.age('event', `${24 * servers.config().limits.EVENTS_DAYS - 1} hours`);
    await cleanUp(servers);
    expect((await pageOf(shop, { after: first?.cursor ?? '' })).events).toHaveLength(events.length - 1);
    await servers.database.age('event', '1 hour');
    await cleanUp(servers);
    expect(await servers.database.count('event')).toBe(0);
    expect(await refusalOf(shop, { after: first?.cursor ?? '' })).toBe('CURSOR_LOST');
    expect(await pageOf(shop, { after: end })).toEqual({ events: [], cursor: expect.any(String), hasMore: false });

    await servers.signedUp();
    await lastPage(servers, shop);
    expect((await pageOf(shop, { after: end })).events.map(({ type }) => type)).toEqual(['SESSION_STARTED']);
    expect(await refusalOf(shop, { after: first?.cursor ?? '' })).toBe('CURSOR_LOST');
  });

  test('is lost where it is ahead of the head, and where other events have come to that since', async () => {
    await servers.signedUp();
    await lastPage(servers, shop);
    const { head } = await servers.database.row<{ head: string }>('select head from event_log');
    await servers.signedUp();
    const { events } = await lastPage(servers, shop);
    const ahead = events.at(-1)?.cursor ?? '';
    // Put back, where it stands, to an earlier moment.
    await servers.database.query('with gone as (delete from event where number > $1) update event_log set head = $1', [
      head,
    ]);
    expect(await refusalOf(shop, { after: ahead })).toBe('CURSOR_LOST');
    await servers.signedUp();
    await lastPage(servers, shop);
    expect(await refusalOf(shop, { after: ahead })).toBe('CURSOR_LOST');
  });

  test('ends a feed that is open', async () => {
    const { feed } = await openFeed(shop);
    await using _ = feed;
    await servers.database.query('update event_log set id = gen_random_uuid()');
    const next = happened(feed).then(
      ({ type }) => type,
      (error: Error) => error.message,
    );
    expect(await next).toContain('CURSOR_LOST');
  });
});

/** The feed to its end, once everything that has happened has its place there. */
async function lastPage(servers: Servers, backend: Backend): Promise<EventPage> {
  await until(async () => (await servers.database.count('event', 'number is null')) === 0, 'a number for each event');
  const events = [];
  let page = await pageOf(backend, { first: 500 });
  events.push(...page.events);
  while (page.hasMore) {
    page = await pageOf(backend, { first: 500, after: page.cursor });
    events.push(...page.events);
  }
  return { ...page, events };
}
