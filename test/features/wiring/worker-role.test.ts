import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { projectRoot } from '../../../src/config/project.js';
import { Backend } from '../../support/backend.js';
import { deviceOf, letIn, REMOVE_DEVICE } from '../../support/owner.js';
import { Receiver, verify, WEBHOOKS_HERE, webhookSecret } from '../../support/receiver.js';
import { redisAvailable } from '../../support/redis.js';
import { cleanUp } from '../../support/retention.js';
import { Servers } from '../../support/servers.js';
import { until } from '../../support/waiting.js';

// docs/worker-role.sql is what operators run, so it is what is tried here: it names tables and columns, and lags behind
// them unless something fails.

// A queue on PostgreSQL makes its own tables: the role is for set-ups with a Redis.
const onRedis = redisAvailable() ? describe : describe.skip;

onRedis('a worker with a database role of its own', () => {
  let servers: Servers;
  let roleUrl: string;

  beforeAll(async () => {
    servers = await Servers.start({ redis: true, worker: false });
    await servers.database.query(readFileSync(path.join(projectRoot, 'docs', 'worker-role.sql'), 'utf8'));
    const url = new URL(servers.database.url);
    url.username = 'doorstep_worker';
    roleUrl = url.href;
    await servers.add({ api: false, worker: true }, { DATABASE_URL: roleUrl, ...WEBHOOKS_HERE });
  });

  afterAll(() => servers[Symbol.asyncDispose]());

  test('sends codes and notices', async () => {
    const phone = await servers.trusted();
    const notice = await servers.mailbox.next(phone.owner.email);
    expect(notice.subject).toBe('Two-step verification is on');
  });

  test('sends webhooks', async () => {
    await using receiver = await Receiver.start();
    const shop = await Backend.add(servers, { ownAccounts: true, webhooks: [receiver.url()] });
    await servers.signedUp();
    verify(webhookSecret(servers, shop), await receiver.that(() => true));
    await until(() => servers.database.count('webhook', "state = 'DELIVERED'"), 'the end of it');
    await servers.database.age('webhook', '8 days');
    await cleanUp(servers, roleUrl);
    expect(await servers.database.count('webhook')).toBe(0);
  });

  test('removes the password of a sign-up that nobody finished, once its time is over', async () => {
    const stranger = servers.stranger();
    await stranger.signUp();
    const ofTheirs = 'email = $1';
    await servers.database.age('challenge', '9 minutes', ofTheirs, [stranger.owner.email]);
    await cleanUp(servers, roleUrl);
    const hashes = () =>
      servers.database.count('challenge', `${ofTheirs} and password_hash is not null`, [stranger.owner.email]);
    expect(await hashes()).toBe(1);
    await servers.database.age('challenge', '2 minutes', ofTheirs, [stranger.owner.email]);
    await cleanUp(servers, roleUrl);
    expect(await hashes()).toBe(0);
  });

  // Which its log would tell for itself alone, and only to who looks for it.
  test('may ask which database it is, and so tell whose the Redis is', async () => {
    expect(servers.log.filter((line) => line.includes('redis: was not marked'))).toEqual([]);
    const [row] = await servers.database.query(
      "select has_function_privilege('doorstep_worker', 'pg_control_system()', 'execute') as may",
    );
    expect(row).toEqual({ may: true });
  });

  test('cannot read the hash of any password or token', async () => {
    const columns = await servers.database.query<{ name: string; readable: boolean }>(
      `select format('%I.%I', table_name, column_name) as name,
         has_column_privilege('doorstep_worker', format('public.%I', table_name), column_name, 'select') as readable
       from information_schema.columns where table_schema = 'public' and column_name ~ 'hash'`,
    );
    expect(columns.map(({ name }) => name)).toContain('account.password_hash');
    expect(columns.filter(({ readable }) => readable)).toEqual([]);
  });

  test.each([
    ['session', 'ended_at = null'],
    ['device', 'removed_at = null'],
    ['challenge', 'ended_at = null'],
    ['challenge', "password_hash = 'its own'"],
  ])('begins nothing again that is over: update %s set %s', async (table, to) => {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    await letIn(phone, laptop);
    await phone.ask(REMOVE_DEVICE, { id: (await deviceOf(laptop)).id });
    const client = new Client({ connectionString: roleUrl });
    await client.connect();
    try {
      const column = table === 'device' ? 'removed_at' : 'ended_at';
      const change = client.query(`update ${table} set ${to} where ${column} is not null`);
      await expect(change).rejects.toMatchObject({ code: '23000' });
    } finally {
      await client.end();
    }
  });

  test('says once that it cannot work where there is no Redis, and goes on trying', async () => {
    const worker = await servers.add({ api: false, worker: true }, { DATABASE_URL: roleUrl, REDIS_URL: '' });
    const said = (text: string) => servers.log.filter((line) => line.includes(text));
    await until(() => said('worker: still cannot use the queue').length > 2, 'further tries');
    await worker.close();
    const [line, ...more] = said('worker: cannot use the queue');
    expect(JSON.parse(line ?? '{}')).toMatchObject({
      level: 50,
      err: { message: expect.stringMatching(/permission/) },
    });
    expect(more).toEqual([]);
  });
});
