import type { InferEntity } from '@mikro-orm/core';
import { defineEntity, p } from '../sql/table.js';

export const pushStates = ['PENDING', 'TAKEN', 'GONE', 'REFUSED', 'FAILED'] as const;
export type PushStateName = (typeof pushStates)[number];

/**
 * The prompt of a challenge for one device, by its push service: written in the transaction that puts the prompt before the
 * trusted devices, and sent by a worker. A resend is the same row, and the same topic; so is that it is over. Or a test message
 * of a device to itself, which is about no challenge.
 */
export const PushRow = defineEntity({
  name: 'PushRow',
  tableName: 'push',
  indexes: [
    {
      // What waits for one push service, in the order in which it is due.
      name: 'push_due_index',
      expression: 'create index "push_due_index" on "push" ("origin", "next_attempt_at") where state = \'PENDING\'',
    },
    { properties: ['createdAt'] },
    {
      // How many a device has had of late.
      name: 'push_test_index',
      expression: 'create index "push_test_index" on "push" ("device_id", "created_at") where is_test',
    },
  ],
  uniques: [{ properties: ['challengeId', 'deviceId'] }],
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    /** Of a test message an id of its own. */
    challengeId: p.uuid(),
    deviceId: p.uuid(),
    isTest: p.boolean().default(false),
    /** The push service that it goes to. */
    origin: p.text(),
    state: p.text().$type<PushStateName>().default('PENDING'),
    /** When the push service first took it; null: not yet. */
    takenAt: p.datetime().columnType('timestamptz').nullable(),
    /** How often a worker took it up. */
    attempts: p.integer().default(0),
    nextAttemptAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
    /** While this is ahead one worker has it. */
    claimedUntil: p.datetime().columnType('timestamptz').nullable(),
    /** When the challenge is over by itself, or a test message not awaited any more: then it is worth nothing. */
    expiresAt: p.datetime().columnType('timestamptz'),
    /** The last answer's status; null: there was none. */
    statusCode: p.integer().nullable(),
    /** What was wrong the last time; null: nothing. */
    fault: p.text().nullable(),
    changedAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
  },
});
export type PushRow = InferEntity<typeof PushRow>;
