import { Migration } from '@mikro-orm/migrations';

export class Migration20261130010000 extends Migration {
  override name = 'Migration20261130010000';

  override up(): void | Promise<void> {
    this.addSql(`alter table "challenge" add column "judgements" int not null default 0;`);
  }

  override down(): void {
    this.addSql(`alter table "challenge" drop column "judgements";`);
  }
}
