import type { InferEntity } from '@mikro-orm/core';
import { defineEntity, p } from '../sql/table.js';

/** Wrong passwords of one asker: an address (known or not) and a network, or a known device. */
export const PasswordAttemptRow = defineEntity({
  name: 'PasswordAttemptRow',
  tableName: 'password_attempt',
  indexes: [{ properties: ['lastAt'] }],
  properties: {
    /** SHA-256 of who asks for what, so that mistyped addresses are not collected. */
    key: p.blob().primary(),
    failures: p.integer(),
    lastAt: p.datetime().columnType('timestamptz'),
    delayedUntil: p.datetime().columnType('timestamptz').nullable(),
  },
});
export type PasswordAttemptRow = InferEntity<typeof PasswordAttemptRow>;
