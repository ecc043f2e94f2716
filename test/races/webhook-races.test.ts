import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { claimWebhooks, recordWebhooks } from '../../src/outbox/webhooks.js';
import { Backend, withDatabase } from '../support/backend.js';
import { Receiver, WEBHOOKS_HERE } from '../support/receiver.js';
import { backEnds, Servers } from '../support/servers.js';
import { until } from '../support/waiting.js';

const TIMES = { claimSeconds: 10, worthDays: 3 };

test('of sixteen that take webhooks up at once, each has others', async () => {
  await using servers = await Servers.start({ worker: false });
  const url = 'https://shop.example/hook';
  const shop = await Backend.add(servers, { webhooks: [url] });
  await servers.database.query(
    'insert into webhook (event_id, client_id, url) select gen_random_uuid(), $1, $2 from generate_series(1, 100)',
    [shop.id, url],
  );
  const address = { clientId: shop.id, url };
  await withDatabase(servers.database.url, async (db) => {
    const claims = await Promise.all(Array.from({ length: 16 }, () => claimWebhooks(db, address, 5, TIMES)));
    const ids = claims.flatMap(({ webhooks }) => webhooks.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(5);

    // Whoever was too slow, and finds another at it, writes nothing.
    const [slow] = claims.find(({ webhooks }) => webhooks.length > 0)?.webhooks ?? [];
    if (!slow) throw new Error('nothing was taken up');
    await servers.database.query('update webhook set claimed_until = clock_timestamp() where id = $1', [slow.id]);
    await until(async () => {
      const { webhooks } = await claimWebhooks(db, address, 100, TIMES);
      return webhooks.some(({ id }) => id === slow.id);
    }, 'the other');
    await recordWebhooks(db, [{ webhook: slow, statusCode: 204, fault: null, delayMs: null }], TIMES);
    expect(await servers.database.row('select state from webhook where id = $1', [slow.id])).toEqual({
      state: 'PENDING',
    });
  });
});

describe.each(backEnds)('on $name,', ({ redis }) => {
  test('of three workers one sends each webhook, once', async () => {
    await using receiver = await Receiver.start();
    await using servers = await Servers.start({ redis, env: WEBHOOKS_HERE });
    for (let nth = 0; nth < 2; nth += 1) await servers.add({ api: false, worker: true });
    await Backend.add(servers, { ownAccounts: true, webhooks: [receiver.url('/one'), receiver.url('/two')] });
    receiver.answer(() => ({ afterMs: 20 }));
    await servers.database.query(
      `with somebody as (insert into account (email, password_hash) values ($1, 'none') returning id)
       insert into event (account_id, type) select id, 'PASSWORD_CHANGED' from somebody, generate_series(1, 200)`,
      [`${randomUUID()}@example.com`],
    );
    for (let nth = 0; nth < 5; nth += 1) await servers.signedUp();
    await until(
      () => servers.database.count('webhook', "state = 'DELIVERED'").then((n) => n === 410),
      'all of them',
      20_000,
    );
    const sends = receiver.received.map(({ id, path }) => `${id} ${path}`);
    expect(sends).toHaveLength(410);
    expect(new Set(sends).size).toBe(410);
  });
});
