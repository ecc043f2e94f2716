import { Migration } from '@mikro-orm/migrations';

/** API clients and their keys, both of which stay ended. */
export class Migration20261130090000 extends Migration {
  override name = 'Migration20261130090000';

  override up(): void | Promise<void> {
    this.addSql(
      `create table "api_client" ("id" uuid not null default gen_random_uuid(), "name" text not null, "scopes" text[] not null, "own_accounts" boolean not null, "audiences" text[] not null, "webhooks" text[] not null, "webhook_key_id" text null, "product_name" text null, "sender" text null, "link" text null, "created_at" timestamptz not null default clock_timestamp(), "ended_at" timestamptz null, primary key ("id"));`,
    );
    this.addSql(`create unique index "api_client_name_unique" on "api_client" ("name") where ended_at is null;`);

    this.addSql(
      `create table "api_client_key" ("id" uuid not null default gen_random_uuid(), "client_id" uuid not null, "hash" bytea not null, "created_at" timestamptz not null default clock_timestamp(), "ended_at" timestamptz null, primary key ("id"));`,
    );
    this.addSql(`alter table "api_client_key" add constraint "api_client_key_hash_unique" unique ("hash");`);
    this.addSql(`create index "api_client_key_client_id_index" on "api_client_key" ("client_id");`);
    this.addSql(
      `alter table "api_client_key" add constraint "api_client_key_client_id_foreign" foreign key ("client_id") references "api_client" ("id") on delete cascade;`,
    );
    for (const table of ['api_client', 'api_client_key']) {
      this.addSql(
        `create trigger "${table}_stays_ended" before update of "ended_at" on "${table}" for each row when (old.ended_at is not null and new.ended_at is null) execute function one_way();`,
      );
    }
  }

  override down(): void {
    this.addSql(`drop table "api_client_key";`);
    this.addSql(`drop table "api_client";`);
  }
}
