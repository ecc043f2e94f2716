import type { InferEntity } from '@mikro-orm/core';
import { defineEntity, p } from '../sql/table.js';

/**
 * How many times in an hour: wrong passwords for an address, those of them from one site, sign-ins on a known device, and
 * right passwords of devices that an account does not know.
 */
export const PasswordTallyRow = defineEntity({
  name: 'PasswordTallyRow',
  tableName: 'password_tally',
  indexes: [{ properties: ['since'] }],
  properties: {
    /** SHA-256 of what is counted, so that mistyped addresses are not collected. */
    key: p.blob().primary(),
    count: p.integer(),
    /** When the hour began; what is counted an hour later begins another. */
    since: p.datetime().columnType('timestamptz'),
    /** Of a site: when it has its next comparison for an address past `PASSWORD_FAILURES_PER_ADDRESS_HOUR`. */
    dueAt: p.datetime().columnType('timestamptz').nullable(),
  },
});
export type PasswordTallyRow = InferEntity<typeof PasswordTallyRow>;
