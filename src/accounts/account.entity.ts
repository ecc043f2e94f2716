import type { InferEntity } from '@mikro-orm/core';
import { ClientRow } from '../clients/client.entity.js';
import { defineEntity, p } from '../sql/table.js';

/** A person's account. Everything that opens or shuts its door raises `epoch` in the same transaction. */
export const AccountRow = defineEntity({
  name: 'AccountRow',
  tableName: 'account',
  checks: [
    { name: 'account_subject_check', expression: '(client_id is null) = (external_id is null)' },
    { name: 'account_external_id_check', expression: "external_id ~ '^[!-~]{1,128}$'" },
    // Whom a client holds is met by no public field: neither an address nor a password of theirs is where those look.
    { name: 'account_email_check', expression: '(client_id is null) = (email is not null)' },
    { name: 'account_subject_email_check', expression: '(client_id is null) = (subject_email is null)' },
    { name: 'account_password_check', expression: '(client_id is null) = (password_hash is not null)' },
  ],
  indexes: [
    {
      // Those whose mailbox may stop what is asked for them.
      name: 'account_subject_email_index',
      expression:
        'create index "account_subject_email_index" on "account" ("subject_email") where subject_email is not null',
    },
    {
      // Without the accounts that are nobody's subjects.
      name: 'account_client_id_external_id_unique',
      expression:
        'create unique index "account_client_id_external_id_unique" on "account" ("client_id", "external_id") where client_id is not null',
    },
  ],
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    /** The API client whose subject it is; null: the account of somebody who opened it. */
    clientId: () => p.manyToOne(ClientRow).mapToPk().fieldName('client_id').nullable().deleteRule('restrict'),
    /** That client's id for it. */
    externalId: p.text().nullable(),
    /** Normalised as `email-address.ts` says; compared bytewise. Null: a subject's, see `subjectEmail`. */
    email: p.text().nullable().unique(),
    /** The address of a subject, in the same form; several clients and an own account may have the same. */
    subjectEmail: p.text().nullable(),
    /** When a code that was mailed to a subject's address was typed; null: nobody has proven it yet. */
    addressProvenAt: p.datetime().columnType('timestamptz').nullable(),
    /** argon2id in PHC string format. Null: a subject's, whose password somebody else holds. */
    passwordHash: p.text().nullable().hidden(),
    /** The language in which somebody was let in last, for mails. */
    locale: p.text().default('en'),
    /** Rises with each change of the password or of two-step, and whenever a device's trust ends. */
    epoch: p.integer().default(0),
    twoStepEnabledAt: p.datetime().columnType('timestamptz').nullable(),
    /** Wrong SIGN_IN codes in a row, over all challenges. */
    codeFailures: p.integer().default(0),
    /** New devices wait until then. */
    pausedUntil: p.datetime().columnType('timestamptz').nullable(),
    /** Wrong codes of CONFIRM and DISABLE_TWO_STEP in a row, over all challenges. */
    confirmFailures: p.integer().default(0),
    /** Nothing is confirmed until then. */
    confirmPausedUntil: p.datetime().columnType('timestamptz').nullable(),
    /** After a reset: until then codes go by mail only to devices that were trusted at that moment. */
    mailHeldUntil: p.datetime().columnType('timestamptz').nullable(),
    /** When a product's backend lifted the stop by wrong codes last: it may once a day. */
    stopLiftedAt: p.datetime().columnType('timestamptz').nullable(),
    /** The number of the newest entry of the sign-in activity. */
    activityCount: p.integer().default(0),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
  },
});
export type AccountRow = InferEntity<typeof AccountRow>;

/** An account that an API client made, as it is forgotten: whoever asks for it is not told that it never was. */
export const DeletedSubjectRow = defineEntity({
  name: 'DeletedSubjectRow',
  tableName: 'deleted_subject',
  properties: {
    clientId: () => p.manyToOne(ClientRow).mapToPk().fieldName('client_id').deleteRule('cascade').primary(),
    externalId: p.text().primary(),
    deletedAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
  },
});
export type DeletedSubjectRow = InferEntity<typeof DeletedSubjectRow>;
