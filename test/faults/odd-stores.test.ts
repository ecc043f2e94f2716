import { test } from '@jest/globals';
import { Redis } from 'ioredis';
import { startTestPostgres } from '../support/postgres.js';
import { redisAvailable } from '../support/redis.js';
import { Servers } from '../support/servers.js';
import { until, within } from '../support/waiting.js';

/** When the process's signal handler gives up. */
const CLOSE_MS = 9_500;

test('a PostgreSQL that is away when servers start carries mail once it is there', async () => {
  const postgres = await startTestPostgres();
  try {
    await postgres.kill();
    await using servers = await Servers.start({ count: 0 });
    const started = servers.add({ api: true, worker: true }, { DATABASE_URL: postgres.url });
    await until(() => servers.log.some((line) => line.includes('the database cannot be used yet')), 'the first try');
    await postgres.restart();
    await started;
    // With a code that came by mail.
    await servers.signedUp();
  } finally {
    await postgres.stop();
  }
});

const onRedis = redisAvailable() ? test : test.skip;

onRedis('a Redis that hangs does not keep a server from ending', async () => {
  await using servers = await Servers.start({ redis: true });
  // By then a mail has gone: queue and worker are connected.
  await servers.signedUp();
  servers.redis?.pause();
  try {
    await within(servers.app().close(), 'the end of the server', CLOSE_MS);
  } finally {
    servers.redis?.resume();
  }
  await connectionsGone(servers.redis?.url ?? '');
});

/** What was told to close while Redis hung is done with once it answers. */
async function connectionsGone(url: string): Promise<void> {
  const admin = new Redis(url);
  await until(
    async () =>
      String(await admin.client('LIST'))
        .trim()
        .split('\n').length === 1,
    'the last connection',
  );
  await admin.quit();
}
