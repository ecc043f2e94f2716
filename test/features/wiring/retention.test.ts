import { expect, test } from '@jest/globals';
import { cleanUp } from '../../support/retention.js';
import { Servers } from '../../support/servers.js';

test('a backlog of many batches goes in one run, and what is still kept stays', async () => {
  await using servers = await Servers.start({ worker: false });
  const { database } = servers;
  const { id } = await database.row<{ id: string }>(
    "insert into account (email, password_hash) values ('somebody@example.com', '') returning id",
  );
  // 180 days are kept: of 12,000 entries, a minute apart, the 2,000 newest are younger than that.
  await database.query(
    `insert into activity (account_id, number, type, occurred_at, device_name, platform, ip_address, is_new_device, is_new_location)
     select $1, n, 'SIGNED_IN', clock_timestamp() - interval '180 days' + (n - 10000.5) * interval '1 minute', '', 'LINUX', '', false, false
     from generate_series(1, 12000) n`,
    [id],
  );
  await cleanUp(servers);
  expect(await database.row('select min(number)::int as oldest, count(*)::int as kept from activity')).toEqual({
    oldest: 10_001,
    kept: 2_000,
  });
});
