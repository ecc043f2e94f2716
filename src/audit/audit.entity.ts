import type { InferEntity } from '@mikro-orm/core';
import { defineEntity, p } from '../sql/table.js';

/** What operators have done by the command line, who, and to what; kept for good. */
export const AuditRow = defineEntity({
  name: 'AuditRow',
  tableName: 'audit',
  indexes: [{ properties: ['at'] }],
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    at: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
    /** The user of the operating system who ran it. */
    actor: p.text(),
    /** The command, such as `key forget`. */
    act: p.text(),
    /** What it was done to, such as `CODE_KEYS 2026-11`. No secret. */
    subject: p.text(),
  },
});
export type AuditRow = InferEntity<typeof AuditRow>;
