import { holdMail, lockAccount, setPassword } from '../accounts/accounts.js';
import type { SecurityEvents } from '../activity/security-events.js';
import type { Context } from '../api/context.js';
import { Overloaded } from '../api/errors.js';
import { Problem } from '../api/problem.js';
import type { ChallengeRow } from '../challenges/challenge.entity.js';
import { ChallengeClosed, type WrongCode } from '../challenges/challenge.types.js';
import { shutDoor } from '../challenges/challenge-ends.js';
import { type Answerable, consume, takeJudgementBack, withdrawResetCodes } from '../challenges/challenge-states.js';
import { type ChallengeTries, nothingYet, requireCode } from '../challenges/challenge-tries.js';
import type { Limits } from '../config/limits.js';
import { forgetTrustAtReset } from '../devices/devices.js';
import { stranger } from '../passwords/asker.js';
import type { NewPasswords } from '../passwords/new-passwords.js';
import type { WeakPassword } from '../passwords/password.types.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import { PasswordReset } from './security.types.js';

const field: Answerable = { own: ['RESET_PASSWORD'], backends: [] };

/** Resets passwords by a code that goes to the account's address. */
export class PasswordResets {
  constructor(
    private readonly transactions: Transactions,
    private readonly tries: ChallengeTries,
    private readonly passwords: NewPasswords,
    private readonly sessions: Sessions,
    private readonly events: SecurityEvents,
    private readonly limits: Limits,
  ) {}

  /**
   * Ends every session and forgets every device's trust. Never signs in: the second step stands before that.
   * @throws Overloaded
   */
  async reset(
    { db, client }: Pick<Context, 'db' | 'client'>,
    token: string,
    code: string,
    newPassword: string,
  ): Promise<PasswordReset | WrongCode | ChallengeClosed | WeakPassword> {
    const seen = await this.tries.find(db, token);
    if (seen?.row.purpose !== 'RESET_PASSWORD') return new ChallengeClosed('EXPIRED');
    if (seen.state === 'PENDING') requireCode(code, seen);
    // Judged before a try is spent: a weak password is no wrong code.
    const closed = await this.tries.spendJudgement(db, seen);
    if (closed) return closed;
    const { ipAddress } = client;
    const asker = stranger(ipAddress);
    const weak = await this.passwords.judge(newPassword, seen.row.email, asker).catch(async (error) => {
      if (error instanceof Overloaded) await takeJudgementBack(db, seen.row.id);
      throw error;
    });
    if (weak) return weak;
    const right = await this.tries.attempt(db, { token, code, field, sessionId: null, ipAddress }, nothingYet);
    if (right instanceof Problem) return right as WrongCode | ChallengeClosed;
    const passwordHash = await this.passwords.hash(newPassword, asker);
    const sessionsEnded = await this.transactions.run((tx) => this.resetOnce(tx, right, passwordHash, ipAddress));
    return sessionsEnded === null ? this.tries.closedState(db, token) : new PasswordReset(sessionsEnded);
  }

  private async resetOnce(tx: Tx, challenge: ChallengeRow, passwordHash: string, ipAddress: string) {
    const account = challenge.accountId && (await lockAccount(tx, challenge.accountId, null));
    if (!account || !(await consume(tx, challenge, field))) return null;
    await shutDoor(tx, account.id);
    withdrawResetCodes(tx, account.id);
    setPassword(tx, account.id, passwordHash);
    const ended = await this.sessions.endOthers(tx, account.id, null);
    forgetTrustAtReset(tx, account.id, this.limits);
    // Where any device was trusted, mail alone must not be enough for a while.
    holdMail(tx, account.id, this.limits);
    const { deviceName, platform } = challenge;
    const what = { deviceId: null, deviceName, platform, ipAddress, method: 'EMAIL' } as const;
    this.events.tell(tx, account, 'PASSWORD_RESET', what);
    return ended.count;
  }
}
