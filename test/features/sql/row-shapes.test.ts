import type { EventEmitter } from 'node:events';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PooledClient } from '../../../src/sql/pooled-client.js';
import { connectionOptions } from '../../../src/wiring/database.js';
import { TestDatabase } from '../../support/database.js';

// What a statement returns is described once a connection; it must be read as though it were described each time.

let database: TestDatabase;
let client: PooledClient;
let described = 0;

beforeAll(async () => {
  database = await TestDatabase.create();
  client = new PooledClient({ ...connectionOptions, connectionString: database.url });
  await client.connect();
  const { connection } = client as unknown as { readonly connection: EventEmitter };
  connection.on('rowDescription', () => {
    described += 1;
  });
  await client.query('create temporary table thing (id int)');
});
afterAll(async () => {
  await client.end();
  await database[Symbol.asyncDispose]();
});

async function rowsOf(name: string, text: string, ...values: unknown[]): Promise<object[]> {
  return (await client.query({ name, text, values })).rows;
}

async function descriptionsOf(work: () => Promise<unknown>): Promise<number> {
  const before = described;
  await work();
  return described - before;
}

test('a statement is described once, and its rows have their names and types each time', async () => {
  const text = `select $1::int as a, '2026-11-30T12:00:00Z'::timestamptz as "at", null as nothing, array[1, 2] as "list",
    '\\x0102'::bytea as "bytes", '{"a": 1}'::jsonb as "json"`;
  const found: object[] = [];
  const described = await descriptionsOf(async () => {
    for (const a of [1, 2, 3]) found.push(...(await rowsOf('typed', text, a)));
  });
  expect(described).toBe(1);
  const at = new Date('2026-11-30T12:00:00Z');
  const same = { at, nothing: null, list: [1, 2], bytes: Buffer.from([1, 2]), json: { a: 1 } };
  expect(found).toEqual([1, 2, 3].map((a) => ({ a, ...same })));
});

test('so is one that found nothing at first, and one that returns nothing is counted', async () => {
  const find = () => rowsOf('found', 'select id from thing where id > $1 order by id', 0);
  expect([await find(), await find()]).toEqual([[], []]);
  const add = (id: number) => client.query({ name: 'added', text: 'insert into thing values ($1)', values: [id] });
  for (const id of [1, 2]) expect(await add(id)).toMatchObject({ rowCount: 1, rows: [] });
  expect(await find()).toEqual([{ id: 1 }, { id: 2 }]);
});

test('those that go out together are read one by one, also behind one that fails', async () => {
  const divide = (by: number) => rowsOf('divided', 'select 10 / $1::int as tenth', by);
  await divide(1);
  const asked = [divide(2), divide(0), rowsOf('named', 'select 1 as other'), divide(5)];
  const [half, fault, other, fifth] = await Promise.allSettled(asked);
  expect(fault).toMatchObject({ status: 'rejected', reason: { code: '22012' } });
  expect([half, other, fifth]).toEqual(
    [[{ tenth: 5 }], [{ other: 1 }], [{ tenth: 2 }]].map((value) => ({ status: 'fulfilled', value })),
  );
});

test('what has no name is described each time', async () => {
  const ask = (text: string) => client.query({ text, values: [] });
  const described = await descriptionsOf(async () => {
    expect((await ask('select 1 as a')).rows).toEqual([{ a: 1 }]);
    expect((await ask('select 2 as b')).rows).toEqual([{ b: 2 }]);
    expect((await client.query('select 3 as c')).rows).toEqual([{ c: 3 }]);
  });
  expect(described).toBe(3);
});

test('one that has come to return something else is refused, and its connection is left', async () => {
  const all = () => rowsOf('all', 'select * from thing');
  await all();
  await client.query('alter table thing add note text');
  await expect(all()).rejects.toThrow('cached plan must not change result type');
  // There it would be refused for ever.
  const left: unknown[] = [];
  Object.assign(client, { release: (reason: unknown) => void left.push(reason) });
  await expect(all()).rejects.toThrow('cached plan must not change result type');
  expect(left).toEqual([expect.objectContaining({ code: '0A000' })]);
});
