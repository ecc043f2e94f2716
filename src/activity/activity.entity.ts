import type { InferEntity } from '@mikro-orm/core';
import { AccountRow } from '../accounts/account.entity.js';
import { DeviceRow, type PlatformName } from '../devices/device.entity.js';
import type { Method } from '../outbox/delivery.entity.js';
import { defineEntity, p } from '../sql/table.js';

export const activityTypes = [
  'SIGNED_UP',
  'SIGNED_IN',
  'SIGNED_OUT',
  'WRONG_PASSWORD',
  'CODE_REQUESTED',
  'WRONG_CODE',
  'CHALLENGE_LOCKED',
  'LOGIN_DENIED',
  'CONFIRMATION_DENIED',
  'TWO_STEP_ENABLED',
  'TWO_STEP_DISABLED',
  'DEVICE_TRUSTED',
  'DEVICE_REMOVED',
  'PASSWORD_CHANGED',
  'PASSWORD_RESET',
] as const;
export type ActivityTypeName = (typeof activityTypes)[number];

/** What happened at an account's door. */
export const ActivityRow = defineEntity({
  name: 'ActivityRow',
  tableName: 'activity',
  indexes: [{ properties: ['occurredAt'] }],
  uniques: [{ properties: ['accountId', 'number'] }],
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    accountId: () => p.manyToOne(AccountRow).mapToPk().fieldName('account_id').deleteRule('cascade'),
    /** Counts up within the account in the order of commits, so that a page's cursor never skips an entry. */
    number: p.integer(),
    type: p.text().$type<ActivityTypeName>(),
    occurredAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
    deviceId: () => p.manyToOne(DeviceRow).mapToPk().fieldName('device_id').nullable().deleteRule('set null'),
    deviceName: p.text(),
    platform: p.text().$type<PlatformName>(),
    method: p.text().$type<Method>().nullable(),
    ipAddress: p.text(),
    countryCode: p.text().nullable(),
    count: p.integer().default(1),
    isNewDevice: p.boolean(),
    isNewLocation: p.boolean(),
  },
});
export type ActivityRow = InferEntity<typeof ActivityRow>;
