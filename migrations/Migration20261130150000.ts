import { Migration } from '@mikro-orm/migrations';

/** What wakes devices while no page is open: their push subscriptions, and the prompts that go out by them. Whether a device shows codes. */
export class Migration20261130150000 extends Migration {
  override name = 'Migration20261130150000';

  override up(): void | Promise<void> {
    this.addSql(
      `create table "push" ("id" uuid not null default gen_random_uuid(), "challenge_id" uuid not null, "device_id" uuid not null, "origin" text not null, "state" text not null default 'PENDING', "taken_at" timestamptz null, "attempts" int not null default 0, "next_attempt_at" timestamptz not null default clock_timestamp(), "claimed_until" timestamptz null, "expires_at" timestamptz not null, "status_code" int null, "fault" text null, "changed_at" timestamptz not null default clock_timestamp(), "created_at" timestamptz not null default clock_timestamp(), primary key ("id"));`,
    );
    this.addSql(`create index "push_due_index" on "push" ("origin", "next_attempt_at") where state = 'PENDING';`);
    this.addSql(`create index "push_created_at_index" on "push" ("created_at");`);
    this.addSql(
      `alter table "push" add constraint "push_challenge_id_device_id_unique" unique ("challenge_id", "device_id");`,
    );

    this.addSql(
      `create table "push_subscription" ("device_id" uuid not null, "session_id" uuid not null, "endpoint" text not null, "origin" text not null, "p256dh" bytea not null, "auth" bytea not null, "key_id" text not null, "created_at" timestamptz not null default clock_timestamp(), "checked_at" timestamptz not null default clock_timestamp(), "accepted_at" timestamptz null, "refused_at" timestamptz null, primary key ("device_id"));`,
    );
    this.addSql(
      `alter table "push_subscription" add constraint "push_subscription_endpoint_unique" unique ("endpoint");`,
    );
    this.addSql(`create index "push_subscription_session_id_index" on "push_subscription" ("session_id");`);
    this.addSql(
      `create index "push_subscription_origin_key_id_accepted_at_index" on "push_subscription" ("origin", "key_id", "accepted_at");`,
    );
    this.addSql(`create index "push_subscription_checked_at_index" on "push_subscription" ("checked_at");`);

    this.addSql(`alter table "device" add "receives_codes" boolean not null default true;`);

    this.addSql(
      `alter table "push_subscription" add constraint "push_subscription_device_id_foreign" foreign key ("device_id") references "device" ("id") on update cascade on delete cascade;`,
    );
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "push" cascade;`);
    this.addSql(`drop table if exists "push_subscription" cascade;`);

    this.addSql(`alter table "device" drop column "receives_codes";`);
  }
}
