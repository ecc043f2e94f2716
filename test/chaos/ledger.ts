import type { ClientBase } from 'pg';
import { Codes } from '../../src/codes/codes.js';
import { parseCodeKeys } from '../../src/codes/keys.js';
import { type Change, type TableName, Tables } from './tables.js';

const tables: readonly TableName[] = ['account', 'device', 'session', 'challenge', 'activity', 'delivery', 'display'];

/** PostgreSQL notes every version of every row itself, in the transaction that makes it: what was rolled back leaves none. */
const schema = `
  create schema ledger;
  create table ledger.change (
    seq bigserial primary key, at timestamptz not null default clock_timestamp(),
    transaction text not null default pg_current_xact_id()::text, name text not null, before jsonb, after jsonb);
  create function ledger.note() returns trigger language plpgsql as $$ begin
    if tg_op = 'UPDATE' and old is not distinct from new then return null; end if;
    insert into ledger.change (name, before, after) values (
      tg_table_name, case when tg_op <> 'INSERT' then to_jsonb(old) end, case when tg_op <> 'DELETE' then to_jsonb(new) end);
    return null;
  end $$;`;

/** Begins the ledger; the product's tables must be there. */
export async function openLedger(client: ClientBase): Promise<void> {
  await client.query(schema);
  for (const table of tables) {
    await client.query(
      `create trigger ledger after insert or update or delete on ${table} for each row execute function ledger.note()`,
    );
  }
}

/** Reads the ledger. @throws Error if it does not end where the tables stand */
export async function readLedger(client: ClientBase, codeKeys: string): Promise<Tables> {
  for (const table of tables) {
    const { rows } = await client.query(
      `select count(*)::int as missing from ${table} t where not exists (
         select 1 from ledger.change c where c.name = $1 and c.after = to_jsonb(t))`,
      [table],
    );
    if (rows[0]?.missing !== 0) throw new Error(`the ledger does not end where ${table} stands`);
  }
  const { rows } = await client.query<Line>(
    `select seq::int, (1000 * extract(epoch from at))::float8 as at, transaction, name as table, before, after
     from ledger.change order by seq`,
  );
  const codes = new Codes(parseCodeKeys(codeKeys));
  const right = new Map<string, string>();
  for (const { table, before, after } of rows) {
    if (!after) throw new Error(`a row of ${table} was deleted`);
    if (table !== 'challenge' || before) continue;
    const { id, key_id: keyId, salt, code_length: codeLength } = after as unknown as StoredCode;
    right.set(id, codes.of({ id, keyId, salt: Buffer.from(salt.slice(2), 'hex'), codeLength }));
  }
  return new Tables(
    rows.map(
      (line) =>
        ({
          ...line,
          at: Math.floor(line.at),
          before: recordOf(line.before),
          after: recordOf(line.after),
        }) as unknown as Change,
    ),
    right,
  );
}

type Row = Readonly<Record<string, unknown>>;

interface Line {
  readonly seq: number;
  readonly at: number;
  readonly transaction: string;
  readonly table: TableName;
  readonly before: Row | null;
  readonly after: Row | null;
}

interface StoredCode {
  readonly id: string;
  readonly key_id: string;
  readonly salt: string;
  readonly code_length: number;
}

/** A row as `tables.ts` has it. */
function recordOf(row: Row | null): Row | null {
  return (
    row && Object.fromEntries(Object.entries(row).map(([name, value]) => [camelCase(name), instantOr(name, value)]))
  );
}

function camelCase(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function instantOr(name: string, value: unknown): unknown {
  const isInstant = typeof value === 'string' && /(_at|_until)$/.test(name);
  return isInstant ? Date.parse(value) : value;
}
