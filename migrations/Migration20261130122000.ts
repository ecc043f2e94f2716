import { Migration } from '@mikro-orm/migrations';

/** Codes that lead back to a product, or from an app into the pages; and the session that another one was handed over from. */
export class Migration20261130122000 extends Migration {
  override name = 'Migration20261130122000';

  override up(): void | Promise<void> {
    this.addSql(
      `create table "hand_over" ("id" uuid not null default gen_random_uuid(), "kind" text not null, "session_id" uuid not null, "hash" bytea not null, "state_hash" bytea null, "epoch" int not null, "created_at" timestamptz not null default clock_timestamp(), "expires_at" timestamptz not null, "used_at" timestamptz null, primary key ("id"));`,
    );
    this.addSql(`alter table "hand_over" add constraint "hand_over_hash_unique" unique ("hash");`);
    this.addSql(`create index "hand_over_session_id_index" on "hand_over" ("session_id");`);
    this.addSql(`create index "hand_over_expires_at_index" on "hand_over" ("expires_at");`);

    this.addSql(`alter table "session" add "parent_id" uuid null;`);
    this.addSql(
      `create index "session_open_of_parent_index" on "session" ("parent_id") where ended_at is null and parent_id is not null;`,
    );

    this.addSql(
      `alter table "hand_over" add constraint "hand_over_session_id_foreign" foreign key ("session_id") references "session" ("id") on delete cascade;`,
    );
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "hand_over" cascade;`);

    this.addSql(`drop index "session_open_of_parent_index";`);
    this.addSql(`alter table "session" drop column "parent_id";`);
  }
}
