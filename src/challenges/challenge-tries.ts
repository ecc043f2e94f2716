import type { AccountRow } from '../accounts/account.entity.js';
import { countCodeFailure, lockAccount } from '../accounts/accounts.js';
import type { FailureCount } from '../accounts/failure-counts.js';
import type { Activities } from '../activity/activities.js';
import type { SecurityEvents } from '../activity/security-events.js';
import { BadUserInput } from '../api/errors.js';
import { type Codes, sameCode, typedCode } from '../codes/codes.js';
import { tokenHash } from '../codes/tokens.js';
import type { Limits } from '../config/limits.js';
import type { Sql } from '../sql/database.js';
import { constant, sql } from '../sql/statement.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import type { AccountLimits } from './account-limits.js';
import { type ChallengeRow, type Purpose, purposes } from './challenge.entity.js';
import { ChallengeClosed, type TemporarilyLocked, WrongCode } from './challenge.types.js';
import { purposeRules } from './challenge-purposes.js';
import { isProven } from './challenge-rules.js';
import {
  type Answerable,
  type Answerer,
  answers,
  cancel,
  countJudgement,
  countTry,
  lock,
  takesTry,
} from './challenge-states.js';
import type { ChallengeView, ChallengeViews } from './challenge-views.js';

/** What a typed code has to fit. */
export interface Try {
  readonly token: string;
  readonly code: string;
  readonly field: Answerable;
  /** The session that asks; a challenge that a session started here is answered by that one alone. */
  readonly sessionId: string | null;
  readonly ipAddress: string;
}

/** What follows a right code, in a transaction that begins behind the commit of the try. */
export interface Next<Seen, Outcome> {
  /** Goes out with that commit, so it locks and reads, and writes nothing: the code is not compared yet. */
  look(tx: Tx, challenge: ChallengeRow): Promise<Seen>;
  /** The challenge is not consumed by its right code alone: this does it. */
  enter(tx: Tx, challenge: ChallengeRow, seen: Seen): Promise<Outcome>;
}

/** For who goes on in a transaction of their own. */
export const nothingYet: Next<null, ChallengeRow> = {
  look: async () => null,
  enter: async (_tx, challenge) => challenge,
};

/** Thrown inside a transaction to roll it back: both counters move, or none. */
class NotSpent extends Error {}

/** Counts and compares: a try is spent before it is compared, in a transaction that commits first. */
export class ChallengeTries {
  constructor(
    private readonly transactions: Transactions,
    private readonly codes: Codes,
    private readonly views: ChallengeViews,
    private readonly accountLimits: AccountLimits,
    private readonly activities: Activities,
    private readonly events: SecurityEvents,
    private readonly limits: Limits,
  ) {}

  /** What there is to be tried; null where there is none under this token. */
  find(db: Sql, token: string): Promise<ChallengeView | null> {
    return this.views.find(db, token);
  }

  /** @returns what follows if the code is right; else why not */
  async attempt<Seen, Outcome>(
    db: Sql,
    attempt: Try,
    next: Next<Seen, Outcome>,
  ): Promise<Outcome | WrongCode | ChallengeClosed | TemporarilyLocked> {
    try {
      return await this.transactions.run((tx) => this.attemptOnce(tx, attempt, next));
    } catch (error) {
      if (!(error instanceof NotSpent)) throw error;
      const seen = await this.views.find(db, attempt.token);
      if (!seen || !answers(attempt.field, seen.row)) return new ChallengeClosed('EXPIRED');
      if (this.isOpen(seen)) requireCode(attempt.code, seen);
      return this.whyNotSpent(db, seen);
    }
  }

  private async attemptOnce<Seen, Outcome>(
    tx: Tx,
    attempt: Try,
    next: Next<Seen, Outcome>,
  ): Promise<Outcome | WrongCode | ChallengeClosed> {
    const spent = await this.spend(tx, attempt);
    // From here on no throw refunds the try.
    const [, seen] = await Promise.all([tx.checkpoint(), next.look(tx, spent)]);
    if (!this.codes.knows(spent)) return this.giveUp(tx, spent);
    // A code that was never given to a channel is always wrong, but the same work is done.
    const isRight = sameCode(this.codes.of(spent), typedCode(attempt.code) ?? '');
    if (isRight && spent.codeGivenAt) return next.enter(tx, spent, seen);
    await this.noteWrong(tx, spent, attempt.ipAddress);
    return new WrongCode(Math.max(0, this.limits.CHALLENGE_TRIES - spent.tries));
  }

  /**
   * For a challenge that is over, or has a code of another length, neither statement matches: nothing is locked or written.
   * @throws NotSpent
   */
  private async spend(tx: Tx, attempt: Try): Promise<ChallengeRow> {
    const digits = typedCode(attempt.code)?.length ?? 0;
    const answerer = { ...attempt, tokenHash: tokenHash('chl', attempt.token), digits };
    // The account first: whoever guesses has proven it already, and there are always more challenges.
    const [counted, spent] = await Promise.all([
      Promise.all(countsOf(attempt.field).map((count) => this.countFailure(tx, count, answerer))),
      countTry(tx, answerer, this.limits),
    ]);
    const [count = null] = counted.filter((one) => one !== null);
    if (!spent || count !== purposeRules[spent.purpose].failures) throw new NotSpent();
    return spent;
  }

  /** @returns null where the challenge is not counted there, or that count is paused */
  private async countFailure(tx: Tx, count: FailureCount, answerer: Answerer): Promise<FailureCount | null> {
    const which = sql`${takesTry(answerer, this.limits)} and c.purpose = any(${constant(purposesOf(count))})`;
    return (await countCodeFailure(tx, count, which, this.limits)) ? count : null;
  }

  /**
   * Spends one of the judgements that a challenge has, before a new password is judged for it: that costs much, and no
   * code has to be right for it. Past the last one the challenge is locked, and the person starts another.
   * @returns null if it may be judged
   */
  async spendJudgement(db: Sql, seen: ChallengeView): Promise<ChallengeClosed | null> {
    const { row } = seen;
    if (!this.isOpen(seen)) return this.whyNotSpent(db, seen) as Promise<ChallengeClosed>;
    if (await countJudgement(db, row.id, this.limits)) return null;
    const now = await this.views.read(db, row.id);
    if (now && now.row.judgements >= this.limits.JUDGEMENTS_PER_CHALLENGE) {
      await this.transactions.run((tx) => lock(tx, row));
    }
    return this.closedState(db, seen.token);
  }

  /** A cheap look before anything is locked or written: what this finds closed stays so. */
  private isOpen({ state, attemptsRemaining }: ChallengeView): boolean {
    return state === 'PENDING' && attemptsRemaining > 0;
  }

  private async whyNotSpent(db: Sql, { row, state }: ChallengeView): Promise<ChallengeClosed | TemporarilyLocked> {
    if (state !== 'PENDING') return new ChallengeClosed(state, row.purpose);
    if (row.tries >= this.limits.CHALLENGE_TRIES) return new ChallengeClosed('LOCKED');
    const { failures } = purposeRules[row.purpose];
    const locked = failures && row.accountId ? await this.accountLimits.lockOf(db, row.accountId, failures) : null;
    if (locked) return locked;
    // Another session's, or of an epoch that is over: the code opens nothing from here.
    return new ChallengeClosed('CANCELLED');
  }

  private async noteWrong(tx: Tx, challenge: ChallengeRow, ipAddress: string): Promise<void> {
    const account = await lockProven(tx, challenge);
    const isLast = challenge.tries >= this.limits.CHALLENGE_TRIES;
    const isLocked = isLast && (await lock(tx, challenge));
    if (!account) return;
    const { deviceId = null, deviceName, platform } = challenge;
    const entry = { deviceId, deviceName, platform, ipAddress, method: methodOf(challenge) };
    this.activities.record(tx, { ...entry, accountId: account.id, type: 'WRONG_CODE' });
    if (isLocked) this.activities.record(tx, { ...entry, accountId: account.id, type: 'CHALLENGE_LOCKED' });
    // Whoever leaves each challenge before its last try is told of as well.
    const isOften = account.codeFailures >= this.limits.ACCOUNT_TRIES_BEFORE_PAUSE;
    if (challenge.purpose === 'SIGN_IN' && (isLocked || isOften)) this.events.tell(tx, account, 'WRONG_CODES', entry);
  }

  /** Its key is gone from `CODE_KEYS`: no code can be right any more, and the person is told so. */
  private async giveUp(tx: Tx, challenge: ChallengeRow): Promise<ChallengeClosed> {
    await lockProven(tx, challenge);
    await cancel(tx, challenge);
    return new ChallengeClosed('CANCELLED');
  }

  /** Why a challenge could not be consumed although its code was right. */
  async closedState(db: Sql, token: string): Promise<ChallengeClosed> {
    const now = await this.views.find(db, token);
    if (now && now.state !== 'PENDING') return new ChallengeClosed(now.state, now.row.purpose);
    // Still pending: the account's epoch is another, or the address of a sign-up was taken in between.
    return new ChallengeClosed(now && isProven(now.row.purpose) ? 'CANCELLED' : 'EXPIRED');
  }
}

/** The counts that a field's challenges may have. */
function countsOf({ own, backends }: Answerable): FailureCount[] {
  const counts = [...own, ...backends].map((purpose) => purposeRules[purpose].failures);
  return [...new Set(counts.filter((count) => count !== null))];
}

function purposesOf(count: FailureCount): Purpose[] {
  return purposes.filter((purpose) => purposeRules[purpose].failures === count);
}

/** Where no password was proven the account is not touched: the same work whether or not there is one. */
async function lockProven(tx: Tx, { purpose, accountId }: ChallengeRow): Promise<AccountRow | null> {
  return isProven(purpose) && accountId ? lockAccount(tx, accountId, null) : null;
}

/** What cannot be the code, whatever it is, costs no try: nothing was typed, or letters, or another number of digits. */
export function requireCode(code: string, { row: { codeLength } }: ChallengeView): void {
  if (typedCode(code)?.length !== codeLength) throw new BadUserInput('code', `must be ${codeLength} digits`);
}

/** The second step as activity tells of it: EMAIL if the code was ever mailed. */
export function methodOf(challenge: ChallengeRow): 'APP' | 'EMAIL' {
  return challenge.mailedAt ? 'EMAIL' : 'APP';
}
