import { Migration } from '@mikro-orm/migrations';

/** The costs of a password's hash, as it begins; null for what is no argon2id. */
const costs = (hash: string) => `substring(${hash} from '^\\$argon2id\\$v=\\d+\\$m=\\d+,t=\\d+,p=\\d+')`;
const shard = (id: string) => `get_byte(uuid_send(${id}), 0) % 16`;

/** Adds to the counts, in one order: so that no two wait for each other. */
const count = (rows: string, sign: '' | '-') =>
  `insert into password_cost as c (costs, shard, accounts)
   select counted.costs, counted.shard, ${sign}count(*) from (
     select ${costs('password_hash')} as costs, ${shard('id')} as shard from ${rows}) counted
   where counted.costs is not null group by 1, 2 order by 1, 2
   on conflict (costs, shard) do update set accounts = c.accounts + excluded.accounts`;

export class Migration20261130040100 extends Migration {
  override name = 'Migration20261130040100';

  override up(): void | Promise<void> {
    this.addSql(
      `create table "password_cost" ("costs" text not null, "shard" smallint not null, "accounts" int not null, "first_seen_at" timestamptz not null default clock_timestamp(), primary key ("costs", "shard"));`,
    );
    this.addSql(`create table "decoy_secret" ("secret" bytea not null, primary key ("secret"));`);
    this.addSql(
      `insert into "decoy_secret" values (uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));`,
    );

    for (const [event, rows, sign] of [
      ['insert', 'new', ''],
      ['delete', 'old', '-'],
    ] as const) {
      this.addSql(
        `create function "account_costs_${event}"() returns trigger language plpgsql as $$ begin
           ${count('changed', sign)};
           return null;
         end $$;`,
      );
      this.addSql(
        `create trigger "account_costs_${event}" after ${event} on "account" referencing ${rows} table as changed
         for each statement execute function "account_costs_${event}"();`,
      );
    }
    this.addSql(
      `create function "account_costs_update"() returns trigger language plpgsql as $$ begin
         insert into password_cost as c (costs, shard, accounts)
         select changed.costs, ${shard('new.id')}, changed.by
         from (values (${costs('old.password_hash')}, -1), (${costs('new.password_hash')}, 1)) changed (costs, by)
         where changed.costs is not null order by 1
         on conflict (costs, shard) do update set accounts = c.accounts + excluded.accounts;
         return null;
       end $$;`,
    );
    this.addSql(
      `create trigger "account_costs_update" after update of "password_hash" on "account"
       for each row when (${costs('old.password_hash')} is distinct from ${costs('new.password_hash')})
       execute function "account_costs_update"();`,
    );
    // From the first trigger on the table is locked against writes, until this is committed.
    this.addSql(`${count('"account"', '')};`);
  }

  override down(): void {
    for (const event of ['insert', 'delete', 'update']) {
      this.addSql(`drop trigger "account_costs_${event}" on "account";`);
      this.addSql(`drop function "account_costs_${event}"();`);
    }
    this.addSql(`drop table "decoy_secret";`);
    this.addSql(`drop table "password_cost";`);
  }
}
