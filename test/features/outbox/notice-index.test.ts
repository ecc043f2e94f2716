import { expect, test } from '@jest/globals';
import { TestDatabase } from '../../support/database.js';

test('whether a notice was told is found by an index, however many deliveries there are', async () => {
  await using database = await TestDatabase.create();
  await database.query(
    `with owner as (
       insert into account (email, password_hash) select n || '@example.com', 'none' from generate_series(1, 5000) n returning id)
     insert into delivery (account_id, method, notice, locale, to_address, facts)
     select id, 'EMAIL', 'NEW_DEVICE', 'en', 'someone@example.com', '{}' from owner`,
  );
  await database.query('analyze delivery');
  const plan = await database.query<Record<'QUERY PLAN', string>>(
    `explain select 1 from delivery where account_id = '00000000-0000-4000-8000-000000000000' and notice = 'NEW_DEVICE'
       and created_at > clock_timestamp() - interval '1 minute'`,
  );
  expect(plan.map((line) => line['QUERY PLAN']).join('\n')).toContain('delivery_notice_index');
});
