import { sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';

/** Writes a new password's hash. Whoever guessed codes had the old one: the pause, or the stop, ends with it. */
export function setPassword(tx: Tx, accountId: string, passwordHash: string): void {
  tx.write(sql`update account set password_hash = ${passwordHash}, code_failures = 0, paused_until = null
        where id = ${accountId}`);
}
