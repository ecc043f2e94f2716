import type { InferEntity } from '@mikro-orm/core';
import { AccountRow } from '../accounts/account.entity.js';
import { ChallengeRow } from '../challenges/challenge.entity.js';
import type { VerificationPurposeName } from '../challenges/verification-purpose.js';
import { ClientRow } from '../clients/client.entity.js';
import type { BoundAction } from '../codes/codes.js';
import type { Method } from '../outbox/delivery.entity.js';
import { defineEntity, p } from '../sql/table.js';

/**
 * That a product's backend wants somebody verified: asked for before any device has begun, and kept after it. From its
 * begin on a challenge decides what becomes of it.
 */
export const VerificationRow = defineEntity({
  name: 'VerificationRow',
  tableName: 'verification',
  uniques: [{ properties: ['clientId', 'requestId'] }],
  indexes: [{ properties: ['accountId', 'createdAt'] }, { properties: ['expiresAt'] }],
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    clientId: () => p.manyToOne(ClientRow).mapToPk().fieldName('client_id').deleteRule('restrict'),
    /** The backend's own id of it. */
    requestId: p.text(),
    accountId: () => p.manyToOne(AccountRow).mapToPk().fieldName('account_id').deleteRule('cascade'),
    purpose: p.text().$type<VerificationPurposeName>(),
    /** The account's epoch under which it was started. */
    epoch: p.integer(),
    /** CONFIRM and DISABLE_TWO_STEP: the session that asks. */
    sessionId: p.uuid().nullable(),
    action: p.json().columnType('jsonb').$type<BoundAction>().nullable(),
    /** SHA-256 of what the backend asked for: the same request id with other input is refused. */
    inputHash: p.blob(),
    /** SHA-256 of the challenge's token, which is derived and stored nowhere. */
    tokenHash: p.blob().unique(),
    keyId: p.text(),
    salt: p.blob(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
    /** Begun by then, or not at all; the challenge has a time of its own. */
    expiresAt: p.datetime().columnType('timestamptz'),
    /** Null: no device has begun, or the one that did needed no code. */
    challengeId: () =>
      p.manyToOne(ChallengeRow).mapToPk().fieldName('challenge_id').nullable().unique().deleteRule('set null'),
    cancelledAt: p.datetime().columnType('timestamptz').nullable(),
    verifiedAt: p.datetime().columnType('timestamptz').nullable(),
    /** How: by a typed code; null: a trusted device, no code. */
    method: p.text().$type<Method>().nullable(),
    /** The session that was opened. */
    verifiedSessionId: p.uuid().nullable(),
    /** SHA-256 of the receipt. */
    receiptHash: p.blob().nullable(),
    receiptExpiresAt: p.datetime().columnType('timestamptz').nullable(),
    /** The account's epoch after the transaction that wrote the receipt. */
    receiptEpoch: p.integer().nullable(),
    redeemedAt: p.datetime().columnType('timestamptz').nullable(),
  },
});
export type VerificationRow = InferEntity<typeof VerificationRow>;
