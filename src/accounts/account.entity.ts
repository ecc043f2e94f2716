import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { ClientRow } from '../clients/client.entity.js';

/** A person's account. Everything that opens or shuts its door raises `epoch` in the same transaction. */
export const AccountRow = defineEntity({
  name: 'AccountRow',
  tableName: 'account',
  checks: [
    { name: 'account_subject_check', expression: '(client_id is null) = (external_id is null)' },
    { name: 'account_external_id_check', expression: "external_id ~ '^[!-~]{1,128}$'" },
  ],
  indexes: [
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
    /** Normalised as `email-address.ts` says; compared bytewise. */
    email: p.text().unique(),
    /** argon2id in PHC string format. */
    passwordHash: p.text().hidden(),
    /** The language in which somebody was let in last, for mails. */
    locale: p.text().default('en'),
    /** Rises with each change of the password or of two-step, and whenever a device's trust ends. */
    epoch: p.integer().default(0),
    twoStepEnabledAt: p.datetime().columnType('timestamptz').nullable(),
    /** Wrong SIGN_IN codes in a row, over all challenges. */
    codeFailures: p.integer().default(0),
    /** New devices wait until then. */
    pausedUntil: p.datetime().columnType('timestamptz').nullable(),
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
