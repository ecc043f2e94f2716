import { Migration } from '@mikro-orm/migrations';

/** Accounts that an API client holds by an id of its own (all there are so far are nobody's), and what it is told of sessions. */
export class Migration20261130090100 extends Migration {
  override name = 'Migration20261130090100';

  override up(): void | Promise<void> {
    this.addSql(
      `alter table "account" add "client_id" uuid null, add "external_id" text null, add "stop_lifted_at" timestamptz null;`,
    );
    this.addSql(
      `alter table "account" add constraint "account_client_id_foreign" foreign key ("client_id") references "api_client" ("id") on delete restrict;`,
    );
    this.addSql(
      `create unique index "account_client_id_external_id_unique" on "account" ("client_id", "external_id") where client_id is not null;`,
    );
    this.addSql(
      `alter table "account" add constraint "account_subject_check" check ((client_id is null) = (external_id is null));`,
    );
    this.addSql(
      `alter table "account" add constraint "account_external_id_check" check (external_id ~ '^[!-~]{1,128}$');`,
    );
    this.addSql(`alter table "session" add "proven_at" timestamptz null;`);
  }

  override down(): void {
    this.addSql(`alter table "session" drop column "proven_at";`);
    this.addSql(
      `alter table "account" drop column "client_id", drop column "external_id", drop column "stop_lifted_at";`,
    );
  }
}
