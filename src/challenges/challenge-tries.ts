import { lockAccount } from '../accounts/accounts.js';
import type { Activities } from '../activity/activities.js';
import { Problem } from '../api/problem.js';
import { type Codes, sameCode, typedCode } from '../codes/codes.js';
import { tokenHash } from '../codes/tokens.js';
import type { Limits } from '../config/limits.js';
import { deliverNotice } from '../outbox/outbox.js';
import type { Sql } from '../sql/database.js';
import { countOf, rowOf } from '../sql/rows.js';
import { columns, type Fragment, sql } from '../sql/statement.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import type { AccountLimits } from './account-limits.js';
import { ChallengeRow, type Purpose } from './challenge.entity.js';
import { ChallengeClosed, type TemporarilyLocked, WrongCode } from './challenge.types.js';
import { isOpen, isPasswordProven } from './challenge-rules.js';
import type { ChallengeView, ChallengeViews } from './challenge-views.js';

const MAX_PAUSE_SECONDS = 86_400;
/** The pause doubles with each so many failures more. */
const FAILURES_PER_DOUBLING = 5;

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
    const isRight = sameCode(this.codes.of(spent), typedCode(attempt.code));
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
    const { CHALLENGE_TRIES: tries, JUDGEMENTS_PER_CHALLENGE: judgements } = this.limits;
    if (!this.isOpen(seen)) return this.whyNotSpent(db, row) as Promise<ChallengeClosed>;
    const spent = await countOf(
      db,
      sql`update challenge set judgements = judgements + 1
          where id = ${row.id} and state = 'PENDING' and expires_at > clock_timestamp() and tries < ${tries}
            and judgements < ${judgements}`,
    );
    if (spent === 1) return null;
    const now = await this.views.read(db, row.id);
    if (now && now.row.judgements >= judgements) await this.transactions.run((tx) => this.lock(tx, row));
    return this.closedState(db, row);
  }

  /** Nothing was judged, because the server is busy. */
  async takeJudgementBack(db: Sql, { row }: ChallengeView): Promise<void> {
    await countOf(db, sql`update challenge set judgements = greatest(judgements - 1, 0) where id = ${row.id}`);
  }

  /** A cheap look before anything is locked or written: what this finds closed stays so. */
  private isOpen({ state, attemptsRemaining }: ChallengeView): boolean {
    return state === 'PENDING' && attemptsRemaining > 0;
  }

  private async spend(db: Sql, attempt: Try): Promise<ChallengeRow | ChallengeClosed | TemporarilyLocked> {
    const seen = await this.views.find(db, attempt.token);
    if (!seen || !attempt.purposes.includes(seen.row.purpose)) return new ChallengeClosed('EXPIRED');
    if (!this.isOpen(seen)) return this.whyNotSpent(db, seen.row);
    try {
      return await this.transactions.run(async (tx) => {
        // The account first: whoever guesses SIGN_IN codes has the password, and there are always more challenges.
        if (seen.row.purpose === 'SIGN_IN') await this.countFailure(tx, seen.row);
        return await this.countTry(tx, attempt);
      });
    } catch (error) {
      if (!(error instanceof NotSpent)) throw error;
      return this.whyNotSpent(db, seen.row);
    }
  }

  /** Counts the failure and sets the pause; a right code takes both back. */
  private async countFailure(tx: Tx, challenge: ChallengeRow): Promise<void> {
    const {
      ACCOUNT_TRIES_BEFORE_PAUSE: before,
      ACCOUNT_PAUSE_SECONDS: pause,
      ACCOUNT_TRIES_BEFORE_STOP: stop,
    } = this.limits;
    const counted = await countOf(
      tx,
      sql`update account set code_failures = code_failures + 1,
            paused_until = case
              when code_failures + 1 >= ${before} and (code_failures + 1 - ${before}) % ${FAILURES_PER_DOUBLING} = 0
              then clock_timestamp() + make_interval(secs => least(${MAX_PAUSE_SECONDS},
                ${pause} * power(2::float8, (code_failures + 1 - ${before}) / ${FAILURES_PER_DOUBLING})))
              else paused_until end
          where id = ${challenge.accountId ?? null} and epoch = ${challenge.epoch ?? null} and code_failures < ${stop}
            and (paused_until is null or paused_until <= clock_timestamp())`,
    );
    if (counted === 0) throw new NotSpent();
  }

  private async countTry(tx: Tx, attempt: Try): Promise<ChallengeRow> {
    const counted = await rowOf<ChallengeRow>(
      tx,
      sql`update challenge set tries = tries + 1
          where token_hash = ${tokenHash('chl', attempt.token)} and purpose = any(${attempt.purposes})
            and state = 'PENDING' and tries < ${this.limits.CHALLENGE_TRIES} and expires_at > clock_timestamp()
            and (session_id is null or session_id = ${attempt.sessionId}::uuid)
          returning ${columns(ChallengeRow)}`,
    );
    if (!counted) throw new NotSpent();
    tx.wake(`challenge:${counted.id}`);
    return counted;
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
      const isLocked = isLast && (await this.lock(tx, challenge));
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

  private async lock(tx: Tx, challenge: ChallengeRow): Promise<boolean> {
    tx.wake(`challenge:${challenge.id}`);
    if (challenge.accountId) tx.wake(`account:${challenge.accountId}`);
    const locked = await countOf(
      tx,
      sql`update challenge set state = 'LOCKED', ended_at = clock_timestamp(), password_hash = null
          where id = ${challenge.id} and state = 'PENDING' and expires_at > clock_timestamp()`,
    );
    return locked === 1;
  }

  /** Its key is gone from `CODE_KEYS`: no code can be right any more, and the person is told so. */
  private async giveUp(challenge: ChallengeRow): Promise<ChallengeClosed> {
    await this.transactions.run(async (tx) => {
      // Where no password was proven the account is not touched: the same work whether or not there is one.
      const accountId = isPasswordProven(challenge.purpose) ? challenge.accountId : null;
      if (accountId) await lockAccount(tx, accountId, null);
      await countOf(
        tx,
        sql`update challenge c set state = 'CANCELLED', ended_at = clock_timestamp(), password_hash = null
            where c.id = ${challenge.id} and ${isOpen('c')}`,
      );
      tx.wake(`challenge:${challenge.id}`);
    });
    return new ChallengeClosed('CANCELLED');
  }

  /**
   * Consumes a challenge whose code was right: every condition of the try again, but the tries. Of several requests with
   * the right code, one gets the row. The account, where there is one, must be locked.
   */
  async consume(tx: Tx, challenge: ChallengeRow, purposes: readonly Purpose[]): Promise<ChallengeRow | null> {
    const consumed = await rowOf<ChallengeRow>(tx, consumption(challenge, purposes, null));
    if (consumed) this.wakeFor(tx, consumed);
    return consumed;
  }

  /** The same for a sign-in, without waiting: what follows in the transaction must fail where it was not consumed. */
  consumeFor(tx: Tx, challenge: ChallengeRow, purposes: readonly Purpose[], deviceId: string): void {
    tx.write(consumption(challenge, purposes, deviceId));
    this.wakeFor(tx, challenge);
    if (challenge.accountId && challenge.purpose === 'SIGN_IN') forgiveFailures(tx, challenge.accountId);
  }

  private wakeFor(tx: Tx, { id, accountId }: ChallengeRow): void {
    tx.wake(`challenge:${id}`);
    if (accountId) tx.wake(`account:${accountId}`);
  }

  /** Why a challenge could not be consumed although its code was right. */
  async closedState(db: Sql, challenge: ChallengeRow): Promise<ChallengeClosed> {
    const now = await this.views.read(db, challenge.id);
    if (now && now.state !== 'PENDING') return new ChallengeClosed(now.state);
    // Still pending: the account's epoch is another, or the address of a sign-up was taken in between.
    return new ChallengeClosed(isPasswordProven(challenge.purpose) ? 'CANCELLED' : 'EXPIRED');
  }
}

/** @param deviceId the device that it signs in; null where it signs in none */
function consumption(challenge: ChallengeRow, purposes: readonly Purpose[], deviceId: string | null): Fragment {
  return sql`update challenge c
    set state = 'VERIFIED', ended_at = clock_timestamp(), password_hash = null, signed_in_device_id = ${deviceId}
    where c.id = ${challenge.id} and c.state = 'PENDING' and c.expires_at > clock_timestamp()
      and c.purpose = any(${purposes}) and c.code_given_at is not null
      and (c.epoch is null or exists (select 1 from account a where a.id = c.account_id and a.epoch = c.epoch))
    returning ${columns(ChallengeRow)}`;
}

/** The second step as activity tells of it: EMAIL if the code was ever mailed. */
export function methodOf(challenge: ChallengeRow): 'APP' | 'EMAIL' {
  return challenge.mailedAt ? 'EMAIL' : 'APP';
}

function forgiveFailures(tx: Tx, accountId: string): void {
  tx.write(sql`update account set code_failures = 0, paused_until = null where id = ${accountId}`);
}
