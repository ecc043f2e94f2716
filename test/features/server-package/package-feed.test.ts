import { DoorstepError, type FeedEvent } from '@doorstep/server';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Backend } from '../../support/backend.js';
import { Door } from '../../support/doors.js';
import { FaultProxy } from '../../support/fault-proxy.js';
import { feedRows } from '../../support/feed.js';
import { Servers } from '../../support/servers.js';
import { until, within } from '../../support/waiting.js';

// @doorstep/server: the event feed as an async iterable.

let servers: Servers;
let shop: Backend;
beforeAll(async () => {
  servers = await Servers.start({ count: 2 });
  shop = await Backend.add(servers, { ownAccounts: true });
});
afterAll(() => servers[Symbol.asyncDispose]());

/** Where the feed is now. */
async function head(door: Door): Promise<string> {
  await until(async () => (await servers.database.count('event', 'number is null')) === 0, 'a number for each event');
  let page = await door.its.readEvents({ first: 500 });
  while (page.hasMore) page = await door.its.readEvents({ first: 500, after: page.cursor });
  return page.cursor;
}

async function take(feed: AsyncIterator<FeedEvent>, count: number): Promise<FeedEvent[]> {
  const taken: FeedEvent[] = [];
  while (taken.length < count) {
    const { value } = await within(feed.next(), 'the next event');
    if (value) taken.push(value);
  }
  return taken;
}

const codeOf = (of: Promise<unknown>) =>
  within(of, 'the error').then(
    () => null,
    (error: unknown) => (error instanceof DoorstepError ? error.code : error),
  );

test('brings each event once and in order, whatever becomes of its connections and of the server', async () => {
  using proxy = await FaultProxy.start(servers.client().url);
  await using door = Door.of(shop, { url: proxy.url });
  const after = await head(door);
  const feed = door.its.feed({ after });
  const phone = await servers.trusted();
  const told = await take(feed, 2);
  proxy.cut();
  await phone.signIn();
  told.push(...(await take(feed, 1)));
  // Another server takes over.
  proxy.lead(servers.client(1).url);
  proxy.cut();
  await phone.signOut();
  const rows = await feedRows(servers, phone);
  told.push(...(await take(feed, rows.length - told.length)));
  expect(told.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
  await feed.return();
  await until(() => proxy.connections === 0, 'the end of the connection');
});

test('begins with what happens from now on, and brings heartbeats to who asks for them', async () => {
  await using door = Door.of(shop);
  const feed = door.its.feed({ heartbeats: true });
  const [opened] = await take(feed, 1);
  expect(opened).toMatchObject({ type: 'HEARTBEAT', accountId: null });
  const phone = await servers.signedUp();
  let event = opened;
  while (event?.type === 'HEARTBEAT') [event] = await take(feed, 1);
  expect(event?.type).toBe('SESSION_STARTED');
  expect((await feedRows(servers, phone)).map(({ id }) => id)).toEqual([event?.id]);
  await feed.return();
});

test('tells of the types that are asked for alone', async () => {
  await using door = Door.of(shop);
  const after = await head(door);
  const types = ['TWO_STEP_ENABLED'] as const;
  await servers.trusted();
  const feed = door.its.feed({ after, types });
  expect((await take(feed, 1)).map(({ type }) => type)).toEqual(types);
  await feed.return();
  const { events, hasMore } = await door.its.readEvents({ after, types });
  expect([events.map(({ type }) => type), hasMore]).toEqual([types, false]);
});

test('ends by its signal, also while nothing happens', async () => {
  await using door = Door.of(shop);
  const [before, during] = [AbortSignal.abort(), new AbortController()];
  for await (const _ of door.its.feed({ signal: before })) throw new Error('nothing was to come');
  const ended = (async () => {
    for await (const _ of door.its.feed({ signal: during.signal, types: [] })) throw new Error('nothing was to come');
  })();
  during.abort();
  await within(ended, 'the end of the feed');
});

describe('throws what no retry heals:', () => {
  test('a cursor of another database', async () => {
    await using copy = await Servers.start();
    await copy.signedUp();
    const other = await Backend.add(copy, { ownAccounts: true });
    await using there = Door.of(other);
    await until(async () => (await copy.database.count('event', 'number is null')) === 0, 'a number for each event');
    const { cursor: after } = await there.its.readEvents();
    await using door = Door.of(shop);
    expect(await codeOf(door.its.feed({ after }).next())).toBe('CURSOR_LOST');
    expect(await codeOf(door.its.readEvents({ after }))).toBe('CURSOR_LOST');
    expect(await codeOf(door.its.feed({ after: 'nonsense' }).next())).toBe('BAD_USER_INPUT');
  });

  test('a key that opens nothing, has ended, or has not the scope', async () => {
    await using wrong = Door.of(shop.at(servers.client().url, `key_${'A'.repeat(43)}`));
    expect(await codeOf(wrong.its.feed().next())).toBe('UNAUTHENTICATED');
    const checker = await Backend.add(servers, { scopes: ['check'] });
    await using without = Door.of(checker);
    expect(await codeOf(without.its.feed().next())).toBe('FORBIDDEN');
    const other = await Backend.add(servers, { ownAccounts: true });
    await using door = Door.of(other);
    const feed = door.its.feed({ heartbeats: true });
    await take(feed, 1);
    await servers.database.query('update api_client_key set ended_at = clock_timestamp() where client_id = $1', [
      other.id,
    ]);
    await servers.signedUp();
    const ended = (async () => {
      for await (const _ of feed);
    })();
    expect(await codeOf(ended)).toBe('UNAUTHENTICATED');
  });
});

test('waits for a server that is away, and says so once', async () => {
  using proxy = await FaultProxy.start(servers.client().url);
  proxy.refuse();
  await using door = Door.of(shop, { url: proxy.url });
  const feed = door.its.feed({ heartbeats: true });
  const first = feed.next();
  await until(() => door.problems.length > 0, 'a problem');
  await proxy.heal();
  expect((await within(first, 'a heartbeat', 20_000)).value).toMatchObject({ type: 'HEARTBEAT' });
  expect(door.problems.map(({ code }) => code)).toEqual(['UNREACHABLE']);
  await feed.return();
}, 40_000);

test('holds no more than a thousand events for a reader that is slow, and loses none', async () => {
  using proxy = await FaultProxy.start(servers.client().url);
  await using door = Door.of(shop, { url: proxy.url });
  const after = await head(door);
  const phone = await servers.signedUp();
  await servers.database.query(
    `insert into event (client_id, account_id, external_id, type, occurred_at, session_id)
     select client_id, account_id, external_id, type, occurred_at, session_id
     from event, generate_series(1, 2500) where account_id = (select id from account where email = $1)`,
    [phone.owner.email],
  );
  const feed = door.its.feed({ after });
  const told = await take(feed, 1);
  // Nobody reads on: the line is put down.
  await until(() => proxy.connections <= 1, 'a line that was put down');
  const rows = await feedRows(servers, phone);
  told.push(...(await take(feed, rows.length - 1)));
  expect(told.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
  expect(rows).toHaveLength(2501);
  await feed.return();
});
