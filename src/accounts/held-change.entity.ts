import type { InferEntity } from '@mikro-orm/core';
import { defineEntity, p } from '../sql/table.js';
import { AccountRow } from './account.entity.js';

export const heldChangeKinds = ['ADDRESS', 'DELETION'] as const;
export type HeldChangeKindName = (typeof heldChangeKinds)[number];

/**
 * What a product's backend has asked for one of its subjects, and what became of it: another address, or to be deleted.
 * While two-step verification is on that waits, so that who has stolen the key does not have the second factor by it.
 */
export const HeldChangeRow = defineEntity({
  name: 'HeldChangeRow',
  tableName: 'held_change',
  indexes: [
    {
      name: 'held_change_open_unique',
      expression:
        'create unique index "held_change_open_unique" on "held_change" ("account_id", "kind") where ended_at is null',
    },
    {
      // What nobody has proven yet is not due, however long it waits.
      name: 'held_change_due_index',
      expression:
        'create index "held_change_due_index" on "held_change" ("waits_until") where ended_at is null and (kind = \'DELETION\' or proven_at is not null)',
    },
    { properties: ['accountId', 'askedAt'] },
    { properties: ['endedAt'] },
  ],
  properties: {
    id: p.uuid().primary(),
    accountId: () => p.manyToOne(AccountRow).mapToPk().fieldName('account_id').deleteRule('cascade'),
    kind: p.text().$type<HeldChangeKindName>(),
    /** ADDRESS: the new one, in its one form. */
    email: p.text().nullable(),
    /** With `salt` and the id what the code of a veto by mail is derived from. */
    keyId: p.text(),
    salt: p.blob(),
    askedAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
    /** Until then it may not be in force; the same as `askedAt` where nothing had to wait. */
    waitsUntil: p.datetime().columnType('timestamptz'),
    /** ADDRESS: when a code that was mailed to the new one was typed. */
    provenAt: p.datetime().columnType('timestamptz').nullable(),
    /** When it came into force, or was over without that. */
    endedAt: p.datetime().columnType('timestamptz').nullable(),
  },
});
export type HeldChangeRow = InferEntity<typeof HeldChangeRow>;
