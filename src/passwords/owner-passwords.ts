import { findAccount } from '../accounts/accounts.js';
import { type OwnAccount, ownAccount } from '../accounts/addresses.js';
import { HeldElsewhere, Overloaded, Unauthenticated } from '../api/errors.js';
import type { Session } from '../api/session.js';
import type { Sql } from '../sql/database.js';
import { knownDevice } from './asker.js';
import { WrongPassword } from './password.types.js';
import type { PasswordAttempts } from './password-attempts.js';
import type { Passwords } from './passwords.js';

/** Asks a signed-in person for the password again. */
export class OwnerPasswords {
  constructor(
    private readonly passwords: Passwords,
    private readonly attempts: PasswordAttempts,
  ) {}

  /**
   * Counted for this device alone.
   * @returns the account as it was read with the hash that the password fits
   * @throws HeldElsewhere, Overloaded, RateLimited
   */
  async prove(db: Sql, session: Session, password: string): Promise<OwnAccount | WrongPassword> {
    const attempt = await this.attempts.begin(db, session.deviceId);
    if ('refused' in attempt) return new WrongPassword(attempt.refused);
    const found = await findAccount(db, session.accountId);
    if (!found) throw new Unauthenticated();
    const account = ownAccount(found);
    if (!account) throw new HeldElsewhere();
    const isRight = await this.passwords
      .matches(account.passwordHash, password, knownDevice(account.email, session.deviceId))
      .catch(async (error) => {
        // Nothing was compared, so it was no wrong password.
        if (error instanceof Overloaded) await this.attempts.takeBack(db, attempt);
        throw error;
      });
    if (!isRight) return new WrongPassword(attempt.retry);
    await this.attempts.succeed(db, attempt);
    return account;
  }
}
