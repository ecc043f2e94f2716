import type { Context } from '../api/context.js';
import { Challenge } from '../challenges/challenge.types.js';
import type { ChallengeOpenings } from '../challenges/challenge-openings.js';
import type { DeviceDescription } from '../devices/devices.js';
import { stranger } from '../passwords/asker.js';
import type { NewPasswords } from '../passwords/new-passwords.js';
import type { WeakPassword } from '../passwords/password.types.js';
import type { RateLimits } from '../rate-limits/rate-limits.js';
import type { Transactions } from '../sql/transactions.js';

/** What an account is to be opened with. */
export interface Registration {
  readonly email: string;
  readonly password: string;
  readonly device: DeviceDescription;
}

/** Starts accounts. All that is stored is a challenge: the account exists once its code was typed. */
export class SignUps {
  constructor(
    private readonly transactions: Transactions,
    private readonly passwords: NewPasswords,
    private readonly rateLimits: RateLimits,
    private readonly openings: ChallengeOpenings,
  ) {}

  /**
   * Answers the same whether or not the address is taken; the worker finds that out when it writes the mail.
   * @throws RateLimited, Overloaded
   */
  async signUp(
    { client }: Pick<Context, 'client'>,
    { email, password, device }: Registration,
  ): Promise<Challenge | WeakPassword> {
    // Before the estimate, which costs more than a refusal.
    await this.rateLimits.take('OPEN_CHALLENGES_PER_IP_HOUR', client.ipAddress);
    const passwordHash = await this.passwords.judgeAndHash(password, email, stranger(client.ipAddress));
    if (typeof passwordHash !== 'string') return passwordHash;
    const opened = await this.transactions.run((tx) =>
      this.openings.open(tx, {
        purpose: 'SIGN_UP',
        account: null,
        email,
        method: 'EMAIL',
        device,
        deviceId: null,
        sessionId: null,
        backend: null,
        passwordHash,
        mailHeld: false,
        isSilent: false,
        ipAddress: client.ipAddress,
        locale: client.locale,
      }),
    );
    return new Challenge(await opened.view);
  }
}
