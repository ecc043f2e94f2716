import { scopes } from '../api/caller.js';
import { newToken, tokenHash } from '../codes/tokens.js';
import type { Limits } from '../config/limits.js';
import { StartFault } from '../config/start-fault.js';
import type { Sql } from '../sql/database.js';
import { rowOf, rowsOf } from '../sql/rows.js';
import { columns, sql } from '../sql/statement.js';
import { ClientKeyRow, ClientRow } from './client.entity.js';

/** Any number, as long as it is always the same. */
const CLAIMS_LOCK = 7_366_883_270;

/** What an operator says of a new client. */
export type ClientDescription = Pick<
  ClientRow,
  'name' | 'scopes' | 'ownAccounts' | 'audiences' | 'returnOrigins' | 'webhooks'
> & {
  readonly webhookKeyId: string | null;
  readonly productName: string | null;
  readonly sender: string | null;
  readonly link: string | null;
};

/** A live key, of which nothing but this is known. */
export type LiveKey = Pick<ClientKeyRow, 'id' | 'createdAt'>;

/** A client that has not ended, and its live keys, the newest first. */
export type LiveClient = ClientRow & { readonly keys: readonly LiveKey[] };

/** A client with a key that was just made: this is the one copy of it. */
export interface Issued {
  readonly client: ClientRow;
  readonly key: string;
}

/** Every live client by name, with its live keys. */
export async function listClients(db: Sql): Promise<LiveClient[]> {
  const [clients, keys] = await Promise.all([
    rowsOf<ClientRow>(db, sql`select ${columns(ClientRow)} from api_client where ended_at is null order by name`),
    rowsOf<ClientKeyRow>(
      db,
      sql`select ${columns(ClientKeyRow)} from api_client_key where ended_at is null order by created_at desc, id`,
    ),
  ]);
  return clients.map((client) => ({ ...client, keys: keys.filter(({ clientId }) => clientId === client.id) }));
}

/** Makes a client and its first key. @throws StartFault if there is a live one of that name */
export async function addClient(db: Sql, description: ClientDescription): Promise<Issued> {
  const client = await insertClient(db, description);
  if (!client)
    throw new StartFault(`There is a client '${description.name}' already: client list tells which there are.`);
  return { client, key: await issueKey(db, client) };
}

type Claims = Pick<ClientRow, 'name' | 'audiences' | 'returnOrigins'>;

/**
 * Holds audiences and return origins free until the end of the transaction, for a client that is about to have them. A
 * service takes a token for its own where its audience is, and a code where it comes back: with those of another client it
 * would let in that client's people.
 * @throws StartFault if a live client has one of them
 */
export async function claimForClient(db: Sql, { audiences, returnOrigins }: Omit<Claims, 'name'>): Promise<void> {
  await db.run(sql`select pg_advisory_xact_lock(${CLAIMS_LOCK})`);
  const held = await rowOf<Claims>(
    db,
    sql`select name, audiences, return_origins as "returnOrigins" from api_client
        where ended_at is null and (audiences && ${audiences}::text[] or return_origins && ${returnOrigins}::text[])
        order by name`,
  );
  if (!held) return;
  const audience = held.audiences.find((name) => audiences.includes(name));
  const origin = held.returnOrigins.find((name) => returnOrigins.includes(name));
  const what = audience === undefined ? `The return origin '${origin}'` : `The audience '${audience}'`;
  throw new StartFault(`${what} is that of the client '${held.name}' already.`);
}

async function insertClient(db: Sql, description: ClientDescription): Promise<ClientRow | null> {
  const { name, scopes, ownAccounts, audiences, returnOrigins, webhooks, webhookKeyId } = description;
  const { productName, sender, link } = description;
  return rowOf<ClientRow>(
    db,
    sql`insert into api_client (name, scopes, own_accounts, audiences, return_origins, webhooks, webhook_key_id,
          product_name, sender, link)
        values (${name}, ${scopes}, ${ownAccounts}, ${audiences}, ${returnOrigins}, ${webhooks}, ${webhookKeyId},
          ${productName}, ${sender}, ${link})
        on conflict (name) where ended_at is null do nothing returning ${columns(ClientRow)}`,
  );
}

const developmentClient: ClientDescription = {
  name: 'development',
  scopes: [...scopes],
  ownAccounts: true,
  audiences: ['development'],
  returnOrigins: [],
  webhooks: [],
  webhookKeyId: null,
  productName: null,
  sender: null,
  link: null,
};

/**
 * Lets a key open the client of whoever tries Doorstep out, which may do everything; on a database that has not seen them,
 * both are made. Its oldest keys make room.
 * @returns whether the key opens it: one that was ended does not
 */
export async function admitDevelopmentKey(
  db: Sql,
  key: string,
  { KEYS_PER_CLIENT }: Pick<Limits, 'KEYS_PER_CLIENT'>,
): Promise<boolean> {
  await insertClient(db, developmentClient);
  const client = await lockClient(db, developmentClient.name);
  const known = await rowOf<Pick<ClientKeyRow, 'endedAt'>>(
    db,
    sql`select ended_at as "endedAt" from api_client_key where hash = ${tokenHash('key', key)}`,
  );
  if (known) return known.endedAt === null;
  await end(db, (await liveKeys(db, client)).slice(KEYS_PER_CLIENT - 1));
  await keepKey(db, client, key);
  return true;
}

/**
 * Gives a client one more key, which works beside those it has.
 * @param webhookKeyIds the keys of `CODE_KEYS`, the newest first: where none of them is the one that the secret of its
 *   webhooks is derived from, that is the newest from now on
 * @throws StartFault if there is no such client, or it has `KEYS_PER_CLIENT` keys
 */
export async function rotateKey(
  db: Sql,
  name: string,
  webhookKeyIds: readonly string[],
  { KEYS_PER_CLIENT }: Pick<Limits, 'KEYS_PER_CLIENT'>,
): Promise<Issued> {
  const client = await lockClient(db, name);
  const keys = await liveKeys(db, client);
  if (keys.length >= KEYS_PER_CLIENT) {
    throw new StartFault(`'${name}' has ${keys.length} keys: end one with client end ${name} --older, or --key <id>.`);
  }
  const key = await issueKey(db, client);
  const [newest = null] = webhookKeyIds;
  if (newest === null || webhookKeyIds.some((id) => id === client.webhookKeyId)) return { client, key };
  await db.run(sql`update api_client set webhook_key_id = ${newest} where id = ${client.id}`);
  return { client: { ...client, webhookKeyId: newest }, key };
}

/** Which keys of a client end: all of them, and it with them; the older ones; or one. */
export type EndedKeys = 'ALL' | 'OLDER' | { readonly keyId: string };

/** Ends keys at once. @returns those that were live @throws StartFault if there is no such client, or no such key */
export async function endKeys(db: Sql, name: string, which: EndedKeys): Promise<LiveKey[]> {
  const client = await lockClient(db, name);
  const live = await liveKeys(db, client);
  const ended = live.filter(({ id }, nth) =>
    which === 'ALL' ? true : which === 'OLDER' ? nth > 0 : id === which.keyId,
  );
  if (ended.length === 0 && which !== 'ALL')
    throw new StartFault(`'${name}' has no such key: client list tells which.`);
  await end(db, ended);
  if (which === 'ALL') await db.run(sql`update api_client set ended_at = clock_timestamp() where id = ${client.id}`);
  return ended;
}

/** Locked, so that no two commands count its keys at the same time. @throws StartFault */
async function lockClient(db: Sql, name: string): Promise<ClientRow> {
  const client = await rowOf<ClientRow>(
    db,
    sql`select ${columns(ClientRow)} from api_client where name = ${name} and ended_at is null for no key update`,
  );
  if (!client) throw new StartFault(`There is no client '${name}': client list tells which there are.`);
  return client;
}

function liveKeys(db: Sql, { id }: Pick<ClientRow, 'id'>): Promise<LiveKey[]> {
  return rowsOf<LiveKey>(
    db,
    sql`select id, created_at as "createdAt" from api_client_key
        where client_id = ${id} and ended_at is null order by created_at desc, id`,
  );
}

async function issueKey(db: Sql, client: Pick<ClientRow, 'id'>): Promise<string> {
  const key = newToken('key');
  await keepKey(db, client, key);
  return key;
}

async function keepKey(db: Sql, { id }: Pick<ClientRow, 'id'>, key: string): Promise<void> {
  await db.run(sql`insert into api_client_key (client_id, hash) values (${id}, ${tokenHash('key', key)})`);
}

async function end(db: Sql, keys: readonly LiveKey[]): Promise<void> {
  const ids = keys.map(({ id }) => id);
  await db.run(sql`update api_client_key set ended_at = clock_timestamp() where id = any(${ids}) and ended_at is null`);
}
