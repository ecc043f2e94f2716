import { describe, expect, jest, test } from '@jest/globals';
import { Backend } from '../support/backend.js';
import { Process } from '../support/processes.js';
import { Receiver, verify, WEBHOOKS_HERE, webhookSecret } from '../support/receiver.js';
import { backEnds, Servers } from '../support/servers.js';
import { until } from '../support/waiting.js';

// Real processes start here, each of them two seconds of work. What most of a test waits for is another worker, which takes up
// what the first has left behind, so they wait side by side: no two of them share a store.
jest.setTimeout(120_000);

/** A proxy that is not there: whoever heeds it reaches nobody. */
const PROXIED = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: 'http://127.0.0.1:9', http_proxy: 'http://127.0.0.1:9' };

describe.each(backEnds)('a webhook whose worker is killed, on $name,', ({ redis }) => {
  test.concurrent('after the event was committed and before it was taken up, is sent all the same', async () => {
    await using receiver = await Receiver.start();
    await using servers = await Servers.start({ redis, worker: false });
    const shop = await Backend.add(servers, { ownAccounts: true, webhooks: [receiver.url()] });
    const env = servers.environment({ ...WEBHOOKS_HERE, ...PROXIED });
    // It may write webhooks, and take none up.
    await servers.database.query(
      `create function hold() returns trigger language plpgsql as
         $$ begin perform pg_advisory_xact_lock(42); return null; end $$;
       create trigger hold before update on webhook for each statement execute function hold()`,
    );
    await using worker = await Process.worker(env);
    await servers.database.holding('select pg_advisory_xact_lock(42)', [], async ({ waiters }) => {
      await servers.signedUp();
      await waiters(1);
      await worker.kill();
      // Its statement goes with it.
      await servers.database.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
    });
    expect(await servers.database.count('webhook', 'attempts = 0')).toBe(1);
    expect(receiver.received).toEqual([]);
    await using _next = await Process.worker(env);
    const webhook = await receiver.that(() => true, 'the webhook', 20_000);
    verify(webhookSecret(servers, shop), webhook);
    await until(async () => (await servers.database.count('webhook', "state = 'DELIVERED'")) === 1, 'the end of it');
    expect(receiver.received).toHaveLength(1);
  });

  test.concurrent('in the middle of its sending, is sent once more, as the same event', async () => {
    await using receiver = await Receiver.start();
    await using servers = await Servers.start({ redis, worker: false });
    const shop = await Backend.add(servers, { ownAccounts: true, webhooks: [receiver.url()] });
    const env = servers.environment({ ...WEBHOOKS_HERE, ...PROXIED, WEBHOOK_SECONDS: '30' });
    receiver.answer((_, nth) => (nth === 0 ? { afterMs: Number.POSITIVE_INFINITY } : {}));
    await using worker = await Process.worker(env);
    await servers.signedUp();
    const first = await receiver.that(() => true, 'the webhook', 20_000);
    await worker.kill();
    await using _next = await Process.worker(env);
    await servers.database.age('webhook', '35 seconds');
    const again = await until(() => receiver.triesOf(first.id)[1], 'the second try', 20_000);
    expect(again.body).toBe(first.body);
    verify(webhookSecret(servers, shop), again);
    await until(() => servers.database.count('webhook', "state = 'DELIVERED' and attempts = 2"), 'the end of it');
  });

  test.concurrent('or told to stop, in the middle of its sending, is taken up by another at once', async () => {
    await using receiver = await Receiver.start();
    await using servers = await Servers.start({ redis, worker: false });
    await Backend.add(servers, { ownAccounts: true, webhooks: [receiver.url()] });
    const env = servers.environment({ ...WEBHOOKS_HERE, WEBHOOK_SECONDS: '30' });
    receiver.answer((_, nth) => (nth === 0 ? { afterMs: Number.POSITIVE_INFINITY } : {}));
    await using worker = await Process.worker(env);
    await servers.signedUp();
    await receiver.that(() => true, 'the webhook', 20_000);
    expect(await worker.terminate()).toMatchObject({ code: 0 });
    expect(
      await servers.database.count('webhook', "state = 'PENDING' and claimed_until is null and fault = 'CUT_OFF'"),
    ).toBe(1);
    await using _next = await Process.worker(env);
    await until(
      () => servers.database.count('webhook', "state = 'DELIVERED' and attempts = 2"),
      'the end of it',
      20_000,
    );
  });
});
