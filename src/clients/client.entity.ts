import type { InferEntity } from '@mikro-orm/core';
import type { Scope } from '../api/caller.js';
import { defineEntity, p } from '../sql/table.js';

/** An API client: a product's own backend. Made by the command line alone. */
export const ClientRow = defineEntity({
  name: 'ClientRow',
  tableName: 'api_client',
  indexes: [
    {
      // Of those that ended there may be any number.
      name: 'api_client_name_unique',
      expression: 'create unique index "api_client_name_unique" on "api_client" ("name") where ended_at is null',
    },
  ],
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    name: p.text(),
    scopes: p.array().columnType('text[]').$type<Scope[]>(),
    /** Whether it sees the accounts that people opened themselves. */
    ownAccounts: p.boolean(),
    /** For whom access tokens may be made. */
    audiences: p.array().columnType('text[]').$type<string[]>(),
    /** Origins of `RETURN_ORIGINS` that are its own: codes that lead back there are for it alone. */
    returnOrigins: p.array().columnType('text[]').$type<string[]>().defaultRaw("'{}'"),
    /** Addresses that webhooks go to. */
    webhooks: p.array().columnType('text[]').$type<string[]>(),
    /** The key of `CODE_KEYS` that the secret of its webhooks is derived from; null: of none yet. */
    webhookKeyId: p.text().nullable(),
    /** What its subjects are told: what the product is called, who mails come from, and where it is. Null: as for everybody. */
    productName: p.text().nullable(),
    sender: p.text().nullable(),
    link: p.text().nullable(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
    endedAt: p.datetime().columnType('timestamptz').nullable(),
  },
});
export type ClientRow = InferEntity<typeof ClientRow>;

/** A key of an API client. */
export const ClientKeyRow = defineEntity({
  name: 'ClientKeyRow',
  tableName: 'api_client_key',
  indexes: [{ properties: ['clientId'] }],
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    clientId: () => p.manyToOne(ClientRow).mapToPk().fieldName('client_id').deleteRule('cascade'),
    /** SHA-256 of the key. */
    hash: p.blob().unique(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
    endedAt: p.datetime().columnType('timestamptz').nullable(),
  },
});
export type ClientKeyRow = InferEntity<typeof ClientKeyRow>;
