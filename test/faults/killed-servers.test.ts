import { describe, expect, jest, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { FaultProxy } from '../support/fault-proxy.js';
import { Handset, newOwner } from '../support/handset.js';
import { inTime } from '../support/in-step.js';
import { asA, type Challenge } from '../support/outcomes.js';
import { Process, START_MS } from '../support/processes.js';
import { redisAvailable } from '../support/redis.js';
import { Servers } from '../support/servers.js';
import { until } from '../support/waiting.js';

// Real processes start here, each of them two seconds of work.
jest.setTimeout(90_000);

const onRedis = redisAvailable() ? test : test.skip;

describe('an API server killed after the commit, before it could queue the mail, loses no mail:', () => {
  onRedis('a worker that runs sends it within ten seconds, on Redis', async () => {
    await using servers = await Servers.start({ redis: true, worker: false });
    using way = await FaultProxy.start(servers.redis?.url ?? '');
    await using server = await Process.server(servers.environment({ REDIS_URL: way.url }));
    await servers.add({ api: false, worker: true });
    const phone = new Handset(server.client, servers.mailbox, newOwner());
    way.blackHole();
    const challenge = asA('Challenge', await phone.signUp());
    await server.kill();
    const { id } = await servers.database.row<{ id: string }>('select id from delivery');
    const redis = new Redis(servers.redis?.url ?? '');
    expect(await redis.exists(`doorstep:bull:mail:${id}`)).toBe(0);
    redis.disconnect();
    await finishes(servers, phone, challenge);
  });

  test('a worker that starts sends it within ten seconds, on PostgreSQL alone', async () => {
    await using servers = await Servers.start({ worker: false });
    await using server = await Process.server(servers.environment());
    const phone = new Handset(server.client, servers.mailbox, newOwner());
    const { database } = servers;
    await until(() => database.count('pg_tables', "schemaname = 'bullmq' and tablename = 'job'"), 'the queue');
    const challenge = await database.holding('lock table bullmq.job in access exclusive mode', [], async (held) => {
      const opened = asA('Challenge', await phone.signUp());
      await held.waiters(1);
      await server.kill();
      // PostgreSQL learns that a client is gone when it writes to it: it would do the work of the dead first.
      await database.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      return opened;
    });
    expect(await database.count('bullmq.job')).toBe(0);
    await servers.add({ api: false, worker: true });
    await finishes(servers, phone, challenge);
  });

  /** The code comes within ten seconds, and lets in, on another server. */
  async function finishes(servers: Servers, phone: Handset, challenge: Challenge): Promise<void> {
    const mails = until(() => servers.mailbox.to(phone.owner.email).length, 'the mail', START_MS);
    await inTime(mails, 10_000, async () => {
      const other = servers.stranger();
      asA('Challenge', await other.signUp());
      await servers.mailbox.code(other.owner.email);
    });
    const code = await servers.mailbox.code(phone.owner.email);
    asA('SignedIn', await phone.twin(servers.client()).verify(challenge, code));
    expect(servers.mailbox.to(phone.owner.email)).toHaveLength(1);
  }
});
