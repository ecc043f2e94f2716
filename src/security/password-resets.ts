import { AccountRow } from '../accounts/account.entity.js';
import { holdMail, lockAccount, setPassword } from '../accounts/accounts.js';
import type { Activities } from '../activity/activities.js';
import type { Context } from '../api/context.js';
import { Overloaded } from '../api/errors.js';
import { Problem } from '../api/problem.js';
import type { ChallengeRow, Purpose } from '../challenges/challenge.entity.js';
import { Challenge, ChallengeClosed, type WrongCode } from '../challenges/challenge.types.js';
import { shutDoor } from '../challenges/challenge-ends.js';
import type { ChallengeOpenings } from '../challenges/challenge-openings.js';
import { consume, takeJudgementBack, withdrawResetCodes } from '../challenges/challenge-states.js';
import { type ChallengeTries, nothingYet, requireCode } from '../challenges/challenge-tries.js';
import type { ChallengeViews } from '../challenges/challenge-views.js';
import type { Limits } from '../config/limits.js';
import { liveTokenDevice } from '../devices/device-tokens.js';
import { forgetTrustAtReset } from '../devices/devices.js';
import { tell } from '../events/events.js';
import { deliverNotice } from '../outbox/outbox.js';
import { stranger } from '../passwords/asker.js';
import type { WeakPassword } from '../passwords/password.types.js';
import type { PasswordStrength } from '../passwords/password-strength.js';
import type { Passwords } from '../passwords/passwords.js';
import type { RateLimits } from '../rate-limits/rate-limits.js';
import type { Sessions } from '../sessions/sessions.js';
import { rowOf } from '../sql/rows.js';
import { columns, sql } from '../sql/statement.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import { PasswordReset } from './security.types.js';

const purposes: readonly Purpose[] = ['RESET_PASSWORD'];

/** What is known of the device that asks for a reset: nothing that it says of itself reaches the mail. */
const unknownDevice = {
  name: '',
  model: null,
  platform: 'OTHER',
  osVersion: null,
  appVersion: null,
  notificationsEnabled: null,
} as const;

/** Resets passwords by a code that goes to the account's address. */
export class PasswordResets {
  constructor(
    private readonly transactions: Transactions,
    private readonly openings: ChallengeOpenings,
    private readonly tries: ChallengeTries,
    private readonly views: ChallengeViews,
    private readonly passwords: Passwords,
    private readonly strength: PasswordStrength,
    private readonly sessions: Sessions,
    private readonly activities: Activities,
    private readonly rateLimits: RateLimits,
    private readonly limits: Limits,
  ) {}

  /**
   * Always a challenge; for an address that nobody has, a decoy: the same rows by the same statements.
   * @param deviceToken a live one of the account's makes the request its owner's, for the limits on mail
   */
  async request(
    { db, client }: Pick<Context, 'db' | 'client'>,
    email: string,
    deviceToken: string | null,
  ): Promise<Challenge> {
    const deviceId = await liveTokenDevice(db, email, deviceToken);
    // A device of the account's is counted by itself: neighbours cannot use up what its owner needs.
    await this.rateLimits.take('OPEN_CHALLENGES_PER_IP_HOUR', deviceId ? { deviceId } : client.ipAddress);
    const account = await rowOf<AccountRow>(db, sql`select ${columns(AccountRow)} from account where email = ${email}`);
    const opened = await this.transactions.run((tx) =>
      this.openings.open(tx, {
        purpose: 'RESET_PASSWORD',
        account,
        email,
        method: 'EMAIL',
        device: unknownDevice,
        deviceId,
        sessionId: null,
        passwordHash: null,
        mailHeld: false,
        isSilent: false,
        ipAddress: client.ipAddress,
        locale: client.locale,
      }),
    );
    return new Challenge(await opened.view);
  }

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
    const seen = await this.views.find(db, token);
    if (seen?.row.purpose !== 'RESET_PASSWORD') return new ChallengeClosed('EXPIRED');
    if (seen.state === 'PENDING') requireCode(code, seen);
    // Judged before a try is spent: a weak password is no wrong code.
    const closed = await this.tries.spendJudgement(db, seen);
    if (closed) return closed;
    const { ipAddress } = client;
    const asker = stranger(ipAddress);
    const weak = await this.strength.judge(newPassword, seen.row.email, asker).catch(async (error) => {
      if (error instanceof Overloaded) await takeJudgementBack(db, seen.row.id);
      throw error;
    });
    if (weak) return weak;
    const right = await this.tries.attempt(db, { token, code, purposes, sessionId: null, ipAddress }, nothingYet);
    if (right instanceof Problem) return right as WrongCode | ChallengeClosed;
    const passwordHash = await this.passwords.hash(newPassword, asker);
    const sessionsEnded = await this.transactions.run((tx) => this.resetOnce(tx, right, passwordHash, ipAddress));
    return sessionsEnded === null ? this.tries.closedState(db, token) : new PasswordReset(sessionsEnded);
  }

  private async resetOnce(tx: Tx, challenge: ChallengeRow, passwordHash: string, ipAddress: string) {
    const account = challenge.accountId && (await lockAccount(tx, challenge.accountId, null));
    if (!account || !(await consume(tx, challenge, purposes))) return null;
    await shutDoor(tx, account.id);
    withdrawResetCodes(tx, account.id);
    setPassword(tx, account.id, passwordHash);
    const ended = await this.sessions.endOthers(tx, account.id, null);
    forgetTrustAtReset(tx, account.id, this.limits);
    // Where any device was trusted, mail alone must not be enough for a while.
    holdMail(tx, account.id, this.limits);
    tell(tx, { type: 'PASSWORD_CHANGED', accountId: account.id });
    const { deviceName, platform } = challenge;
    const entry = { accountId: account.id, deviceId: null, deviceName, platform, ipAddress, method: 'EMAIL' } as const;
    this.activities.record(tx, { ...entry, type: 'PASSWORD_RESET' });
    deliverNotice(tx, account, 'PASSWORD_RESET', { deviceName: null, platform: null, ipAddress });
    return ended.count;
  }
}
