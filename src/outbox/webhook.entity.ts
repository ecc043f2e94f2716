import type { InferEntity } from '@mikro-orm/core';
import { defineEntity, p } from '../sql/table.js';

export const webhookStates = ['PENDING', 'DELIVERED', 'FAILED'] as const;
export type WebhookStateName = (typeof webhookStates)[number];

/** An event for one address: written in the transaction that gives the event its number, and sent by a worker. */
export const WebhookRow = defineEntity({
  name: 'WebhookRow',
  tableName: 'webhook',
  indexes: [
    {
      // What waits for one address, in the order in which it is due.
      name: 'webhook_due_index',
      expression:
        'create index "webhook_due_index" on "webhook" ("client_id", "url", "next_attempt_at") where state = \'PENDING\'',
    },
    { properties: ['createdAt'] },
  ],
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    /** What it tells of; the event may be gone before it. */
    eventId: p.uuid(),
    clientId: p.uuid(),
    url: p.text(),
    state: p.text().$type<WebhookStateName>().default('PENDING'),
    /** How often a worker took it up. */
    attempts: p.integer().default(0),
    nextAttemptAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
    /** While this is ahead one worker has it. */
    claimedUntil: p.datetime().columnType('timestamptz').nullable(),
    /** The last answer's status; null: there was none. */
    statusCode: p.integer().nullable(),
    /** What was wrong the last time; null: nothing. */
    fault: p.text().nullable(),
    changedAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
  },
});
export type WebhookRow = InferEntity<typeof WebhookRow>;
