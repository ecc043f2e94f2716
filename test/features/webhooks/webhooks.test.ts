import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, jest, test } from '@jest/globals';
import { endKeys } from '../../../src/clients/clients.js';
import { Backend, withDatabase } from '../../support/backend.js';
import { pageOf } from '../../support/feed.js';
import { asA } from '../../support/outcomes.js';
import { Receiver, verify, WEBHOOKS_HERE, webhookSecret } from '../../support/receiver.js';
import { backEnds, Servers, type ServersOptions } from '../../support/servers.js';
import { until } from '../../support/waiting.js';

// What is left behind is swept up after some seconds, and there are several servers here. Tests that do little but wait for a
// next try or the sweeper do so side by side: no two of them share a store.
jest.setTimeout(60_000);

const start = (options: ServersOptions = {}) =>
  Servers.start({ ...options, env: { ...WEBHOOKS_HERE, ...options.env } });

/** Events as if so many accounts had been busy, all at once; the next that is told by the product wakes whoever sends. */
async function happen(servers: Servers, count: number): Promise<void> {
  await servers.database.query(
    `with somebody as (insert into account (email, password_hash) values ($1, 'none') returning id)
     insert into event (account_id, type) select id, 'PASSWORD_CHANGED' from somebody, generate_series(1, $2::int)`,
    [`${randomUUID()}@example.com`, count],
  );
  await servers.signedUp();
}

const pending = (servers: Servers) => servers.database.count('webhook', "state = 'PENDING'");

/** What was tried in vain is due now. */
const hurry = (servers: Servers) =>
  servers.database.query("update webhook set next_attempt_at = clock_timestamp() where state = 'PENDING'");

describe.each(backEnds)('on $name, a webhook', ({ redis }) => {
  test('says what the feed says, once to each address, signed as Standard Webhooks has it', async () => {
    await using receiver = await Receiver.start();
    await using servers = await start({ redis });
    const shop = await Backend.add(servers, {
      ownAccounts: true,
      webhooks: [receiver.url('/one'), receiver.url('/two')],
    });
    const phone = await servers.trusted();
    await phone.another('Laptop').challenged();
    const asked = await until(async () => {
      const { events } = await pageOf(shop);
      return events.some(({ type }) => type === 'LOGIN_REQUESTED') && events;
    }, 'the events');
    await until(() => receiver.received.length === 2 * asked.length, 'the webhooks');
    const secret = webhookSecret(servers, shop);
    for (const path of ['/one', '/two']) {
      const told = receiver.received.filter((webhook) => webhook.path === path);
      const inOrder = told.sort((one, other) => one.data.sequence - other.data.sequence);
      // Unordered as they come, their order is the feed's.
      expect(inOrder.map(({ data: { sequence: _, ...event } }) => event)).toEqual(asked);
      for (const webhook of told) {
        verify(secret, webhook);
        const { id, body, headers, type, data } = webhook;
        expect(JSON.parse(body)).toEqual({ type, timestamp: data.occurredAt, data });
        expect({ id, type }).toEqual({ id: data.id, type: data.type });
        expect(headers['content-type']).toBe('application/json');
      }
    }
    const [any] = receiver.received;
    if (!any) throw new Error('none came');
    expect(() => verify(`whsec_${randomBytes(32).toString('base64')}`, any)).toThrow();
    expect(() => verify(secret, { ...any, body: any.body.replace('}', ' }') })).toThrow();
  });

  test.concurrent('that is refused is tried again after growing pauses, as the same event with a fresh signature', async () => {
    await using receiver = await Receiver.start();
    await using servers = await start({ redis });
    const shop = await Backend.add(servers, { ownAccounts: true, webhooks: [receiver.url()] });
    const moods = [{ status: 500 }, { status: 301, headers: { location: receiver.url('/elsewhere') } }, {}];
    receiver.answer((_webhook, nth) => moods[nth] ?? {});
    await servers.signedUp();
    const first = await receiver.that(() => true);
    const [, second, third] = await until(
      () => receiver.triesOf(first.id).length === 3 && receiver.triesOf(first.id),
      'the tries',
    );
    if (!second || !third) throw new Error('three tries');
    expect(second.at - first.at).toBeGreaterThanOrEqual(500);
    expect(third.at - second.at).toBeGreaterThanOrEqual(1000);
    expect(third.body).toBe(first.body);
    expect(Number(third.headers['webhook-timestamp'])).toBeGreaterThan(Number(first.headers['webhook-timestamp']));
    expect(third.headers['webhook-signature']).not.toBe(first.headers['webhook-signature']);
    verify(webhookSecret(servers, shop), third);
    await until(async () => (await pending(servers)) === 0, 'the end of it');
    expect(receiver.triesOf(first.id).map(({ path }) => path)).toEqual(['/hook', '/hook', '/hook']);
    expect(
      await servers.database.row('select state, status_code, fault, attempts from webhook where event_id = $1', [
        first.id,
      ]),
    ).toEqual({ state: 'DELIVERED', status_code: 204, fault: null, attempts: 3 });
  });

  test('of 300 events to a slow address arrives, and not too many at once', async () => {
    await using receiver = await Receiver.start();
    await using servers = await start({ redis });
    await Backend.add(servers, { ownAccounts: true, webhooks: [receiver.url()] });
    receiver.answer(() => ({ afterMs: 100 }));
    await happen(servers, 300);
    await until(
      () => servers.database.count('webhook', "state = 'DELIVERED'").then((n) => n > 300),
      'all of them',
      30_000,
    );
    const ids = receiver.received.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(receiver.mostAtOnce).toBeLessThanOrEqual(10);
    expect(receiver.mostAtOnce).toBeGreaterThan(1);
  });

  test('to an address that hangs holds up neither mails nor the others', async () => {
    await using receiver = await Receiver.start();
    await using servers = await start({ redis, limits: { WEBHOOK_SECONDS: 30 } });
    const webhooks = [receiver.url('/hangs'), receiver.url('/well')];
    const shop = await Backend.add(servers, { ownAccounts: true, webhooks });
    await Backend.add(servers, {
      ownAccounts: true,
      webhooks: Array.from({ length: 30 }, (_, nth) => receiver.url(`/hangs/${nth}`)),
    });
    receiver.answer(({ path }) => ({ afterMs: path.startsWith('/hangs') ? Number.POSITIVE_INFINITY : 0 }));
    await happen(servers, 300);
    await until(
      () => servers.database.count('webhook', "client_id = $1 and state = 'DELIVERED'", [shop.id]).then((n) => n > 300),
      'the webhooks of the others',
    );
    expect(new Set(receiver.received.map(({ path }) => path)).size).toBe(32);
    // A code, by mail.
    await servers.signedUp();
  });

  test.concurrent('whose wake-up was lost is swept up', async () => {
    await using receiver = await Receiver.start();
    await using servers = await start({ redis });
    const shop = await Backend.add(servers, { ownAccounts: true, webhooks: [receiver.url()] });
    receiver.answer((_, nth) => (nth === 0 ? { status: 500 } : {}));
    await servers.signedUp();
    const { id } = await receiver.that(() => true);
    await until(() => servers.database.count('webhook', "state = 'DELIVERED'"), 'the end of it');
    // As whoever numbered its event has left it, and died before it could wake anybody.
    await servers.database.query(
      `insert into webhook (event_id, client_id, url, next_attempt_at)
       values ($1, $2, $3, clock_timestamp() - interval '2 seconds')`,
      [id, shop.id, receiver.url()],
    );
    await until(() => receiver.triesOf(id).length === 3, 'it', 20_000);
  });
});

describe('a client is told', () => {
  test('of its own people alone, of own accounts where it sees them, and where it has the scope', async () => {
    await using receiver = await Receiver.start();
    await using servers = await start();
    const at = (name: string) => ({ webhooks: [receiver.url(`/${name}`)] });
    const one = await Backend.add(servers, at('one'));
    await Backend.add(servers, at('two'));
    const own = await Backend.add(servers, { ...at('own'), ownAccounts: true });
    await Backend.add(servers, { ...at('blind'), ownAccounts: true, scopes: ['check', 'verify', 'people'] });
    const [held, opened] = [await servers.signedUp(), await servers.signedUp()];
    // Of what happened before it was its subject, nothing.
    await until(
      async () => (await receiver.received.length) === 2 && (await pending(servers)) === 0,
      'what is its so far',
    );
    expect(receiver.received.map(({ path }) => path)).toEqual(['/own', '/own']);
    const externalId = await one.holds(servers, held);
    await held.signOut();
    await opened.signOut();
    await until(() => receiver.received.length === 4, 'the ends');
    await servers.signedUp();
    await until(() => receiver.received.length === 5, 'one more');
    const told = receiver.received.slice(2).map(({ path, data }) => [path, data.externalId]);
    expect(told.sort()).toEqual([
      ['/one', externalId],
      ['/own', null],
      ['/own', null],
    ]);
    expect((await pageOf(own)).events).toHaveLength(4);
  });

  test.concurrent('nothing any more once it has ended', async () => {
    await using receiver = await Receiver.start();
    await using servers = await start();
    const shop = await Backend.add(servers, { ownAccounts: true, webhooks: [receiver.url()] });
    receiver.answer(() => ({ status: 503 }));
    await servers.signedUp();
    await receiver.that(() => true);
    await until(() => servers.database.count('webhook', "fault = 'REFUSED'"), 'the refusal');
    await withDatabase(servers.database.url, (db) => db.transaction((tx) => endKeys(tx, shop.name, 'ALL')));
    const { length } = receiver.received;
    await servers.database.age('webhook', '10 seconds');
    await servers.signedUp();
    await until(
      async () => (await servers.database.count('webhook', "fault = 'CLIENT_ENDED'")) === 1,
      'the end',
      20_000,
    );
    expect(receiver.received).toHaveLength(length);
    expect(await servers.database.count('webhook', "state <> 'FAILED'")).toBe(0);
  });

  test.concurrent('under the secret that it has while CODE_KEYS are rotated, and under none where its key is gone', async () => {
    await using receiver = await Receiver.start();
    await using servers = await start({ worker: false });
    const shop = await Backend.add(servers, { ownAccounts: true, webhooks: [receiver.url()] });
    const secret = webhookSecret(servers, shop);
    const before = servers.environment().CODE_KEYS;
    const newer = `newer:${randomBytes(32).toString('base64')}`;
    const rotated = await servers.add({ api: false, worker: true }, { CODE_KEYS: `${newer},${before}` });
    await servers.signedUp();
    verify(secret, await receiver.that(() => true));
    await until(async () => (await pending(servers)) === 0, 'the end of it');
    await rotated.close();

    const without = await servers.add({ api: false, worker: true }, { CODE_KEYS: newer });
    await servers.database.query(
      "update webhook set state = 'PENDING', next_attempt_at = clock_timestamp() - interval '2 seconds'",
    );
    await until(() => servers.database.count('webhook', "fault = 'NO_KEY' and state = 'PENDING'"), 'the fault', 20_000);
    await without.close();
    expect(receiver.received).toHaveLength(1);
  });
});

describe('an address', () => {
  test.each([
    ['30', 30, 30],
    [new Date(Date.now() + 7_200_000).toUTCString(), 7_000, 7_200],
    ['999999999', 21_000, 21_600],
  ])('that says 429 and Retry-After: %s is left alone for so long, within bounds', async (retryAfter, least, most) => {
    await using receiver = await Receiver.start();
    await using servers = await start();
    await Backend.add(servers, { ownAccounts: true, webhooks: [receiver.url('/busy'), receiver.url('/well')] });
    receiver.answer(({ path }) => (path === '/busy' ? { status: 429, headers: { 'retry-after': retryAfter } } : {}));
    await servers.signedUp();
    await until(() => servers.database.count('webhook', 'status_code = 429'), 'the answer');
    const { seconds } = await servers.database.row<{ seconds: number }>(
      `select extract(epoch from next_attempt_at - changed_at)::float8 as seconds from webhook where status_code = 429`,
    );
    expect(seconds).toBeGreaterThan(least - 1);
    expect(seconds).toBeLessThan(most + 1);
    // It meant the address, not the event.
    await servers.signedUp();
    await until(() => receiver.received.filter(({ path }) => path === '/well').length === 2, 'the other address');
    expect(receiver.received.filter(({ path }) => path === '/busy')).toHaveLength(1);
  });

  test('that says 410 is not told of that event again, but of the next', async () => {
    await using receiver = await Receiver.start();
    await using servers = await start();
    await Backend.add(servers, { ownAccounts: true, webhooks: [receiver.url()] });
    receiver.answer(() => ({ status: 410 }));
    await servers.signedUp();
    await until(
      () => servers.database.count('webhook', "state = 'FAILED' and fault = 'GONE' and status_code = 410"),
      'its end',
    );
    receiver.answer(() => ({}));
    await servers.signedUp();
    await until(() => servers.database.count('webhook', "state = 'DELIVERED'"), 'the next');
    expect(receiver.received).toHaveLength(2);
  });

  test('that fails is tried by one at a time', async () => {
    await using receiver = await Receiver.start();
    await using servers = await start();
    await Backend.add(servers, { ownAccounts: true, webhooks: [receiver.url()] });
    receiver.answer(() => ({ status: 500, afterMs: 20 }));
    await happen(servers, 40);
    await until(() => receiver.received.length > 10, 'more than were tried at first');
    expect(receiver.mostAtOnce).toBe(10);
    receiver.mostAtOnce = 0;
    await until(() => receiver.received.length > 30, 'further tries');
    expect(receiver.mostAtOnce).toBe(1);
  });

  test('has WEBHOOK_SECONDS to answer, and not more', async () => {
    await using receiver = await Receiver.start();
    await using servers = await start({ limits: { WEBHOOK_SECONDS: 2 } });
    await Backend.add(servers, { ownAccounts: true, webhooks: [receiver.url('/late'), receiver.url('/in-time')] });
    const isFirst = (path: string) => receiver.received.every((webhook) => webhook.path !== path);
    receiver.answer(({ path }) => ({
      afterMs: path === '/late' && isFirst(path) ? Number.POSITIVE_INFINITY : 1_000,
    }));
    await servers.signedUp();
    await until(() => servers.database.count('webhook', "fault = 'NO_ANSWER_IN_TIME'"), 'the fault');
    await until(async () => (await servers.database.count('webhook', "state = 'DELIVERED'")) === 2, 'both');
    expect(await servers.database.query('select url, attempts from webhook order by url')).toEqual([
      { url: receiver.url('/in-time'), attempts: 1 },
      { url: receiver.url('/late'), attempts: 2 },
    ]);
  });

  test('is tried for WEBHOOK_DAYS, and not longer', async () => {
    await using receiver = await Receiver.start();
    await using servers = await start({ limits: { WEBHOOK_DAYS: 2 } });
    await Backend.add(servers, { ownAccounts: true, webhooks: [receiver.url()] });
    receiver.answer(() => ({ status: 500 }));
    await servers.signedUp();
    await until(() => servers.database.count('webhook', 'status_code = 500'), 'the first try');
    const { length } = receiver.received;
    await servers.database.query("update webhook set created_at = created_at - interval '1 day 23 hours 59 minutes'");
    await hurry(servers);
    await until(() => receiver.received.length > length, 'another', 20_000);
    await until(async () => (await servers.database.count('webhook', 'claimed_until is null')) === 1, 'its end');
    const until2Days = receiver.received.length;
    await servers.database.query("update webhook set created_at = created_at - interval '1 minute'");
    await hurry(servers);
    await until(() => servers.database.count('webhook', "state = 'FAILED'"), 'the end', 20_000);
    expect(receiver.received.length).toBeLessThanOrEqual(until2Days + 1);
  });
});

test('webhooks of events that an older version numbered, side by side with this one, are written too', async () => {
  await using receiver = await Receiver.start();
  await using servers = await start({ worker: false });
  await Backend.add(servers, { ownAccounts: true, webhooks: [receiver.url()] });
  const phone = await servers.stranger();
  asA('Challenge', await phone.signUp());
  await servers.database.query(
    `with somebody as (insert into account (email, password_hash) values ('somebody@example.com', 'none') returning id)
     insert into event (account_id, type, number) select id, 'PASSWORD_CHANGED', 1 from somebody`,
  );
  await servers.database.query('update event_log set head = 1');
  await servers.add({ api: false, worker: true });
  const { data } = await receiver.that(() => true);
  expect(data).toMatchObject({ type: 'PASSWORD_CHANGED', sequence: 1 });
});
