import { Migration } from '@mikro-orm/migrations';

export class Migration20261130070100 extends Migration {
  override name = 'Migration20261130070100';

  override up(): void | Promise<void> {
    this.addSql(
      `create table "password_tally" ("key" bytea not null, "count" int not null, "since" timestamptz not null, "due_at" timestamptz null, primary key ("key"));`,
    );
    this.addSql(`create index "password_tally_since_index" on "password_tally" ("since");`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "password_tally" cascade;`);
  }
}
