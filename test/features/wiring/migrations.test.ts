import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { MikroORM } from '@mikro-orm/postgresql';
import { pino } from 'pino';
import { openOrm } from '../../../src/wiring/orm.js';
import { createDatabase } from '../../support/database.js';
import { migrateByHand } from '../../support/migration-cli.js';
import { letIn } from '../../support/owner.js';
import { backEnds, Servers } from '../../support/servers.js';
import { TableColumns } from '../../support/table-columns.js';

// During an upgrade the version before runs beside the new one, on tables that the new one has migrated.

describe('a migration', () => {
  let orm: MikroORM;

  beforeEach(async () => {
    const url = await createDatabase(`migrations_${randomUUID().replaceAll('-', '')}`, null);
    orm = await openOrm(url, pino({ level: 'silent' }));
  });
  afterEach(() => orm.close(true));

  test('leaves all that the version before it reads and writes', async () => {
    let before = await TableColumns.of(orm);
    for (const { name } of await orm.migrator.getPending()) {
      await orm.migrator.up({ to: name });
      const after = await TableColumns.of(orm);
      expect({ name, broken: before.brokenBy(after) }).toEqual({ name, broken: [] });
      before = after;
    }
    expect(before.count).toBeGreaterThan(100);
  });

  test.each([
    ['alter table device drop column model', 'device.model is gone'],
    ['alter table device rename model to kind', 'device.model is gone'],
    ['drop table display', 'display.challenge_id is gone'],
    ['alter table device alter model set not null', 'device.model may not be null any more'],
    ['alter table device alter model type jsonb using null', 'device.model is jsonb'],
    ['alter table account alter locale drop default', 'account.locale has no default any more'],
    ['alter table account add column name text not null', 'account.name must be written'],
  ])('would not: %s', async (statement, broken) => {
    await orm.migrator.up();
    const before = await TableColumns.of(orm);
    await orm.em.fork().execute(statement);
    expect(before.brokenBy(await TableColumns.of(orm))).toContain(broken);
  });
});

test.each(backEnds)(
  'this version starts and serves beside one that has migrated further, on $name',
  async ({ redis }) => {
    await using servers = await Servers.start({ redis });
    const phone = await servers.trusted();
    // What a later version may do to every table, while this one runs.
    const tables = await servers.database.query<{ name: string }>(
      "select tablename as name from pg_tables where schemaname = 'public' and tablename <> 'mikro_orm_migrations'",
    );
    for (const { name } of tables) {
      await servers.database.query(
        `alter table ${name} add column later_text text, add column later_number int not null default 7`,
      );
      await servers.database.query(`create index on ${name} (later_text)`);
    }
    await servers.database.query('create table later (id uuid primary key, account_id uuid references account (id))');
    await servers.database.query("insert into mikro_orm_migrations (name) values ('Migration29990101000000')");
    await servers.add({ api: true, worker: true });
    for (const nth of [0, 1]) {
      await letIn(phone.twin(servers.client(nth)), phone.another('Laptop', servers.client(nth)));
      await servers.trusted(nth);
    }
  },
);

test('migration:up without a database says so in words, as every other command does', async () => {
  await expect(migrateByHand({})).rejects.toMatchObject({
    code: 1,
    stdout: '',
    stderr: 'The configuration has 1 fault(s):\n  - DATABASE_URL is missing\n',
  });
});

test('migration:up heeds PGSSLMODE as every other command does: it stops, and nothing goes in clear', async () => {
  const env = { DATABASE_URL: 'postgres://ann@127.0.0.1:1/none', PGSSLMODE: 'verify-full' };
  await expect(migrateByHand(env)).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('PGSSLMODE does not count'),
  });
});
