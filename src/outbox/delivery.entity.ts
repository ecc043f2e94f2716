import type { InferEntity } from '@mikro-orm/core';
import type { NoticeKind } from '../mail/mail-data.js';
import { defineEntity, p } from '../sql/table.js';

export const methods = ['APP', 'EMAIL'] as const;
export type Method = (typeof methods)[number];

export const deliveryStates = ['QUEUED', 'SENT', 'SEEN', 'RETRYING', 'FAILED'] as const;
export type DeliveryStateName = (typeof deliveryStates)[number];

/** What a notice says besides its own words. */
export interface NoticeFacts {
  readonly deviceName: string | null;
  readonly platform: string | null;
  readonly ipAddress: string | null;
  /** NEW_DEVICE: of how many devices it tells, where it tells of several at once and names none. */
  readonly more?: number;
  /** HELD_CHANGE: the change that waits, which the mail has a code to stop. */
  readonly heldChangeId?: string;
}

/**
 * The outbox: a mail that is to leave, or a code that goes to trusted devices, written in the transaction of its reason.
 * For APP only the fact that it was sent is stored; what became of it is read from the devices (`display`, `presence`).
 */
export const DeliveryRow = defineEntity({
  name: 'DeliveryRow',
  tableName: 'delivery',
  indexes: [
    { properties: ['toAddress', 'createdAt'] },
    {
      name: 'delivery_due_index',
      expression:
        'create index "delivery_due_index" on "delivery" ("next_attempt_at") where state in (\'QUEUED\', \'RETRYING\')',
    },
    { properties: ['challengeId'] },
    {
      // Whether the same notice went out a moment ago is looked for at each.
      name: 'delivery_notice_index',
      expression:
        'create index "delivery_notice_index" on "delivery" ("account_id", "created_at") where notice is not null',
    },
  ],
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    /** The challenge whose code it carries; null for a notice. */
    challengeId: p.uuid().nullable(),
    /** The account that a notice is about; null for a code. */
    accountId: p.uuid().nullable(),
    method: p.text().$type<Method>(),
    notice: p.text().$type<NoticeKind | 'HELD_CHANGE'>().nullable(),
    facts: p.json().$type<NoticeFacts>().nullable(),
    locale: p.text(),
    /** Null for APP. */
    toAddress: p.text().nullable(),
    /**
     * Who asked for a code without a proven account: a network (`/32`, `/64`), or `device:<id>`; or `unproven:<client>`, for
     * a subject whose address nobody has proven. Limits count by it.
     */
    askedFrom: p.text().nullable(),
    state: p.text().$type<DeliveryStateName>().default('QUEUED'),
    /** Never sent: past a limit, or for nobody. It looks the same from outside. */
    isWithheld: p.boolean().default(false),
    /** Why it failed, where it did; null where that is that nobody knows whether it did. */
    failure: p.text().$type<'ADDRESS_REFUSED' | 'MAIL_REFUSED' | 'TOO_LATE'>().nullable(),
    /** How often a worker took it up. */
    attempts: p.integer().default(0),
    /** When it is due; null for APP. */
    nextAttemptAt: p.datetime().columnType('timestamptz').nullable(),
    /** While this is ahead one worker has it. */
    claimedUntil: p.datetime().columnType('timestamptz').nullable(),
    /** Since when the mail server has been given the mail by the worker that has it; no answer has been written yet. */
    dataBegunAt: p.datetime().columnType('timestamptz').nullable(),
    /** How often it was given the mail and nobody learned whether it took it. */
    unknownSends: p.integer().default(0),
    /** The mail server's last answer: reply code (RFC 5321) and status (RFC 3463), never its text. */
    replyCode: p.integer().nullable(),
    enhancedStatus: p.text().nullable(),
    changedAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
  },
});
export type DeliveryRow = InferEntity<typeof DeliveryRow>;
