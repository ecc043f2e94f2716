import type { AccountRow } from '../accounts/account.entity.js';
import { lockAccount, renewHash } from '../accounts/accounts.js';
import type { Activities } from '../activity/activities.js';
import type { Client, Context } from '../api/context.js';
import { Overloaded, RateLimited } from '../api/errors.js';
import { Challenge, type TemporarilyLocked } from '../challenges/challenge.types.js';
import type { DeviceDescription } from '../devices/devices.js';
import { type Compared, comparedHash } from '../passwords/compared-hash.js';
import type { CountedAttempt, PasswordAttempts, RefusedAttempt } from '../passwords/password-attempts.js';
import type { Asker, Passwords } from '../passwords/passwords.js';
import { clientNetworks } from '../places/client-network.js';
import type { RateLimits } from '../rate-limits/rate-limits.js';
import type { Sql } from '../sql/database.js';
import type { Transactions } from '../sql/transactions.js';
import type { Wait } from '../texts/times.js';
import type { Credentials, Entrance, SecondSteps } from './second-steps.js';
import { InvalidCredentials, type SignedIn } from './sign-in.types.js';
import { signedIn } from './signed-in.js';

const FAILURES = 'PASSWORD_FAILURES_PER_IP_HOUR';

/** How often a sign-in starts again because the account changed while its password was hashed. */
const ROUNDS = 3;

/** The account as it was read with the hash that the password fits; or, if it fits none, whose address it was. */
type Proof =
  | { readonly isProven: true; readonly row: AccountRow }
  | { readonly isProven: false; readonly id: string | null };

/** The first step: an address and its password. */
export class SignIns {
  constructor(
    private readonly transactions: Transactions,
    private readonly passwords: Passwords,
    private readonly attempts: PasswordAttempts,
    private readonly rateLimits: RateLimits,
    private readonly secondSteps: SecondSteps,
    private readonly activities: Activities,
  ) {}

  /**
   * Signs in, or starts the second step. An address that nobody has costs the same statements and the same hash as one
   * that somebody has.
   */
  async signIn(
    { db, client, afterAnswer }: Pick<Context, 'db' | 'client' | 'afterAnswer'>,
    credentials: Credentials,
  ): Promise<SignedIn | Challenge | InvalidCredentials | TemporarilyLocked> {
    // Before the address's own count: for a network that is blocked nothing is written, unless a known device asks.
    const blocked = await this.blocked('look', client);
    if (blocked && !credentials.deviceToken) return new InvalidCredentials(blocked);
    const [attempt, compared] = await this.begin(db, credentials, blocked !== null, client);
    const { deviceId } = attempt;
    const asker = deviceId ? 'KNOWN_DEVICE' : 'STRANGER';
    if (blocked && asker === 'STRANGER') return new InvalidCredentials(blocked);
    if ('refused' in attempt) return new InvalidCredentials(attempt.refused);
    // A known device is counted by itself alone: a neighbour behind the same address cannot lock it out.
    const retry = asker === 'STRANGER' ? await this.blocked('count', client) : null;
    if (retry) {
      await this.attempts.takeBack(db, attempt);
      return new InvalidCredentials(retry);
    }
    const first = await this.prove(db, credentials, asker, compared).catch(async (error) => {
      // Too many wait for a hash: nothing was compared, so it was no wrong password.
      if (error instanceof Overloaded) {
        await this.attempts.takeBack(db, attempt);
        if (asker === 'STRANGER') await this.rateLimits.giveBack(FAILURES, client.ipAddress);
      }
      throw error;
    });
    if (!first.isProven) {
      const { id } = first;
      if (id) afterAnswer(() => this.noteWrongPassword(id, deviceId, credentials.device, client));
      return new InvalidCredentials(attempt.retry);
    }
    if (asker === 'STRANGER') await this.rateLimits.giveBack(FAILURES, client.ipAddress);
    try {
      // What counts now is that a device which is not known is about to be challenged.
      if (asker === 'STRANGER' && first.row.twoStepEnabledAt) {
        await this.rateLimits.take('CHALLENGES_PER_IP_HOUR', client.ipAddress);
      }
      return await this.enter(db, first, attempt, credentials, client);
    } catch (error) {
      // Refused, with the right password: what would have taken the try back was not written.
      if (error instanceof RateLimited || error instanceof Overloaded) await this.attempts.takeBack(db, attempt);
      throw error;
    }
  }

  /** Counts the try and reads what the password is compared with, at once; an address that nobody has gets both too. */
  private begin(
    db: Sql,
    { email, deviceToken }: Credentials,
    areStrangersRefused: boolean,
    { ipAddress }: Client,
  ): Promise<[CountedAttempt | RefusedAttempt, Compared]> {
    const { narrow: network } = clientNetworks(ipAddress);
    return db.together((connection) =>
      Promise.all([
        this.attempts.beginSignIn(connection, { email, network, deviceToken, areStrangersRefused }),
        comparedHash(connection, this.passwords, email),
      ]),
    );
  }

  /** @param attempt is taken back with whatever the right password leads to */
  private async enter(
    db: Sql,
    first: Proof,
    attempt: CountedAttempt,
    credentials: Credentials,
    client: Client,
  ): Promise<SignedIn | Challenge | InvalidCredentials | TemporarilyLocked> {
    const asker = attempt.deviceId ? 'KNOWN_DEVICE' : 'STRANGER';
    for (let round = 0, proven: Proof = first; round < ROUNDS; round += 1) {
      if (!proven.isProven) return new InvalidCredentials(null);
      const entrance = await this.secondSteps.enter(proven.row, credentials, client, (tx) =>
        tx.write(this.attempts.takingBack(attempt)),
      );
      if (entrance) return this.answer(entrance);
      // The account changed while the password was hashed: what was proven counts no more.
      proven = await this.prove(db, credentials, asker, await comparedHash(db, this.passwords, credentials.email));
    }
    throw new Overloaded();
  }

  private async answer(entrance: Entrance): Promise<SignedIn | Challenge | TemporarilyLocked> {
    if ('admitted' in entrance) return signedIn(entrance.admitted);
    if ('opened' in entrance) return new Challenge(await entrance.opened.view);
    return entrance;
  }

  /** How long the client's network is refused for wrong passwords; null if it is not. */
  private async blocked(step: 'look' | 'count', { ipAddress }: Client): Promise<Wait | null> {
    try {
      await this.rateLimits[step](FAILURES, ipAddress);
      return null;
    } catch (error) {
      if (error instanceof RateLimited) return error.retry;
      throw error;
    }
  }

  private async prove(
    db: Sql,
    { password }: Credentials,
    asker: Asker,
    { account: row, hash }: Compared,
  ): Promise<Proof> {
    const matches = await this.passwords.matches(hash, password, asker);
    if (!row || !matches) return { isProven: false, id: row?.id ?? null };
    if (this.passwords.isOutdated(row.passwordHash)) await this.rehash(db, row, password, asker);
    return { isProven: true, row };
  }

  private async rehash(db: Sql, account: AccountRow, password: string, asker: Asker): Promise<void> {
    const passwordHash = await this.passwords.hash(password, asker);
    await renewHash(db, account, passwordHash);
  }

  private async noteWrongPassword(
    accountId: string,
    deviceId: string | null,
    device: DeviceDescription,
    client: Client,
  ): Promise<void> {
    await this.transactions.run(async (tx) => {
      if (!(await lockAccount(tx, accountId, null))) return;
      this.activities.record(tx, {
        accountId,
        type: 'WRONG_PASSWORD',
        deviceId,
        deviceName: device.name,
        platform: device.platform,
        ipAddress: client.ipAddress,
      });
    });
  }
}
