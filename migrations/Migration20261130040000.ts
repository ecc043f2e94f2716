import { Migration } from '@mikro-orm/migrations';

export class Migration20261130040000 extends Migration {
  override name = 'Migration20261130040000';

  override up(): void | Promise<void> {
    this.addSql(
      `create table "key_fingerprint" ("ring" text not null, "id" text not null, "fingerprint" bytea not null, "first_seen_at" timestamptz not null default clock_timestamp(), primary key ("ring", "id"));`,
    );
    this.addSql(
      `create table "audit" ("id" uuid not null default gen_random_uuid(), "at" timestamptz not null default clock_timestamp(), "actor" text not null, "act" text not null, "subject" text not null, primary key ("id"));`,
    );
    this.addSql(`create index "audit_at_index" on "audit" ("at");`);
  }

  override down(): void {
    this.addSql(`drop table "audit";`);
    this.addSql(`drop table "key_fingerprint";`);
  }
}
