import type { InferEntity } from '@mikro-orm/core';
import { defineEntity, p } from '../sql/table.js';

/**
 * How many accounts have a password hash of which costs. Triggers on `account` keep it, whoever writes there: the version
 * before, too. Sixteen rows for each, so that new accounts do not wait for one another.
 */
export const PasswordCostRow = defineEntity({
  name: 'PasswordCostRow',
  tableName: 'password_cost',
  properties: {
    /** As the hash begins in PHC string format: `$argon2id$v=19$m=19456,t=2,p=1`. */
    costs: p.text().primary(),
    /** 0 to 15, by the account's id. */
    shard: p.smallint().primary(),
    accounts: p.integer(),
    /** Newer costs take over from older ones. */
    firstSeenAt: p.datetime().columnType('timestamptz').defaultRaw('clock_timestamp()'),
  },
});
export type PasswordCostRow = InferEntity<typeof PasswordCostRow>;

/** One row: what decides which costs an address has that nobody has. Of use to nobody who has the accounts themselves. */
export const DecoySecretRow = defineEntity({
  name: 'DecoySecretRow',
  tableName: 'decoy_secret',
  properties: {
    secret: p.blob().primary(),
  },
});
export type DecoySecretRow = InferEntity<typeof DecoySecretRow>;
