import type { AccountRow } from '../accounts/account.entity.js';
import { lockAccount, renewHash } from '../accounts/accounts.js';
import type { Activities } from '../activity/activities.js';
import type { Client, Context } from '../api/context.js';
import { Overloaded, RateLimited } from '../api/errors.js';
import { Challenge, type TemporarilyLocked } from '../challenges/challenge.types.js';
import type { DeviceRow } from '../devices/device.entity.js';
import { liveTokenDevice } from '../devices/device-tokens.js';
import type { DeviceDescription } from '../devices/devices.js';
import { type Asker, knownDevice, stranger } from '../passwords/asker.js';
import { comparedHash } from '../passwords/compared-hash.js';
import type { AttemptKey, PasswordAttempts } from '../passwords/password-attempts.js';
import type { Passwords } from '../passwords/passwords.js';
import { clientNetworks, surroundings } from '../places/client-network.js';
import type { RateLimits } from '../rate-limits/rate-limits.js';
import type { Sql } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { sql } from '../sql/statement.js';
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
    const { email } = credentials;
    const knownDeviceId = await liveTokenDevice(db, email, credentials.deviceToken);
    const { ipAddress } = client;
    const key: AttemptKey = knownDeviceId
      ? { deviceId: knownDeviceId }
      : { email, network: clientNetworks(ipAddress).narrow, site: surroundings(ipAddress).site };
    const asker = knownDeviceId ? knownDevice(email, knownDeviceId) : stranger(ipAddress);
    // Before the address's own count: for a network that is blocked nothing is written.
    const blocked = await this.blocked('look', asker, client);
    if (blocked) return new InvalidCredentials(blocked);
    const attempt = await this.attempts.begin(db, key);
    if ('refused' in attempt) return new InvalidCredentials(attempt.refused);
    const giveBack = () => (knownDeviceId ? undefined : this.rateLimits.giveBack(FAILURES, ipAddress));
    const takeBack = async () => {
      await this.attempts.takeBack(db, key, attempt);
      await giveBack();
    };
    const retry = await this.blocked('count', asker, client).catch(async (error) => {
      await takeBack();
      throw error;
    });
    if (retry) {
      await this.attempts.takeBack(db, key, attempt);
      return new InvalidCredentials(retry);
    }

    const first = await this.prove(db, credentials, asker).catch(async (error) => {
      // Too many wait for a hash: nothing was compared, so it was no wrong password.
      if (error instanceof Overloaded) await takeBack();
      throw error;
    });
    if (!first.isProven) {
      const { id } = first;
      if (id) afterAnswer(() => this.noteWrongPassword(id, knownDeviceId, credentials.device, client));
      return new InvalidCredentials(attempt.retry);
    }
    await this.attempts.succeed(db, key, attempt, first.row.id).finally(giveBack);
    // What counts now is that a device which is not known is about to be challenged.
    if (!knownDeviceId && first.row.twoStepEnabledAt) {
      await this.rateLimits.take('CHALLENGES_PER_IP_HOUR', ipAddress);
    }
    for (let round = 0, proven: Proof = first; round < ROUNDS; round += 1) {
      if (!proven.isProven) return new InvalidCredentials(null);
      const entrance = await this.secondSteps.enter(proven.row, credentials, client);
      if (entrance) return this.answer(entrance);
      // The account changed while the password was hashed: what was proven counts no more.
      proven = await this.prove(db, credentials, asker);
    }
    throw new Overloaded();
  }

  private async answer(entrance: Entrance): Promise<SignedIn | Challenge | TemporarilyLocked> {
    if ('admitted' in entrance) return signedIn(entrance.admitted);
    if ('opened' in entrance) return new Challenge(await entrance.opened.view);
    return entrance;
  }

  /**
   * A known device is counted by itself alone: a neighbour behind the same address cannot lock it out.
   * @throws RateLimited if there were too many sign-ins, right or wrong
   */
  private async blocked(step: 'look' | 'count', asker: Asker, { ipAddress }: Client): Promise<Wait | null> {
    if (asker.kind === 'KNOWN_DEVICE') return null;
    const failures = this.rateLimits[step](FAILURES, ipAddress).then(
      () => null,
      (error) => {
        if (error instanceof RateLimited) return error.retry;
        throw error;
      },
    );
    const [retry] = await Promise.all([failures, this.rateLimits[step]('SIGN_INS_PER_IP_HOUR', ipAddress)]);
    return retry;
  }

  private async prove(db: Sql, { email, password }: Credentials, asker: Asker): Promise<Proof> {
    const { account: row, hash } = await comparedHash(db, this.passwords, email);
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
    { platform }: DeviceDescription,
    { ipAddress }: Client,
  ): Promise<void> {
    await this.transactions.run(async (tx) => {
      if (!(await lockAccount(tx, accountId, null))) return;
      // Whoever has not the password writes nothing on the owner's pages: a device has the owner's name for it, or none.
      const known = await rowOf<Pick<DeviceRow, 'name'>>(tx, sql`select name from device where id = ${deviceId}::uuid`);
      const deviceName = known?.name ?? '';
      this.activities.record(tx, { accountId, type: 'WRONG_PASSWORD', deviceId, deviceName, platform, ipAddress });
    });
  }
}
