import type { InferEntity } from '@mikro-orm/core';
import { AccountRow } from '../accounts/account.entity.js';
import { DeviceRow } from '../devices/device.entity.js';
import { defineEntity, p } from '../sql/table.js';

/** Why a session could be opened. */
export const sessionReasons = ['TRUSTED_DEVICE', 'VERIFIED_CHALLENGE', 'NO_SECOND_STEP', 'HAND_OVER'] as const;
export type SessionReason = (typeof sessionReasons)[number];

/** A signed-in device. Whether a session is live is decided in SQL, see `isLive` in session-rules.ts. */
export const SessionRow = defineEntity({
  name: 'SessionRow',
  tableName: 'session',
  indexes: [
    { properties: ['accountId'] },
    { properties: ['deviceId'] },
    // What is looked for are those that have not ended; those that have are kept for a while, and may be many.
    {
      name: 'session_open_of_account_index',
      expression: 'create index "session_open_of_account_index" on "session" ("account_id") where ended_at is null',
    },
    {
      name: 'session_open_of_device_index',
      expression: 'create index "session_open_of_device_index" on "session" ("device_id") where ended_at is null',
    },
    {
      name: 'session_open_of_parent_index',
      expression:
        'create index "session_open_of_parent_index" on "session" ("parent_id") where ended_at is null and parent_id is not null',
    },
  ],
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    accountId: () => p.manyToOne(AccountRow).mapToPk().fieldName('account_id').deleteRule('cascade'),
    deviceId: () => p.manyToOne(DeviceRow).mapToPk().fieldName('device_id').deleteRule('cascade'),
    /** SHA-256 of the token. */
    tokenHash: p.blob().unique(),
    reason: p.text().$type<SessionReason>(),
    /** The challenge that opened it; one challenge opens at most one session. */
    challengeId: p.uuid().nullable().unique(),
    /** The session that it was handed over from, and ends with; null: it stands for itself. */
    parentId: p.uuid().nullable(),
    /** Whether the device's row was made with this session. */
    madeDevice: p.boolean(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
    /** Null until its token was used for the first time. */
    lastUsedAt: p.datetime().columnType('timestamptz').nullable(),
    /** When a code was last typed for it, after the one that opened it. */
    provenAt: p.datetime().columnType('timestamptz').nullable(),
    endedAt: p.datetime().columnType('timestamptz').nullable(),
  },
});
export type SessionRow = InferEntity<typeof SessionRow>;
