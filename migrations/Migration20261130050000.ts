import { Migration } from '@mikro-orm/migrations';

export class Migration20261130050000 extends Migration {
  override name = 'Migration20261130050000';

  override up(): void | Promise<void> {
    this.addSql(
      `create index "delivery_notice_index" on "delivery" ("account_id", "created_at") where notice is not null;`,
    );
  }

  override down(): void | Promise<void> {
    this.addSql(`drop index "delivery_notice_index";`);
  }
}
