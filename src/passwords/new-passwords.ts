import type { Asker } from './asker.js';
import type { WeakPassword } from './password.types.js';
import type { PasswordStrength } from './password-strength.js';
import type { Passwords } from './passwords.js';

/** Passwords that are to be set: none is hashed before it was judged. */
export class NewPasswords {
  constructor(
    private readonly strength: Pick<PasswordStrength, 'judge'>,
    private readonly passwords: Pick<Passwords, 'hash'>,
  ) {}

  /** @returns null if it is strong enough for the account with this address. @throws Overloaded */
  judge(password: string, email: string, asker: Asker): Promise<WeakPassword | null> {
    return this.strength.judge(password, email, asker);
  }

  /** @param password one that was judged. @throws Overloaded */
  hash(password: string, asker: Asker): Promise<string> {
    return this.passwords.hash(password, asker);
  }

  /** Both in one. @returns the hash, or why it is too weak. @throws Overloaded */
  async judgeAndHash(password: string, email: string, asker: Asker): Promise<string | WeakPassword> {
    return (await this.judge(password, email, asker)) ?? this.hash(password, asker);
  }
}
