import { AccountRow } from '../accounts/account.entity.js';
import type { Context } from '../api/context.js';
import { Challenge } from '../challenges/challenge.types.js';
import type { ChallengeOpenings } from '../challenges/challenge-openings.js';
import { liveTokenDevice } from '../devices/device-tokens.js';
import type { RateLimits } from '../rate-limits/rate-limits.js';
import { rowOf } from '../sql/rows.js';
import { columns, sql } from '../sql/statement.js';
import type { Transactions } from '../sql/transactions.js';

/** What is known of the device that asks for a reset: nothing that it says of itself reaches the mail. */
const unknownDevice = {
  name: '',
  model: null,
  platform: 'OTHER',
  osVersion: null,
  appVersion: null,
  notificationsEnabled: null,
} as const;

/** Starts resets of passwords: a code goes to the address, whoever asks. */
export class ResetRequests {
  constructor(
    private readonly transactions: Transactions,
    private readonly openings: ChallengeOpenings,
    private readonly rateLimits: RateLimits,
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
        backend: null,
        passwordHash: null,
        mailHeld: false,
        isSilent: false,
        ipAddress: client.ipAddress,
        locale: client.locale,
      }),
    );
    return new Challenge(await opened.view);
  }
}
