import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { endKeys } from '../../../src/clients/clients.js';
import { Backend, withDatabase } from '../../support/backend.js';
import { asA } from '../../support/outcomes.js';
import { codeShownOn, deviceOf, letIn, REMOVE_DEVICE } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';

// Nothing of the product does this, and PostgreSQL itself refuses it to whoever may write the column, the owner included.

let servers: Servers;
/** One row of each that is over, by table; of challenges one for each way to end. */
const over: Record<string, string[]> = {};

beforeAll(async () => {
  servers = await Servers.start();
  const { database } = servers;
  const phone = await servers.trusted();
  const laptop = phone.another('Laptop');
  await letIn(phone, laptop);
  await phone.ask(REMOVE_DEVICE, { id: (await deviceOf(laptop)).id });
  // A token of the phone that was used retires the one that it came from.
  for (let nth = 0; nth < 2; nth += 1) asA('SignedIn', await phone.signIn());
  const waiting = await phone.another('Tablet').challenged();
  await codeShownOn(phone, waiting);
  await database.query("update challenge set state = 'CANCELLED', ended_at = clock_timestamp() where id = $1", [
    waiting.id,
  ]);
  const idsOf = async (table: string, condition: string, id = 'id') =>
    (await database.query<{ id: string }>(`select ${id}::text as id from ${table} where ${condition}`)).map(
      (row) => row.id,
    );
  over.session = await idsOf('session', 'ended_at is not null');
  over.device = await idsOf('device', 'removed_at is not null');
  over.device_token = await idsOf('device_token', 'retired_at is not null', 'hash');
  over.challenge = await idsOf('challenge', 'ended_at is not null');
  const shop = await Backend.add(servers);
  await withDatabase(database.url, (db) => db.transaction((tx) => endKeys(tx, shop.name, 'ALL')));
  over.api_client = await idsOf('api_client', 'ended_at is not null');
  over.api_client_key = await idsOf('api_client_key', 'ended_at is not null');
  over.account = await idsOf('account', 'epoch > 0');
});
afterAll(() => servers[Symbol.asyncDispose]());

const change = (table: string, to: string) =>
  servers.database.query(
    `update ${table} set ${to} where ${table === 'device_token' ? 'hash' : 'id'}::text = any($1) returning 1`,
    [over[table]],
  );

describe('what is over is not begun again by', () => {
  test.each([
    ['session', 'ended_at = null'],
    ['device', 'removed_at = null'],
    ['api_client', 'ended_at = null'],
    ['api_client_key', 'ended_at = null'],
    ['device_token', 'retired_at = null'],
    ['challenge', 'ended_at = null'],
    ['challenge', "state = 'PENDING'"],
    ['challenge', "state = case state when 'VERIFIED' then 'CANCELLED' else 'VERIFIED' end"],
    ['challenge', "expires_at = expires_at + interval '1 second'"],
    ['challenge', "password_hash = 'of somebody else'"],
    ['account', 'epoch = epoch - 1'],
  ])('update %s set %s', async (table, to) => {
    expect(over[table]).not.toEqual([]);
    await expect(change(table, to)).rejects.toMatchObject({ code: '23000' });
  });
});

test.each([
  ['session', "ended_at = ended_at - interval '1 day'"],
  ['session', 'ended_at = clock_timestamp()'],
  ['device', "removed_at = removed_at - interval '1 day'"],
  ['device_token', 'retired_at = clock_timestamp()'],
  ['challenge', "expires_at = expires_at - interval '1 second', state = state, password_hash = null"],
  ['account', 'epoch = epoch + 1'],
])('what is over may be moved: update %s set %s', async (table, to) => {
  expect(await change(table, to)).toHaveLength(over[table]?.length ?? 0);
});
