import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { loadConfig } from '../../../src/config/config.js';
import { stranger } from '../../../src/passwords/asker.js';
import { comparedHash } from '../../../src/passwords/compared-hash.js';
import { Passwords } from '../../../src/passwords/passwords.js';
import { type Connections, Database, type Sql } from '../../../src/sql/database.js';
import { openPool } from '../../../src/wiring/database.js';
import { TestDatabase } from '../../support/database.js';
import { asA } from '../../support/outcomes.js';
import { Servers } from '../../support/servers.js';

// What a wrong password costs must not tell whether somebody has the address. The costs of argon2id stand in front of each
// hash, so the work is counted here, and not its time.

const LOW = '$argon2id$v=19$m=8192,t=1,p=1';
const MIDDLE = '$argon2id$v=19$m=16384,t=2,p=1';
const HIGH = '$argon2id$v=19$m=32768,t=3,p=1';

const newAddress = () => `${randomUUID()}@example.com`;
const costsOf = (hash: string) => hash.split('$').slice(0, 4).join('$');

/** How many of so many have which costs. */
function tallyOf(all: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const costs of all) counts[costs] = (counts[costs] ?? 0) + 1;
  return counts;
}

describe('the hash that a password is compared with', () => {
  let database: TestDatabase;
  let pool: Connections;
  let db: Sql;
  const passwords = new Passwords(loadConfig({}).limits);

  beforeEach(async () => {
    database = await TestDatabase.create();
    pool = openPool(database.url, pino({ level: 'silent' }));
    db = new Database(pool);
  });
  afterEach(async () => {
    await pool.end();
    await database[Symbol.asyncDispose]();
  });

  const addAccounts = (count: number, costs: string) =>
    database.query(
      `insert into account (email, password_hash)
       select gen_random_uuid() || '@example.com', $2 || '$c2FsdHNhbHQ$b3V0cHV0' from generate_series(1, $1)`,
      [count, costs],
    );
  const rehash = (count: number, from: string, to: string) =>
    database.query(
      `update account set password_hash = replace(password_hash, $2, $3)
       where id in (select id from account where starts_with(password_hash, $2) limit $1)`,
      [count, from, to],
    );
  const costsFor = async (email: string) => costsOf((await comparedHash(db, passwords, email)).hash);
  const allCostsFor = (emails: readonly string[]) => Promise.all(emails.map(costsFor));
  const someAddresses = (count: number) => Array.from({ length: count }, newAddress);

  test('is the account’s own where somebody has the address, and else a decoy’s that no password fits', async () => {
    await addAccounts(1, LOW);
    const { email } = await database.row<{ email: string }>('select email from account');
    expect(await comparedHash(db, passwords, email)).toMatchObject({
      account: { email },
      hash: expect.stringMatching(/^\$argon2id\$v=19\$m=8192,t=1,p=1\$c2FsdHNhbHQ\$/),
    });
    const { account, hash } = await comparedHash(db, passwords, newAddress());
    expect(account).toBeNull();
    expect(await passwords.matches(hash, 'whatever is typed', stranger('127.0.0.1'))).toBe(false);
  });

  test('has the costs in force while there is no account', async () => {
    expect(await costsFor(newAddress())).toBe('$argon2id$v=19$m=19456,t=2,p=1');
  });

  test('has of all addresses that nobody has each of the costs as often as the accounts have them', async () => {
    const shares = { [LOW]: 12, [MIDDLE]: 7, [HIGH]: 1 };
    for (const [costs, count] of Object.entries(shares)) await addAccounts(count, costs);
    const many = 2000;
    const drawn = tallyOf(await allCostsFor(someAddresses(many)));
    expect(Object.keys(drawn).sort()).toEqual(Object.keys(shares).sort());
    for (const [costs, count] of Object.entries(shares)) {
      const share = count / 20;
      // Five standard deviations: once in a million runs chance alone is further off.
      const chance = 5 * Math.sqrt((share * (1 - share)) / many);
      expect(Math.abs((drawn[costs] ?? 0) / many - share)).toBeLessThan(chance);
    }
  });

  test('has always the same costs for one address, from whichever server', async () => {
    await addAccounts(5, LOW);
    await addAccounts(5, HIGH);
    const emails = someAddresses(50);
    const before = await allCostsFor(emails);
    const other = openPool(database.url, pino({ level: 'silent' }));
    const there = new Database(other);
    const elsewhere = await Promise.all(
      emails.map(async (email) =>
        costsOf((await comparedHash(there, new Passwords(loadConfig({}).limits), email)).hash),
      ),
    );
    await other.end();
    expect(elsewhere).toEqual(before);
    expect(await allCostsFor(emails)).toEqual(before);
    expect(new Set(before)).toEqual(new Set([LOW, HIGH]));
  });

  test('goes over to newer costs as those of accounts do, one address after the other and none back', async () => {
    await addAccounts(20, LOW);
    const emails = someAddresses(200);
    const seen = [await allCostsFor(emails)];
    for (let nth = 0; nth < 4; nth += 1) {
      await rehash(5, LOW, HIGH);
      seen.push(await allCostsFor(emails));
    }
    // Somebody signs up under the new ones.
    await addAccounts(10, HIGH);
    seen.push(await allCostsFor(emails));
    expect(new Set(seen[0])).toEqual(new Set([LOW]));
    expect(tallyOf(seen[2] ?? [])).toEqual({ [LOW]: expect.any(Number), [HIGH]: expect.any(Number) });
    expect(new Set(seen[4])).toEqual(new Set([HIGH]));
    for (const [nth, email] of emails.entries()) {
      const path = seen.map((costs) => costs[nth] ?? '');
      expect({ email, path }).toEqual({ email, path: [...path].sort((a, b) => (a === b ? 0 : a === LOW ? -1 : 1)) });
    }
  });

  test('follows whatever is done to accounts, however much of it at once', async () => {
    await addAccounts(300, LOW);
    await rehash(100, LOW, MIDDLE);
    await database.query("update account set locale = 'de', code_failures = 3");
    // As people sign in: each their own, at the same time.
    const ids = await database.query<{ id: string }>('select id from account order by random() limit 60');
    await Promise.all([
      ...ids.map(({ id }) =>
        database.query('update account set password_hash = regexp_replace(password_hash, $1, $2) where id = $3', [
          '^.*(\\$.*\\$.*)$',
          `${HIGH}\\1`,
          id,
        ]),
      ),
      ...Array.from({ length: 20 }, () => addAccounts(1, HIGH)),
    ]);
    await database.query('delete from account where get_byte(uuid_send(id), 2) % 3 = 0');
    await database.query("update account set password_hash = 'none' where get_byte(uuid_send(id), 2) % 3 = 1");
    const counted = await database.query(
      'select costs, sum(accounts)::int as accounts from password_cost group by 1 having sum(accounts) <> 0 order by 1',
    );
    const there = await database.query(
      `select substring(password_hash from '^(.*)\\$.*\\$') as costs, count(*)::int as accounts from account
       where password_hash <> 'none' group by 1 order by 1`,
    );
    expect(counted).toEqual(there);
    expect(counted.length).toBe(3);
  });
});

describe('once the costs are raised', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await Servers.start({ limits: { ARGON2_MEMORY_KIB: 8192, ARGON2_PASSES: 1 } });
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  test('the last sign-in that makes a hash anew takes the old costs from the decoys too', async () => {
    const phones = [await servers.signedUp(), await servers.signedUp()];
    await servers.add({ api: true, worker: false }, { ARGON2_MEMORY_KIB: '16384', ARGON2_PASSES: '2' });
    const pool = openPool(servers.database.url, pino({ level: 'silent' }));
    const db = new Database(pool);
    const passwords = new Passwords(servers.config().limits);
    const decoys = async () => {
      const found = Array.from({ length: 100 }, () => comparedHash(db, passwords, newAddress()));
      return new Set((await Promise.all(found)).map(({ hash }) => costsOf(hash)));
    };
    expect(await decoys()).toEqual(new Set([LOW]));
    for (const [phone, expected] of [
      [phones[0], [LOW, MIDDLE]],
      [phones[1], [MIDDLE]],
    ] as const) {
      if (!phone) throw new Error('there are two');
      asA('SignedIn', await phone.twin(servers.client(1)).signIn());
      expect(await decoys()).toEqual(new Set(expected));
    }
    await pool.end();
  });
});
