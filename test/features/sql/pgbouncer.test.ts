import { expect, test } from '@jest/globals';
import { asA } from '../../support/outcomes.js';
import { letIn } from '../../support/owner.js';
import { pgbouncerAvailable, startPgbouncer } from '../../support/pgbouncer.js';
import { redisAvailable } from '../../support/redis.js';
import { Servers } from '../../support/servers.js';

// Behind a pooler that hands each transaction another connection. Debian's, 1.18, knows no prepared statements.
const areHere = Boolean(pgbouncerAvailable() && redisAvailable());

(areHere ? test : test.skip)(
  'behind PgBouncer in transaction mode everything works without prepared statements',
  async () => {
    await using servers = await Servers.start({ redis: true, worker: false });
    await using pooler = await startPgbouncer(servers.database.url);
    const behind = { DATABASE_URL: pooler.url, DATABASE_PREPARE: 'off' };
    await servers.add({ api: true, worker: true }, behind);
    const phone = (await servers.trusted(1)).twin(servers.client(1));
    await using prompts = phone.loginRequests();
    await Promise.all(['Laptop', 'Tablet', 'Desktop'].map((name) => letIn(phone, phone.another(name))));
    expect(await prompts.next()).toMatchObject({ state: 'PENDING' });
    for (let round = 0; round < 8; round += 1) asA('SignedIn', await phone.signIn());
  },
);
