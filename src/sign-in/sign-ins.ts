import { lockAccount, renewHash } from '../accounts/accounts.js';
import type { OwnAccount } from '../accounts/addresses.js';
import type { Activities } from '../activity/activities.js';
import type { Client, Context } from '../api/context.js';
import { Overloaded, RateLimited } from '../api/errors.js';
import { Challenge, type TemporarilyLocked } from '../challenges/challenge.types.js';
import type { DeviceRow } from '../devices/device.entity.js';
import type { DeviceDescription } from '../devices/devices.js';
import { type Asker, knownDevice, stranger } from '../passwords/asker.js';
import { type Compared, comparedHash } from '../passwords/compared-hash.js';
import type { CountedAttempt, PasswordAttempts, RefusedAttempt } from '../passwords/password-attempts.js';
import type { Passwords } from '../passwords/passwords.js';
import { clientNetworks, surroundings } from '../places/client-network.js';
import type { RateLimits } from '../rate-limits/rate-limits.js';
import type { Sql } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { sql } from '../sql/statement.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import type { Credentials, Entrance, SecondSteps } from './second-steps.js';
import { InvalidCredentials, type SignedIn } from './sign-in.types.js';
import { signedIn } from './signed-in.js';

const FAILURES = 'PASSWORD_FAILURES_PER_IP_HOUR';

/** How often a sign-in starts again because the account changed while its password was hashed. */
const ROUNDS = 3;

/** The account as it was read with the hash that the password fits; or, if it fits none, whose address it was. */
type Proof =
  | { readonly isProven: true; readonly row: OwnAccount }
  | { readonly isProven: false; readonly id: string | null };

/** Why a network is refused: it has guessed wrong too often, or signed in too often, right or wrong. */
type Refusal = InvalidCredentials | RateLimited;

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
    const { ipAddress } = client;
    // Before the address's own count: for a network that is refused nothing is written, unless a known device asks.
    const refusal = await this.refusal('look', client);
    if (refusal && !credentials.deviceToken) return refused(refusal);
    const [attempt, compared] = await this.begin(db, credentials, refusal !== null, client);
    const { deviceId } = attempt;
    const isStranger = deviceId === null;
    if (refusal && isStranger) return refused(refusal);
    if ('refused' in attempt) return new InvalidCredentials(attempt.refused);
    // A known device is counted by itself alone: a neighbour behind the same address cannot lock it out.
    const late = isStranger ? await this.refusal('count', client) : null;
    if (late) {
      await this.attempts.takeBack(db, attempt);
      if (late instanceof RateLimited) await this.rateLimits.giveBack(FAILURES, ipAddress);
      return refused(late);
    }
    const asker = isStranger ? stranger(ipAddress) : knownDevice(email, deviceId);
    const first = await this.prove(db, credentials, asker, compared).catch(async (error) => {
      // Too many wait for a hash: nothing was compared, so it was no wrong password.
      if (error instanceof Overloaded) {
        await this.attempts.takeBack(db, attempt);
        if (isStranger) await this.rateLimits.giveBack(FAILURES, ipAddress);
      }
      throw error;
    });
    if (!first.isProven) {
      const { id } = first;
      if (id) afterAnswer(() => this.noteWrongPassword(id, deviceId, credentials.device, client));
      return new InvalidCredentials(attempt.retry);
    }
    try {
      // What counts now is that a device which is not known is about to be challenged.
      const isChallenged = isStranger && first.row.twoStepEnabledAt;
      await Promise.all([
        isStranger && this.rateLimits.giveBack(FAILURES, ipAddress),
        isChallenged && this.rateLimits.take('CHALLENGES_PER_IP_HOUR', ipAddress),
      ]);
      return await this.enter(db, first, attempt, asker, credentials, client);
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
    const { site } = surroundings(ipAddress);
    return db.together((connection) =>
      Promise.all([
        this.attempts.beginSignIn(connection, { email, network, site, deviceToken, areStrangersRefused }),
        comparedHash(connection, this.passwords, email),
      ]),
    );
  }

  /** @param attempt is taken back with whatever the right password leads to */
  private async enter(
    db: Sql,
    first: Proof,
    attempt: CountedAttempt,
    asker: Asker,
    credentials: Credentials,
    client: Client,
  ): Promise<SignedIn | Challenge | InvalidCredentials | TemporarilyLocked> {
    for (let round = 0, proven: Proof = first; round < ROUNDS; round += 1) {
      if (!proven.isProven) return new InvalidCredentials(null);
      const { row } = proven;
      const settle = (tx: Tx) => this.attempts.settle(tx, attempt, row);
      const entrance = await this.secondSteps.enter(row, credentials, client, settle);
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

  /** Why strangers of the client's network are refused, whatever their password; null if they are not. */
  private async refusal(step: 'look' | 'count', { ipAddress }: Client): Promise<Refusal | null> {
    const [failures, signIns] = await Promise.all([
      limitOf(this.rateLimits[step](FAILURES, ipAddress)),
      limitOf(this.rateLimits[step]('SIGN_INS_PER_IP_HOUR', ipAddress)),
    ]);
    return signIns ?? (failures && new InvalidCredentials(failures.retry));
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

  private async rehash(db: Sql, account: OwnAccount, password: string, asker: Asker): Promise<void> {
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

/** The limit that was reached; null: it was not. */
async function limitOf(counted: Promise<void>): Promise<RateLimited | null> {
  try {
    await counted;
    return null;
  } catch (error) {
    if (error instanceof RateLimited) return error;
    throw error;
  }
}

/** @throws RateLimited */
function refused(refusal: Refusal): InvalidCredentials {
  if (refusal instanceof RateLimited) throw refusal;
  return refusal;
}
