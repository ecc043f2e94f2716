import { Migration } from '@mikro-orm/migrations';

/** The outbox knows ids alone: what is to be sent is no part of whom it is about. */
export class Migration20261130110000 extends Migration {
  override up(): void {
    this.addSql('alter table "delivery" drop constraint "delivery_account_id_foreign";');
  }

  override down(): void {
    this.addSql(
      'alter table "delivery" add constraint "delivery_account_id_foreign" foreign key ("account_id") references "account" ("id") on delete cascade;',
    );
  }
}
