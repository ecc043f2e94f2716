import { expect, test } from '@jest/globals';
import { PASSWORD } from '../support/handset.js';
import { codeShownOn, letIn } from '../support/owner.js';
import { Servers } from '../support/servers.js';

// What an operator sees of the database at work: its statements, as they run and as they are counted.
test('no statement holds an address, a hash or a token in its text', async () => {
  await using servers = await Servers.start({ limits: { CODE_DIGITS: 12 } });
  await servers.database.query('create extension pg_stat_statements');
  const phone = await servers.trusted();
  const laptop = phone.another('Laptop');
  const code = await codeShownOn(phone, await laptop.challenged());
  await letIn(phone, phone.another('Tablet'));
  await phone.signIn();
  const { password_hash: hash } = await servers.database.row<{ password_hash: string }>(
    'select password_hash from account where email = $1',
    [phone.owner.email],
  );
  const rows = await servers.database.query<{ query: string }>(
    `select query from pg_stat_statements s join pg_database d on d.oid = s.dbid where d.datname = current_database()
     union all select query from pg_stat_activity where datname = current_database()`,
  );
  const seen = rows.map(({ query }) => query).join('\n');
  expect(seen).toContain('from account where email = $1');
  for (const secret of [phone.owner.email, hash, PASSWORD, code, phone.deviceToken, phone.sessionToken]) {
    expect(seen).not.toContain(secret);
  }
});
