import { describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { readRedisUrl } from '../../../src/config/redis-url.js';
import { Certificates } from '../../support/certificates.js';
import { redisAvailable, startRedis } from '../../support/redis.js';
import { Servers } from '../../support/servers.js';
import { until } from '../../support/waiting.js';

const onRedis = redisAvailable() ? describe : describe.skip;

onRedis('a Redis that takes only TLS', () => {
  test('carries queue, live events and limits of a user of its own, in the database that the URL names', async () => {
    using certificates = new Certificates();
    const authority = certificates.authority();
    const redis = await startRedis({
      certificate: certificates.server('IP:127.0.0.1', authority),
      users: [
        'default off',
        // As docs/operating.md has it.
        'doorstep on >p%ss resetkeys ~doorstep:* resetchannels &doorstep:* +@all -@dangerous +info',
        'admin on >admin ~* &* +@all',
      ],
    });
    try {
      await using servers = await Servers.start({ count: 0 });
      const options = `tls.ca=${authority.certFile}`;
      const url = `rediss://doorstep:p%25ss@127.0.0.1:${redis.port}/3?${options}`;
      await servers.add({ api: true, worker: true }, { REDIS_URL: url });
      const phone = await servers.trusted();
      await phone.another('Laptop').challenged();

      await using admin = Object.assign(
        new Redis(readRedisUrl(`rediss://admin:admin@127.0.0.1:${redis.port}/3?${options}`)),
        {
          [Symbol.asyncDispose]: async () => admin.disconnect(),
        },
      );
      const clients = String(await admin.client('LIST'))
        .trim()
        .split('\n');
      const ours = clients.filter((client) => client.includes('user=doorstep'));
      // The queue's two with the worker's, the bus's two, that of the limits.
      expect(ours.length).toBeGreaterThanOrEqual(5);
      expect(ours.filter((client) => !client.includes(' db=3 '))).toEqual([]);
      const keys = await admin.keys('*');
      expect(keys.some((key) => key.startsWith('doorstep:bull:mail:'))).toBe(true);
      expect(keys.some((key) => key.startsWith('doorstep:OPEN_CHALLENGES_PER_IP_HOUR:'))).toBe(true);
      expect(keys.filter((key) => !key.startsWith('doorstep:'))).toEqual([]);
      expect(await admin.dbsize()).toBe(keys.length);
    } finally {
      await redis.stop();
    }
  });

  test.each([
    ['somebody else vouches for', 'IP:127.0.0.1', false, /self-signed|unable to/],
    ['is for another host', 'DNS:redis.example', true, /altnames|not in the cert/],
  ])('is refused where its certificate %s', async (_, names, isKnown, reason) => {
    using certificates = new Certificates();
    const authority = certificates.authority();
    const known = isKnown ? authority : certificates.authority();
    const redis = await startRedis({ certificate: certificates.server(names, authority) });
    try {
      const url = `${redis.url}?tls.ca=${known.certFile}`;
      const refused = await new Promise<string>((resolve) => {
        const client = new Redis(readRedisUrl(url));
        client.on('error', (error) => {
          client.disconnect();
          resolve(error.message);
        });
      });
      expect(refused).toMatch(reason);
    } finally {
      await redis.stop();
    }
  });
});

onRedis('two installations on one Redis', () => {
  test('with prefixes of their own share it unharmed, and with one prefix the second is warned of', async () => {
    const redis = await startRedis();
    try {
      await using one = await Servers.start({ env: { REDIS_URL: redis.url } });
      await using two = await Servers.start({ env: { REDIS_URL: redis.url, REDIS_PREFIX: 'other' } });
      // Each code comes by mail: no worker took the other's job.
      for (let nth = 0; nth < 5; nth += 1) await Promise.all([one.signedUp(), two.signedUp()]);
      const isWarned = (servers: Servers) => servers.log.some((line) => line.includes('those of another database'));
      expect([isWarned(one), isWarned(two)]).toEqual([false, false]);

      await two.add({ api: true, worker: false }, { REDIS_PREFIX: 'doorstep' });
      await until(() => isWarned(two), 'the warning');
    } finally {
      await redis.stop();
    }
  });
});
