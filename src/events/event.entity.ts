import type { InferEntity } from '@mikro-orm/core';
import { defineEntity, p } from '../sql/table.js';

/** What a product's backend is told of its people. */
export const eventTypes = [
  'SESSION_STARTED',
  'SESSION_ENDED',
  'DEVICE_TRUSTED',
  'DEVICE_REMOVED',
  'TRUST_ENDED',
  'LOGIN_REQUESTED',
  'LOGIN_DENIED',
  'CONFIRMATION_REQUESTED',
  'CONFIRMATION_DENIED',
  'CODE_OVER',
  'COPIED_TOKEN',
  'PASSWORD_CHANGED',
  'TWO_STEP_ENABLED',
  'TWO_STEP_DISABLED',
  'VERIFIED',
  'ADDRESS_CHANGED',
  'SUBJECT_DELETED',
] as const;
export type EventTypeName = (typeof eventTypes)[number];

/**
 * Something that happened to an account, for the feed of products' backends. Written in the transaction in which it
 * happened; it points at nothing by a key, so that it outlives what it tells of.
 */
export const EventRow = defineEntity({
  name: 'EventRow',
  tableName: 'event',
  indexes: [
    {
      name: 'event_unnumbered_index',
      expression: 'create index "event_unnumbered_index" on "event" ("serial") where number is null',
    },
    {
      // What ends a prompt is told to whom the prompt was.
      name: 'event_prompt_index',
      expression: 'create index "event_prompt_index" on "event" ("prompt_id") where prompt_id is not null',
    },
  ],
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    /**
     * Drawn under the lock of the account: it rises, for one account, in the order of commits, and for several in none.
     * Never shown. (`autoincrement` is how the ORM finds an identity in the database.)
     */
    serial: p.bigint('number').autoincrement().generated('identity'),
    /** The order in which readers are told; null until it has its place there. Without gaps. */
    number: p.bigint('number').nullable().unique(),
    accountId: p.uuid(),
    /** The API client whose subject the account was; null: the account was somebody's own. */
    clientId: p.uuid().nullable(),
    externalId: p.text().nullable(),
    type: p.text().$type<EventTypeName>(),
    occurredAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
    sessionId: p.uuid().nullable(),
    deviceId: p.uuid().nullable(),
    /** Those that show a prompt, or did. */
    deviceIds: p.array().columnType('uuid[]').$type<string[]>().nullable(),
    /** The challenge that trusted devices show the code of. */
    promptId: p.uuid().nullable(),
    /** The backend's own id of what it asked for, and what that was. */
    requestId: p.text().nullable(),
    purpose: p.text().nullable(),
    expiresAt: p.datetime().columnType('timestamptz').nullable(),
  },
});
export type EventRow = InferEntity<typeof EventRow>;

/** The one row that says how far events are numbered. */
export const EventLogRow = defineEntity({
  name: 'EventLogRow',
  tableName: 'event_log',
  properties: {
    /** Names this log, from the migration on that made it; copied with the database. */
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    /** The number of the newest event that has one. */
    head: p.bigint('number').default(0),
    /** The number of the newest event whose webhooks are written; behind the head where a version numbered that knew of none. */
    webhookHead: p.bigint('number').default(0),
  },
});
export type EventLogRow = InferEntity<typeof EventLogRow>;
