import type { Database } from './database.js';
import { emailSql, idSql, tokenHashSql } from './people.js';

/** Which numbers get a copy, both included. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** A copy of the first account's rows of a table: what is not set anew is as it is there. */
interface Copies {
  readonly table: string;
  /** Which row is copied. */
  readonly where: string;
  /** SQL by column; `n` is the number of the account, `k` that of the copy within it. */
  readonly set: Readonly<Record<string, string>>;
  /** How many each account gets; 1 unless said. */
  readonly each?: number;
}

/** The first copy bears the bare number; the device that is signed in and trusted is one of these. */
const NTH = "(n || case k when 1 then '' else '-' || k end)";

const account = idSql('account', 'n');
const ofFirst = (email: string) => `account_id = (select id from account where email = '${email}')`;

/** How much each account has. */
export interface Belongings {
  readonly devices: number;
  readonly activities: number;
}

/** A person: an account, its trusted devices, and what the first of them needs to be signed in, all to sign in again. */
function personCopies(email: string, { devices, activities }: Belongings): Copies[] {
  return [
    {
      table: 'account',
      where: `email = '${email}'`,
      set: { id: account, email: emailSql('n'), activity_count: String(activities) },
    },
    {
      table: 'device',
      where: ofFirst(email),
      set: { id: idSql('device', NTH), account_id: account },
      each: devices,
    },
    {
      table: 'session',
      where: `${ofFirst(email)} and ended_at is null order by created_at desc`,
      set: {
        id: idSql('session', 'n'),
        account_id: account,
        device_id: idSql('device', 'n'),
        token_hash: tokenHashSql('ses', 'n'),
        challenge_id: 'null::uuid',
      },
    },
    {
      table: 'device_token',
      where: `device_id = (select id from device where ${ofFirst(email)} limit 1) and retired_at is null`,
      set: { hash: tokenHashSql('dev', NTH), device_id: idSql('device', NTH), parent_hash: 'null::bytea' },
      each: devices,
    },
  ];
}

/** What years leave behind: login activity, and challenges and deliveries that are over. */
function pastCopies(email: string, { activities }: Belongings): Copies[] {
  // Within what is kept, so that the clean-up leaves it.
  const daysAgo = (days: string) => `clock_timestamp() - interval '1 day' * (${days})`;
  const lately = daysAgo('1 + n % 20');
  return [
    {
      table: 'activity',
      where: ofFirst(email),
      set: {
        id: 'gen_random_uuid()',
        account_id: account,
        number: 'k',
        device_id: idSql('device', 'n'),
        occurred_at: daysAgo(`(${activities} - k) * 150.0 / ${activities} + 1`),
      },
      each: activities,
    },
    {
      table: 'challenge',
      where: `email = '${email}' and state = 'VERIFIED'`,
      set: {
        id: idSql('challenge', 'n'),
        account_id: account,
        token_hash: tokenHashSql('chl', 'n'),
        email: emailSql('n'),
        purpose: "'SIGN_IN'",
        session_id: 'null::uuid',
        device_id: 'null::uuid',
        signed_in_device_id: idSql('device', 'n'),
        created_at: lately,
        expires_at: lately,
        ended_at: lately,
      },
    },
    {
      table: 'delivery',
      where: `to_address = '${email}' and challenge_id is not null`,
      set: {
        id: idSql('delivery', 'n'),
        challenge_id: idSql('challenge', 'n'),
        to_address: emailSql('n'),
        state: "'SENT'",
        created_at: lately,
        changed_at: lately,
      },
    },
  ];
}

/** Makes accounts that are copies of one: nobody signs up eight thousand people to measure something else. */
export async function copyPeople(database: Database, email: string, range: Range): Promise<void> {
  for (const copies of personCopies(email, { devices: 1, activities: 0 })) await copy(database, copies, range);
}

/** The same with a past each. */
export async function copyPeopleWithPast(
  database: Database,
  email: string,
  range: Range,
  belongings: Belongings,
): Promise<void> {
  const all = [...personCopies(email, belongings), ...pastCopies(email, belongings)];
  for (const copies of all) await copy(database, copies, range);
}

async function copy(database: Database, { table, where, set, each = 1 }: Copies, { from, to }: Range): Promise<void> {
  const columns = await database.query<{ name: string }>(
    `select quote_ident(column_name) as name from information_schema.columns
     where table_schema = 'public' and table_name = $1 and is_generated = 'NEVER' order by ordinal_position`,
    [table],
  );
  const names = columns.map(({ name }) => name);
  const unknown = Object.keys(set).filter((column) => !names.includes(column));
  if (unknown.length > 0) throw new Error(`the table ${table} has no ${unknown.join(', ')}`);
  const values = names.map((name) => set[name] ?? `first.${name}`);
  await database.query(
    `insert into ${table} (${names.join(', ')})
     select ${values.join(', ')}
     from (select * from ${table} where ${where} limit 1) first, generate_series(${from}, ${to}) n, generate_series(1, ${each}) k`,
  );
}
