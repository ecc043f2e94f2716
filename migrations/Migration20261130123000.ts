import { Migration } from '@mikro-orm/migrations';

/** Where people come back to a client, and the client that a code which leads back is for. */
export class Migration20261130123000 extends Migration {
  override name = 'Migration20261130123000';

  override up(): void | Promise<void> {
    this.addSql(`alter table "api_client" add "return_origins" text[] not null default '{}';`);

    this.addSql(`alter table "hand_over" add "client_id" uuid null;`);
    this.addSql(
      `alter table "hand_over" add constraint "hand_over_client_id_foreign" foreign key ("client_id") references "api_client" ("id") on delete cascade;`,
    );
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "hand_over" drop constraint "hand_over_client_id_foreign";`);

    this.addSql(`alter table "api_client" drop column "return_origins";`);

    this.addSql(`alter table "hand_over" drop column "client_id";`);
  }
}
