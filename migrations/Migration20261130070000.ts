import { Migration } from '@mikro-orm/migrations';

export class Migration20261130070000 extends Migration {
  override name = 'Migration20261130070000';

  override up(): void | Promise<void> {
    this.addSql(`create index "session_open_of_account_index" on "session" ("account_id") where ended_at is null;`);
    this.addSql(`create index "session_open_of_device_index" on "session" ("device_id") where ended_at is null;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop index "session_open_of_account_index";`);
    this.addSql(`drop index "session_open_of_device_index";`);
  }
}
