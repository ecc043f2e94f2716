import type { InferEntity } from '@mikro-orm/core';
import { ClientRow } from '../clients/client.entity.js';
import { SessionRow } from '../sessions/session.entity.js';
import { defineEntity, p } from '../sql/table.js';

/** Where a code leads: back to a product, or from an app into the pages. */
export type HandOverKind = 'RETURN' | 'PAGES';

/** A code that a session was given to pass on, good for once and for a moment. It goes with its session. */
export const HandOverRow = defineEntity({
  name: 'HandOverRow',
  tableName: 'hand_over',
  indexes: [{ properties: ['sessionId'] }, { properties: ['expiresAt'] }],
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    kind: p.text().$type<HandOverKind>(),
    sessionId: () => p.manyToOne(SessionRow).mapToPk().fieldName('session_id').deleteRule('cascade'),
    /** SHA-256 of the code. */
    hash: p.blob().unique(),
    /** SHA-256 of the state that it is bound to; null for what leads into the pages. */
    stateHash: p.blob().nullable(),
    /** The one API client that may redeem it; null: where it leads back to is nobody's own. */
    clientId: () => p.manyToOne(ClientRow).mapToPk().fieldName('client_id').nullable().deleteRule('cascade'),
    /** The account's when it was made: whatever ends trust ends it too. */
    epoch: p.integer(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
    expiresAt: p.datetime().columnType('timestamptz'),
    usedAt: p.datetime().columnType('timestamptz').nullable(),
  },
});
export type HandOverRow = InferEntity<typeof HandOverRow>;
