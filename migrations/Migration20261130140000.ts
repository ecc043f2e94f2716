import { Migration } from '@mikro-orm/migrations';

/**
 * Accounts whose user somebody else holds, what the backends of products want verified, and what a code stands for.
 */
export class Migration20261130140000 extends Migration {
  override name = 'Migration20261130140000';

  override up(): void | Promise<void> {
    this.addSql(
      `create table "deleted_subject" ("client_id" uuid not null, "external_id" text not null, "deleted_at" timestamptz not null default clock_timestamp(), primary key ("client_id", "external_id"));`,
    );

    this.addSql(
      `create table "verification" ("id" uuid not null default gen_random_uuid(), "client_id" uuid not null, "request_id" text not null, "account_id" uuid not null, "purpose" text not null, "epoch" int not null, "session_id" uuid null, "action" jsonb null, "input_hash" bytea not null, "token_hash" bytea not null, "key_id" text not null, "salt" bytea not null, "created_at" timestamptz not null default clock_timestamp(), "expires_at" timestamptz not null, "challenge_id" uuid null, "cancelled_at" timestamptz null, "verified_at" timestamptz null, "method" text null, "verified_session_id" uuid null, "receipt_hash" bytea null, "receipt_expires_at" timestamptz null, "receipt_epoch" int null, "redeemed_at" timestamptz null, primary key ("id"));`,
    );
    this.addSql(`alter table "verification" add constraint "verification_token_hash_unique" unique ("token_hash");`);
    this.addSql(
      `alter table "verification" add constraint "verification_challenge_id_unique" unique ("challenge_id");`,
    );
    this.addSql(
      `create index "verification_account_id_created_at_index" on "verification" ("account_id", "created_at");`,
    );
    this.addSql(`create index "verification_expires_at_index" on "verification" ("expires_at");`);
    this.addSql(
      `alter table "verification" add constraint "verification_client_id_request_id_unique" unique ("client_id", "request_id");`,
    );

    this.addSql(
      `alter table "account" add "subject_email" text null, add "address_proven_at" timestamptz null, add "confirm_failures" int not null default 0, add "confirm_paused_until" timestamptz null;`,
    );
    this.addSql(`alter table "account" alter column "email" drop not null;`);
    this.addSql(`alter table "account" alter column "password_hash" drop not null;`);
    this.addSql(
      `alter table "account" add constraint "account_email_check" check ((client_id is null) = (email is not null));`,
    );
    this.addSql(
      `alter table "account" add constraint "account_subject_email_check" check ((client_id is null) = (subject_email is null));`,
    );
    this.addSql(
      `alter table "account" add constraint "account_password_check" check ((client_id is null) = (password_hash is not null));`,
    );

    this.addSql(
      `alter table "challenge" add "client_id" uuid null, add "request_id" text null, add "action" jsonb null;`,
    );
    this.addSql(
      `alter table "challenge" add constraint "challenge_client_id_foreign" foreign key ("client_id") references "api_client" ("id") on delete restrict;`,
    );
    this.addSql(
      `alter table "challenge" add constraint "challenge_request_check" check ((client_id is null) = (request_id is null));`,
    );

    this.addSql(
      `alter table "deleted_subject" add constraint "deleted_subject_client_id_foreign" foreign key ("client_id") references "api_client" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "verification" add constraint "verification_client_id_foreign" foreign key ("client_id") references "api_client" ("id") on delete restrict;`,
    );
    this.addSql(
      `alter table "verification" add constraint "verification_account_id_foreign" foreign key ("account_id") references "account" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "verification" add constraint "verification_challenge_id_foreign" foreign key ("challenge_id") references "challenge" ("id") on delete set null;`,
    );
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "deleted_subject" cascade;`);
    this.addSql(`drop table if exists "verification" cascade;`);

    this.addSql(`alter table "challenge" drop constraint "challenge_client_id_foreign";`);

    this.addSql(`alter table "account" drop constraint "account_email_check";`);
    this.addSql(`alter table "account" drop constraint "account_subject_email_check";`);
    this.addSql(`alter table "account" drop constraint "account_password_check";`);
    this.addSql(
      `alter table "account" drop column "subject_email", drop column "address_proven_at", drop column "confirm_failures", drop column "confirm_paused_until";`,
    );
    this.addSql(`alter table "account" alter column "email" set not null;`);
    this.addSql(`alter table "account" alter column "password_hash" set not null;`);

    this.addSql(`alter table "challenge" drop constraint "challenge_request_check";`);
    this.addSql(`alter table "challenge" drop column "client_id", drop column "request_id", drop column "action";`);
  }
}
