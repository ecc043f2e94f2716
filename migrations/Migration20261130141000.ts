import { Migration } from '@mikro-orm/migrations';

/** What backends have asked for their subjects, and what waits of it. */
export class Migration20261130141000 extends Migration {
  override name = 'Migration20261130141000';

  override up(): void | Promise<void> {
    this.addSql(
      `create table "held_change" ("id" uuid not null, "account_id" uuid not null, "kind" text not null, "email" text null, "key_id" text not null, "salt" bytea not null, "asked_at" timestamptz not null default clock_timestamp(), "waits_until" timestamptz not null, "proven_at" timestamptz null, "ended_at" timestamptz null, primary key ("id"));`,
    );
    this.addSql(
      `create unique index "held_change_open_unique" on "held_change" ("account_id", "kind") where ended_at is null;`,
    );
    this.addSql(
      `create index "held_change_due_index" on "held_change" ("waits_until") where ended_at is null and (kind = 'DELETION' or proven_at is not null);`,
    );
    this.addSql(`create index "held_change_account_id_asked_at_index" on "held_change" ("account_id", "asked_at");`);
    this.addSql(`create index "held_change_ended_at_index" on "held_change" ("ended_at");`);

    this.addSql(
      `create index "account_subject_email_index" on "account" ("subject_email") where subject_email is not null;`,
    );

    this.addSql(
      `alter table "held_change" add constraint "held_change_account_id_foreign" foreign key ("account_id") references "account" ("id") on delete cascade;`,
    );
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "held_change" cascade;`);

    this.addSql(`drop index "account_subject_email_index";`);
  }
}
