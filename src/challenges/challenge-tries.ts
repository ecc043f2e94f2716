import { countCodeFailure, lockAccount } from '../accounts/accounts.js';
import type { Activities } from '../activity/activities.js';
import { BadUserInput } from '../api/errors.js';
import { Problem } from '../api/problem.js';
import { type Codes, sameCode, typedCode } from '../codes/codes.js';
import { tokenHash } from '../codes/tokens.js';
import type { Limits } from '../config/limits.js';
import { deliverNotice } from '../outbox/outbox.js';
import type { Sql } from '../sql/database.js';
import type { Transactions } from '../sql/transactions.js';
import type { AccountLimits } from './account-limits.js';
import type { ChallengeRow, Purpose } from './challenge.entity.js';
import { ChallengeClosed, type TemporarilyLocked, WrongCode } from './challenge.types.js';
import { isPasswordProven } from './challenge-rules.js';
import { cancel, countJudgement, countTry, lock } from './challenge-states.js';
import type { ChallengeView, ChallengeViews } from './challenge-views.js';

/** What a typed code has to fit. */
export interface Try {
  readonly token: string;
  readonly code: string;
  /** The purposes that the field answers for. */
  readonly purposes: readonly Purpose[];
  /** The session that asks; a challenge that a session started is answered by that one alone. */
  readonly sessionId: string | null;
  readonly ipAddress: string;
}

/** Thrown inside a transaction to roll it back: both counters move, or none. */
class NotSpent extends Error {}

/** Counts, compares and consumes: a try is spent before it is compared, in a transaction that commits first. */
export class ChallengeTries {
  constructor(
    private readonly transactions: Transactions,
    private readonly codes: Codes,
    private readonly views: ChallengeViews,
    private readonly accountLimits: AccountLimits,
    private readonly activities: Activities,
    private readonly limits: Limits,
  ) {}

  /** @returns the challenge if the code is right, which is not consumed by that; else why not */
  async attempt(db: Sql, attempt: Try): Promise<ChallengeRow | WrongCode | ChallengeClosed | TemporarilyLocked> {
    const spent = await this.spend(db, attempt);
    if (spent instanceof Problem) return spent;
    if (!this.codes.knows(spent)) return this.giveUp(spent);
    // A code that was never given to a channel is always wrong, but the same work is done.
    const isRight = sameCode(this.codes.of(spent), typedCode(attempt.code) ?? '');
    if (isRight && spent.codeGivenAt) return spent;
    await this.noteWrong(spent, attempt.ipAddress);
    return new WrongCode(Math.max(0, this.limits.CHALLENGE_TRIES - spent.tries));
  }

  /**
   * Spends one of the judgements that a challenge has, before a new password is judged for it: that costs much, and no
   * code has to be right for it. Past the last one the challenge is locked, and the person starts another.
   * @returns null if it may be judged
   */
  async spendJudgement(db: Sql, seen: ChallengeView): Promise<ChallengeClosed | null> {
    const { row } = seen;
    if (!this.isOpen(seen)) return this.whyNotSpent(db, row) as Promise<ChallengeClosed>;
    if (await countJudgement(db, row.id, this.limits)) return null;
    const now = await this.views.read(db, row.id);
    if (now && now.row.judgements >= this.limits.JUDGEMENTS_PER_CHALLENGE) {
      await this.transactions.run((tx) => lock(tx, row));
    }
    return this.closedState(db, row);
  }

  /** A cheap look before anything is locked or written: what this finds closed stays so. */
  private isOpen({ state, attemptsRemaining }: ChallengeView): boolean {
    return state === 'PENDING' && attemptsRemaining > 0;
  }

  private async spend(db: Sql, attempt: Try): Promise<ChallengeRow | ChallengeClosed | TemporarilyLocked> {
    const seen = await this.views.find(db, attempt.token);
    if (!seen || !attempt.purposes.includes(seen.row.purpose)) return new ChallengeClosed('EXPIRED');
    if (!this.isOpen(seen)) return this.whyNotSpent(db, seen.row);
    requireCode(attempt.code, seen);
    try {
      return await this.transactions.run(async (tx) => {
        // The account first: whoever guesses SIGN_IN codes has the password, and there are always more challenges.
        const { accountId, epoch, purpose } = seen.row;
        const mayTry =
          purpose !== 'SIGN_IN' || (await countCodeFailure(tx, accountId ?? null, epoch ?? null, this.limits));
        const spent =
          mayTry && (await countTry(tx, { ...attempt, tokenHash: tokenHash('chl', attempt.token) }, this.limits));
        if (!spent) throw new NotSpent();
        return spent;
      });
    } catch (error) {
      if (!(error instanceof NotSpent)) throw error;
      return this.whyNotSpent(db, seen.row);
    }
  }

  private async whyNotSpent(db: Sql, challenge: ChallengeRow): Promise<ChallengeClosed | TemporarilyLocked> {
    const now = await this.views.read(db, challenge.id);
    if (!now) return new ChallengeClosed('EXPIRED');
    if (now.state !== 'PENDING') return new ChallengeClosed(now.state);
    if (now.row.tries >= this.limits.CHALLENGE_TRIES) return new ChallengeClosed('LOCKED');
    if (challenge.purpose === 'SIGN_IN' && challenge.accountId) {
      const locked = await this.accountLimits.lockOf(db, challenge.accountId);
      if (locked) return locked;
    }
    // Another session's, or of an epoch that is over: the code opens nothing from here.
    return new ChallengeClosed('CANCELLED');
  }

  private async noteWrong(challenge: ChallengeRow, ipAddress: string): Promise<void> {
    await this.transactions.run(async (tx) => {
      // Where no password was proven the account is not touched: the same work whether or not there is one.
      const accountId = isPasswordProven(challenge.purpose) ? challenge.accountId : null;
      const account = accountId ? await lockAccount(tx, accountId, null) : null;
      const isLast = challenge.tries >= this.limits.CHALLENGE_TRIES;
      const isLocked = isLast && (await lock(tx, challenge));
      if (!account) return;
      const entry = {
        accountId: account.id,
        deviceId: challenge.deviceId ?? null,
        deviceName: challenge.deviceName,
        platform: challenge.platform,
        ipAddress,
        method: methodOf(challenge),
      };
      this.activities.record(tx, { ...entry, type: 'WRONG_CODE' });
      if (!isLocked) return;
      this.activities.record(tx, { ...entry, type: 'CHALLENGE_LOCKED' });
      if (challenge.purpose === 'SIGN_IN') {
        const { deviceName, platform } = challenge;
        deliverNotice(tx, account, 'WRONG_CODES', { deviceName, platform, ipAddress });
      }
    });
  }

  /** Its key is gone from `CODE_KEYS`: no code can be right any more, and the person is told so. */
  private async giveUp(challenge: ChallengeRow): Promise<ChallengeClosed> {
    await this.transactions.run(async (tx) => {
      // Where no password was proven the account is not touched: the same work whether or not there is one.
      const accountId = isPasswordProven(challenge.purpose) ? challenge.accountId : null;
      if (accountId) await lockAccount(tx, accountId, null);
      await cancel(tx, challenge);
    });
    return new ChallengeClosed('CANCELLED');
  }

  /** Why a challenge could not be consumed although its code was right. */
  async closedState(db: Sql, challenge: ChallengeRow): Promise<ChallengeClosed> {
    const now = await this.views.read(db, challenge.id);
    if (now && now.state !== 'PENDING') return new ChallengeClosed(now.state);
    // Still pending: the account's epoch is another, or the address of a sign-up was taken in between.
    return new ChallengeClosed(isPasswordProven(challenge.purpose) ? 'CANCELLED' : 'EXPIRED');
  }
}

/** What cannot be the code, whatever it is, costs no try: nothing was typed, or letters, or another number of digits. */
export function requireCode(code: string, { row: { codeLength } }: ChallengeView): void {
  if (typedCode(code)?.length !== codeLength) throw new BadUserInput('code', `must be ${codeLength} digits`);
}

/** The second step as activity tells of it: EMAIL if the code was ever mailed. */
export function methodOf(challenge: ChallengeRow): 'APP' | 'EMAIL' {
  return challenge.mailedAt ? 'EMAIL' : 'APP';
}
