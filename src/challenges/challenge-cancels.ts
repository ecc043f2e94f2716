import { lockAccountOf } from '../accounts/accounts.js';
import { tokenHash } from '../codes/tokens.js';
import type { Sql } from '../sql/database.js';
import { sql } from '../sql/statement.js';
import type { Transactions } from '../sql/transactions.js';
import { cancelByHolder } from './challenge-states.js';
import type { ChallengeView, ChallengeViews } from './challenge-views.js';

/** Ends challenges whose holder goes another way. */
export class ChallengeCancels {
  constructor(
    private readonly transactions: Transactions,
    private readonly views: ChallengeViews,
  ) {}

  /**
   * Ends a challenge at once, and takes down its prompt. One that is over already comes back unchanged.
   * @returns null if the token names none
   */
  async cancel(db: Sql, token: string): Promise<ChallengeView | null> {
    const hash = tokenHash('chl', token);
    if (!hash) return null;
    await this.transactions.run(async (tx) => {
      // The account first, as everywhere: that its prompt is over is told under its lock.
      const locked = lockAccountOf(tx, sql`c.token_hash = ${hash}`);
      cancelByHolder(tx, hash);
      await locked;
    });
    return this.views.find(db, token);
  }
}
