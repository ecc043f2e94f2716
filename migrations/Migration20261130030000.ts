import { Migration } from '@mikro-orm/migrations';

export class Migration20261130030000 extends Migration {
  override name = 'Migration20261130030000';

  override up(): void | Promise<void> {
    this.addSql(
      `alter table "delivery" add "data_begun_at" timestamptz null, add "unknown_sends" int not null default 0;`,
    );
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "delivery" drop column "data_begun_at", drop column "unknown_sends";`);
  }
}
