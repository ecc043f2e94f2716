import { Migration } from '@mikro-orm/migrations';

/** Events for the addresses of clients: of those that get their number from here on. */
export class Migration20261130121000 extends Migration {
  override name = 'Migration20261130121000';

  override up(): void | Promise<void> {
    this.addSql(
      `create table "webhook" ("id" uuid not null default gen_random_uuid(), "event_id" uuid not null, "client_id" uuid not null, "url" text not null, "state" text not null default 'PENDING', "attempts" int not null default 0, "next_attempt_at" timestamptz not null default clock_timestamp(), "claimed_until" timestamptz null, "status_code" int null, "fault" text null, "changed_at" timestamptz not null default clock_timestamp(), "created_at" timestamptz not null default clock_timestamp(), primary key ("id"));`,
    );
    this.addSql(
      `create index "webhook_due_index" on "webhook" ("client_id", "url", "next_attempt_at") where state = 'PENDING';`,
    );
    this.addSql(`create index "webhook_created_at_index" on "webhook" ("created_at");`);
    this.addSql(`alter table "event_log" add column "webhook_head" bigint not null default '0';`);
    this.addSql(`update "event_log" set "webhook_head" = "head";`);
  }

  override down(): void {
    this.addSql(`alter table "event_log" drop column "webhook_head";`);
    this.addSql(`drop table "webhook";`);
  }
}
