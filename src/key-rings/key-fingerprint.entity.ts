import type { InferEntity } from '@mikro-orm/core';
import { defineEntity, p } from '../sql/table.js';

/** The rings of keys that all processes must have alike, by the variable that lists each. */
export const rings = ['CODE_KEYS', 'SIGNING_KEYS', 'VAPID_KEYS'] as const;
export type Ring = (typeof rings)[number];

/** Which key an id means, for all processes on this database: the first that started with the id has said so. */
export const KeyFingerprintRow = defineEntity({
  name: 'KeyFingerprintRow',
  tableName: 'key_fingerprint',
  properties: {
    ring: p.text().$type<Ring>().primary(),
    id: p.text().primary(),
    /** HMAC of the id under the key; of the key it tells nothing. */
    fingerprint: p.blob(),
    firstSeenAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
  },
});
export type KeyFingerprintRow = InferEntity<typeof KeyFingerprintRow>;
