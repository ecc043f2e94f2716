import { Migration } from '@mikro-orm/migrations';

/** Test messages of devices to themselves, among the pushes. */
export class Migration20261130160000 extends Migration {
  override name = 'Migration20261130160000';

  override up(): void | Promise<void> {
    this.addSql(`alter table "push" add "is_test" boolean not null default false;`);
    this.addSql(`create index "push_test_index" on "push" ("device_id", "created_at") where is_test;`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop index "push_test_index";`);
    this.addSql(`alter table "push" drop column "is_test";`);
  }
}
