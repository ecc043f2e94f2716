import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { giving } from '../../../src/challenges/challenge-states.js';
import { type Connections, Database } from '../../../src/sql/database.js';
import { rowOf } from '../../../src/sql/rows.js';
import { constant, sql } from '../../../src/sql/statement.js';
import { openPool } from '../../../src/wiring/database.js';
import { TestDatabase } from '../../support/database.js';

const RUNS = 12;

let database: TestDatabase;
let pool: Connections;
let db: Database;

beforeAll(async () => {
  database = await TestDatabase.create();
  pool = openPool(database.url, pino({ level: 'silent' }));
  db = new Database(pool);
});
afterAll(async () => {
  await pool.end();
  await database[Symbol.asyncDispose]();
});

const found = (email: string) => sql`select a.id from account a where a.email = ${email}`;

describe('a statement', () => {
  test('is planned once on a connection, whatever its values', async () => {
    for (let nth = 0; nth < RUNS; nth += 1) await db.run(found(`${nth}@example.com`));
    const planned = await rowOf<{ once: string; anew: string }>(
      db,
      sql`select generic_plans as once, custom_plans as anew from pg_prepared_statements
          where statement like 'select a.id from account a where a.email =%'`,
    );
    expect(planned).toEqual({ once: String(RUNS), anew: '0' });
  });

  test('finds its row by an index, also where all rows are on one page', async () => {
    await database.query("insert into account (email, password_hash) values ('somebody@example.com', 'none')");
    await database.query('vacuum analyze account');
    const { rows } = await db.run(sql`explain select a.id from account a where a.email = ${'somebody@example.com'}`);
    expect(rows.map((row) => row['QUERY PLAN']).join()).toMatch(/^Index (Only )?Scan/);
  });

  test('reads no table from end to end, though it be empty', async () => {
    await database.query('vacuum analyze display');
    const { rows } = await db.run(sql`explain select from display where challenge_id = ${randomUUID()}`);
    expect(rows.map((row) => row['QUERY PLAN']).join()).toMatch(/^Index (Only )?Scan/);
  });

  test('that gives a code to a device finds its challenge by the id, though there be no other', async () => {
    await database.query('vacuum analyze challenge');
    const { rows } = await db.run(
      sql`explain with shown as (select c.id from challenge c where c.id = ${randomUUID()}),
            given as (${giving(randomUUID(), sql`exists (select 1 from shown)`)})
          select from shown`,
    );
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan.match(/Scan using challenge_pkey on challenge.*\n\s+Index Cond: \(id = /g)).toHaveLength(2);
  });
});

describe('a constant', () => {
  test('stands in the text, and is a number or words of our own', () => {
    expect(sql`select ${constant(3)}, ${constant(['A', 'B_C'])}, ${4}`.compile()).toEqual({
      text: "select 3, '{A,B_C}'::text[], $1",
      values: [4],
    });
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, ["a'b"], ['a,b'], ['']]) {
      expect(() => constant(value)).toThrow(RangeError);
    }
  });
});
