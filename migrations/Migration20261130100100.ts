import { Migration } from '@mikro-orm/migrations';

/** The feed of products' backends: what happened, and how far it has its order. */
export class Migration20261130100100 extends Migration {
  override name = 'Migration20261130100100';

  override up(): void | Promise<void> {
    this.addSql(
      `create table "event_log" ("id" uuid not null default gen_random_uuid(), "head" bigint not null default '0', primary key ("id"));`,
    );
    this.addSql(`insert into "event_log" default values;`);

    this.addSql(
      `create table "event" ("id" uuid not null default gen_random_uuid(), "serial" bigint generated always as identity not null, "number" bigint null, "account_id" uuid not null, "client_id" uuid null, "external_id" text null, "type" text not null, "occurred_at" timestamptz not null default clock_timestamp(), "session_id" uuid null, "device_id" uuid null, "device_ids" uuid[] null, "prompt_id" uuid null, "request_id" text null, "purpose" text null, "expires_at" timestamptz null, primary key ("id"));`,
    );
    this.addSql(`alter table "event" add constraint "event_number_unique" unique ("number");`);
    this.addSql(`create index "event_unnumbered_index" on "event" ("serial") where number is null;`);
    this.addSql(`create index "event_prompt_index" on "event" ("prompt_id") where prompt_id is not null;`);
  }

  override down(): void {
    this.addSql(`drop table "event";`);
    this.addSql(`drop table "event_log";`);
  }
}
