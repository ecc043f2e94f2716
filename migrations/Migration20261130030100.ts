import { Migration } from '@mikro-orm/migrations';

/** What has ended stays so, whichever role writes: name, table, column, and what it must not become. */
const endings = [
  ['session_stays_ended', 'session', 'ended_at', 'old.ended_at is not null and new.ended_at is null'],
  ['device_stays_removed', 'device', 'removed_at', 'old.removed_at is not null and new.removed_at is null'],
  ['device_token_stays_retired', 'device_token', 'retired_at', 'old.retired_at is not null and new.retired_at is null'],
  ['challenge_stays_ended', 'challenge', 'ended_at', 'old.ended_at is not null and new.ended_at is null'],
  ['challenge_stays_closed', 'challenge', 'state', `old.state <> 'PENDING' and new.state <> old.state`],
  ['challenge_stays_due', 'challenge', 'expires_at', 'new.expires_at > old.expires_at'],
  [
    'challenge_takes_no_password',
    'challenge',
    'password_hash',
    'new.password_hash is not null and new.password_hash is distinct from old.password_hash',
  ],
  ['account_epoch_never_falls', 'account', 'epoch', 'new.epoch < old.epoch'],
] as const;

export class Migration20261130030100 extends Migration {
  override name = 'Migration20261130030100';

  override up(): void {
    this.addSql(
      `create function one_way() returns trigger language plpgsql as $$ begin
         raise exception using errcode = 'integrity_constraint_violation', table = tg_table_name, constraint = tg_name,
           message = format('%I: what has ended stays so', tg_name);
       end $$;`,
    );
    // The condition is looked at without a call, and only where the column is written.
    for (const [name, table, column, condition] of endings) {
      this.addSql(
        `create trigger "${name}" before update of "${column}" on "${table}" for each row when (${condition}) execute function one_way();`,
      );
    }
  }

  override down(): void {
    for (const [name, table] of endings) this.addSql(`drop trigger "${name}" on "${table}";`);
    this.addSql(`drop function one_way();`);
  }
}
