import { Migration } from '@mikro-orm/migrations';

export class Migration20261130060000 extends Migration {
  override name = 'Migration20261130060000';

  override up(): void | Promise<void> {
    this.addSql(
      `create table "api_server" ("id" uuid not null, "renewed_at" timestamptz not null default clock_timestamp(), primary key ("id"));`,
    );

    this.addSql(`create index "presence_server_id_index" on "presence" ("server_id");`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "api_server" cascade;`);

    this.addSql(`drop index "presence_server_id_index";`);
  }
}
