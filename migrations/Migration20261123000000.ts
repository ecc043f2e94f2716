import { Migration } from '@mikro-orm/migrations';

export class Migration20261123000000 extends Migration {
  override name = 'Migration20261123000000';

  override up(): void | Promise<void> {
    this.addSql(
      `create table "account" ("id" uuid not null default gen_random_uuid(), "email" text not null, "password_hash" text not null, "locale" text not null default 'en', "epoch" int not null default 0, "two_step_enabled_at" timestamptz null, "code_failures" int not null default 0, "paused_until" timestamptz null, "mail_held_until" timestamptz null, "activity_count" int not null default 0, "created_at" timestamptz not null default clock_timestamp(), primary key ("id"));`,
    );
    this.addSql(`alter table "account" add constraint "account_email_unique" unique ("email");`);

    this.addSql(
      `create table "delivery" ("id" uuid not null default gen_random_uuid(), "challenge_id" uuid null, "account_id" uuid null, "method" text not null, "notice" text null, "facts" jsonb null, "locale" text not null, "to_address" text null, "asked_from" text null, "state" text not null default 'QUEUED', "is_withheld" boolean not null default false, "failure" text null, "attempts" int not null default 0, "next_attempt_at" timestamptz null, "claimed_until" timestamptz null, "reply_code" int null, "enhanced_status" text null, "changed_at" timestamptz not null default clock_timestamp(), "created_at" timestamptz not null default clock_timestamp(), primary key ("id"));`,
    );
    this.addSql(`create index "delivery_to_address_created_at_index" on "delivery" ("to_address", "created_at");`);
    this.addSql(
      `create index "delivery_due_index" on "delivery" ("next_attempt_at") where state in ('QUEUED', 'RETRYING');`,
    );
    this.addSql(`create index "delivery_challenge_id_index" on "delivery" ("challenge_id");`);

    this.addSql(
      `create table "device" ("id" uuid not null default gen_random_uuid(), "account_id" uuid not null, "name" text not null, "model" text null, "platform" text not null, "os_version" text null, "app_version" text null, "notifications_enabled" boolean not null, "trusted_at" timestamptz null, "trusted_at_reset" boolean not null default false, "last_seen_at" timestamptz not null default clock_timestamp(), "last_ip_address" text not null, "created_at" timestamptz not null default clock_timestamp(), "removed_at" timestamptz null, primary key ("id"));`,
    );
    this.addSql(`create index "device_account_id_index" on "device" ("account_id");`);

    this.addSql(
      `create table "challenge" ("id" uuid not null, "account_id" uuid null, "purpose" text not null, "state" text not null default 'PENDING', "token_hash" bytea not null, "key_id" text not null, "salt" bytea not null, "code_length" smallint not null, "tries" int not null default 0, "sends" int not null default 0, "method" text not null, "last_app_send_at" timestamptz null, "last_mail_send_at" timestamptz null, "code_given_at" timestamptz null, "mailed_at" timestamptz null, "epoch" int null, "session_id" uuid null, "device_id" uuid null, "signed_in_device_id" uuid null, "email" text not null, "password_hash" text null, "mail_held" boolean not null default false, "is_silent" boolean not null default false, "device_name" text not null, "device_model" text null, "platform" text not null, "os_version" text null, "app_version" text null, "notifications_enabled" boolean null, "ip_address" text not null, "locale" text not null, "created_at" timestamptz not null default clock_timestamp(), "expires_at" timestamptz not null, "ended_at" timestamptz null, primary key ("id"));`,
    );
    this.addSql(`alter table "challenge" add constraint "challenge_token_hash_unique" unique ("token_hash");`);
    this.addSql(`create index "challenge_account_id_created_at_index" on "challenge" ("account_id", "created_at");`);
    this.addSql(`create index "challenge_email_created_at_index" on "challenge" ("email", "created_at");`);
    this.addSql(`create index "challenge_expires_at_index" on "challenge" ("expires_at");`);

    this.addSql(
      `create table "activity" ("id" uuid not null default gen_random_uuid(), "account_id" uuid not null, "number" int not null, "type" text not null, "occurred_at" timestamptz not null default clock_timestamp(), "device_id" uuid null, "device_name" text not null, "platform" text not null, "method" text null, "ip_address" text not null, "country_code" text null, "count" int not null default 1, "is_new_device" boolean not null, "is_new_location" boolean not null, primary key ("id"));`,
    );
    this.addSql(`create index "activity_occurred_at_index" on "activity" ("occurred_at");`);
    this.addSql(
      `alter table "activity" add constraint "activity_account_id_number_unique" unique ("account_id", "number");`,
    );

    this.addSql(
      `create table "device_token" ("hash" bytea not null, "device_id" uuid not null, "parent_hash" bytea null, "issued_at" timestamptz not null default clock_timestamp(), "used_at" timestamptz null, "retired_at" timestamptz null, primary key ("hash"));`,
    );
    this.addSql(`create index "device_token_device_id_index" on "device_token" ("device_id");`);

    this.addSql(
      `create table "display" ("challenge_id" uuid not null, "device_id" uuid not null, "shown_at" timestamptz not null default clock_timestamp(), "seen_at" timestamptz null, primary key ("challenge_id", "device_id"));`,
    );

    this.addSql(
      `create table "password_attempt" ("key" bytea not null, "failures" int not null, "last_at" timestamptz not null, "delayed_until" timestamptz null, primary key ("key"));`,
    );
    this.addSql(`create index "password_attempt_last_at_index" on "password_attempt" ("last_at");`);

    this.addSql(
      `create table "presence" ("device_id" uuid not null, "server_id" uuid not null, "renewed_at" timestamptz not null default clock_timestamp(), primary key ("device_id", "server_id"));`,
    );

    this.addSql(
      `create table "rate_limit" ("key" varchar(255) not null, "points" int not null default 0, "expire" bigint null, primary key ("key"));`,
    );

    this.addSql(
      `create table "session" ("id" uuid not null default gen_random_uuid(), "account_id" uuid not null, "device_id" uuid not null, "token_hash" bytea not null, "reason" text not null, "challenge_id" uuid null, "made_device" boolean not null, "created_at" timestamptz not null default clock_timestamp(), "last_used_at" timestamptz null, "ended_at" timestamptz null, primary key ("id"));`,
    );
    this.addSql(`alter table "session" add constraint "session_token_hash_unique" unique ("token_hash");`);
    this.addSql(`alter table "session" add constraint "session_challenge_id_unique" unique ("challenge_id");`);
    this.addSql(`create index "session_account_id_index" on "session" ("account_id");`);
    this.addSql(`create index "session_device_id_index" on "session" ("device_id");`);

    this.addSql(
      `create table "support_report" ("id" uuid not null, "account_id" uuid not null, "challenge_id" uuid null, "text" text not null, "account_text" text null, "created_at" timestamptz not null default clock_timestamp(), primary key ("id"));`,
    );
    this.addSql(
      `create index "support_report_account_id_created_at_index" on "support_report" ("account_id", "created_at");`,
    );
    this.addSql(`create index "support_report_challenge_id_index" on "support_report" ("challenge_id");`);

    this.addSql(
      `alter table "delivery" add constraint "delivery_account_id_foreign" foreign key ("account_id") references "account" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "device" add constraint "device_account_id_foreign" foreign key ("account_id") references "account" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "challenge" add constraint "challenge_account_id_foreign" foreign key ("account_id") references "account" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "challenge" add constraint "challenge_device_id_foreign" foreign key ("device_id") references "device" ("id") on delete set null;`,
    );
    this.addSql(
      `alter table "challenge" add constraint "challenge_signed_in_device_id_foreign" foreign key ("signed_in_device_id") references "device" ("id") on delete set null;`,
    );

    this.addSql(
      `alter table "activity" add constraint "activity_account_id_foreign" foreign key ("account_id") references "account" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "activity" add constraint "activity_device_id_foreign" foreign key ("device_id") references "device" ("id") on delete set null;`,
    );

    this.addSql(
      `alter table "device_token" add constraint "device_token_device_id_foreign" foreign key ("device_id") references "device" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "display" add constraint "display_challenge_id_foreign" foreign key ("challenge_id") references "challenge" ("id") on update cascade on delete cascade;`,
    );
    this.addSql(
      `alter table "display" add constraint "display_device_id_foreign" foreign key ("device_id") references "device" ("id") on update cascade on delete cascade;`,
    );

    this.addSql(
      `alter table "presence" add constraint "presence_device_id_foreign" foreign key ("device_id") references "device" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "session" add constraint "session_account_id_foreign" foreign key ("account_id") references "account" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "session" add constraint "session_device_id_foreign" foreign key ("device_id") references "device" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "support_report" add constraint "support_report_account_id_foreign" foreign key ("account_id") references "account" ("id") on delete cascade;`,
    );
  }

  override down(): void {
    // Those that refer to others first.
    this.addSql(`drop table "password_attempt";`);
    this.addSql(`drop table "rate_limit";`);
    this.addSql(`drop table "support_report";`);
    this.addSql(`drop table "session";`);
    this.addSql(`drop table "presence";`);
    this.addSql(`drop table "display";`);
    this.addSql(`drop table "device_token";`);
    this.addSql(`drop table "activity";`);
    this.addSql(`drop table "challenge";`);
    this.addSql(`drop table "device";`);
    this.addSql(`drop table "delivery";`);
    this.addSql(`drop table "account";`);
  }
}
