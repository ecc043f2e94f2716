import type { InferEntity } from '@mikro-orm/core';
import { AccountRow } from '../accounts/account.entity.js';
import { defineEntity, p } from '../sql/table.js';

/** What a person sent to support when codes did not arrive; support finds it by its id. */
export const SupportReportRow = defineEntity({
  name: 'SupportReportRow',
  tableName: 'support_report',
  indexes: [{ properties: ['accountId', 'createdAt'] }, { properties: ['challengeId'] }],
  properties: {
    id: p.uuid().primary(),
    accountId: () => p.manyToOne(AccountRow).mapToPk().fieldName('account_id').deleteRule('cascade'),
    /** The challenge whose token it was asked for with; null where a session asked. */
    challengeId: p.uuid().nullable(),
    /** What the person was given. */
    text: p.text(),
    /** What the operator reads besides: the account's part, where the person had no session. */
    accountText: p.text().nullable(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
  },
});
export type SupportReportRow = InferEntity<typeof SupportReportRow>;
