import { tokenHash } from '../codes/tokens.js';
import type { Sql } from '../sql/database.js';
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
    await this.transactions.run(async (tx) => cancelByHolder(tx, hash));
    return this.views.find(db, token);
  }
}
