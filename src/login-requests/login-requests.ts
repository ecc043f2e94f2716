import type { AccountRow } from '../accounts/account.entity.js';
import { lockAccount, pauseWhere } from '../accounts/accounts.js';
import type { Activities } from '../activity/activities.js';
import { Forbidden, NotFound, Unauthenticated } from '../api/errors.js';
import { isUuid } from '../api/ids.js';
import { ChallengeRow, type State } from '../challenges/challenge.entity.js';
import { type SeenNow, seenNow } from '../challenges/challenge-rules.js';
import { deny, giveToDevice, isDeniedOften } from '../challenges/challenge-states.js';
import { methodOf } from '../challenges/challenge-tries.js';
import { noteSeen, noteShown } from '../challenges/displays.js';
import type { Codes } from '../codes/codes.js';
import type { Limits } from '../config/limits.js';
import { isTrusted } from '../devices/trust.js';
import { deliverNotice } from '../outbox/outbox.js';
import { isLive, type Session, type Sessions } from '../sessions/sessions.js';
import { msUntil } from '../sql/clock.js';
import type { Sql } from '../sql/database.js';
import { rowsOf } from '../sql/rows.js';
import { columns, type Fragment, sql } from '../sql/statement.js';
import type { Transactions, Tx } from '../sql/transactions.js';

/** A pending or ended sign-in, with its code while there is something to type. */
export interface LoginRequestView {
  readonly row: ChallengeRow;
  readonly state: State;
  /** Until it expires, by the database's clock. */
  readonly msLeft: number;
  /** Since it was asked for, by the same clock. */
  readonly msOld: number;
  readonly code: string | null;
}

/** Sign-ins that wait for a code, for the trusted devices of the account. */
export class LoginRequests {
  constructor(
    private readonly transactions: Transactions,
    private readonly codes: Codes,
    private readonly activities: Activities,
    private readonly sessions: Sessions,
    private readonly limits: Limits,
  ) {}

  /** @throws Unauthenticated, Forbidden */
  async requireTrusted(db: Sql, session: Session | null): Promise<Session> {
    if (!session) throw new Unauthenticated();
    const standing = await this.sessions.standing(db, session);
    if (standing === 'UNTRUSTED') throw new Forbidden();
    if (standing !== 'TRUSTED') throw new Unauthenticated();
    return session;
  }

  /**
   * The account's requests whose time is not over, in whatever state, the oldest first: in one statement with the check
   * that the device which asks is trusted and its session live, so that a device that was removed reads none.
   */
  async inTime(db: Sql, session: Session): Promise<LoginRequestView[]> {
    return this.select(db, session, sql`c.expires_at > clock_timestamp() and not c.is_silent`);
  }

  /** Those that wait for a code now. */
  async pending(db: Sql, session: Session): Promise<LoginRequestView[]> {
    const requests = await this.inTime(db, session);
    return requests.filter(({ state }) => state === 'PENDING');
  }

  /** Single requests of the account by id, also past their time. */
  async byId(db: Sql, session: Session, ids: readonly string[]): Promise<LoginRequestView[]> {
    const uuids = ids.filter(isUuid);
    return uuids.length === 0 ? [] : this.select(db, session, sql`c.id = any(${uuids})`);
  }

  private async select(db: Sql, session: Session, condition: Fragment): Promise<LoginRequestView[]> {
    const rows = await rowsOf<ChallengeRow & SeenNow & { msUntilAsked: number }>(
      db,
      sql`select ${columns(ChallengeRow, 'c')},
            ${seenNow()}, ${msUntil(sql`c.created_at`)} as "msUntilAsked"
          from challenge c
          where c.account_id = ${session.accountId} and c.purpose = 'SIGN_IN' and ${condition}
            and exists (
              select 1 from session s join device d on d.id = s.device_id
              where s.id = ${session.id} and s.token_hash = ${session.tokenHash} and ${isTrusted(this.limits, 'd')} and ${isLive(this.limits, 's')})
          order by c.created_at, c.id`,
    );
    await this.giveCodes(db, rows);
    return rows.map((row) => ({
      row,
      state: row.seenState,
      msLeft: row.msLeft,
      msOld: -row.msUntilAsked,
      code: row.seenState === 'PENDING' && this.codes.knows(row) ? this.codes.of(row) : null,
    }));
  }

  /**
   * Before a code is shown for the first time it is noted that it was given to a channel: until then none is right. One
   * by one: the account is not locked, and a statement that held several rows could wait for another that does, for ever.
   */
  private async giveCodes(db: Sql, rows: readonly (ChallengeRow & SeenNow)[]): Promise<void> {
    for (const { id } of rows.filter((row) => row.seenState === 'PENDING' && !row.codeGivenAt)) {
      await giveToDevice(db, id);
    }
  }

  /** Notes that a code was written to the device. */
  async noteShown(db: Sql, session: Session, challengeId: string): Promise<void> {
    await this.transactions.once(db, noteShown(challengeId, session.deviceId), `challenge:${challengeId}`);
  }

  /** The app on a trusted device says that it shows the code. @throws NotFound, Unauthenticated */
  async acknowledge(db: Sql, session: Session, challengeId: string): Promise<LoginRequestView> {
    const [request] = await this.byId(db, session, [challengeId]);
    if (!request) throw new NotFound('login request');
    if (request.state !== 'PENDING') return request;
    await this.transactions.run(async (tx) => {
      await this.lockTrusted(tx, session);
      await noteSeen(tx, challengeId, session.deviceId);
    });
    return request;
  }

  /**
   * 'This was not me': the challenge is over at once, and the account's owner is told what to do. One that is over
   * already comes back unchanged.
   * @throws NotFound
   */
  async deny(db: Sql, session: Session, challengeId: string): Promise<LoginRequestView> {
    const [request] = await this.byId(db, session, [challengeId]);
    if (!request) throw new NotFound('login request');
    await this.transactions.run((tx) => this.denyOnce(tx, session, challengeId));
    const [denied] = await this.byId(db, session, [challengeId]);
    if (!denied) throw new Unauthenticated();
    return denied;
  }

  private async denyOnce(tx: Tx, session: Session, challengeId: string): Promise<void> {
    const account = await this.lockTrusted(tx, session);
    const denied = await deny(tx, challengeId, account.id);
    if (!denied) return;
    // Somebody who has the password keeps asking: after several denials new devices wait.
    pauseWhere(tx, account.id, this.limits.ACCOUNT_PAUSE_SECONDS, isDeniedOften(account.id, this.limits));
    const { deviceName, platform } = denied;
    this.activities.record(tx, {
      accountId: account.id,
      type: 'LOGIN_DENIED',
      deviceId: denied.deviceId ?? null,
      deviceName,
      platform,
      ipAddress: denied.ipAddress,
      method: methodOf(denied),
    });
    deliverNotice(tx, account, 'LOGIN_DENIED', { deviceName, platform, ipAddress: denied.ipAddress });
  }

  /** Locks the account, behind which the device must still be trusted. @throws Unauthenticated */
  private async lockTrusted(tx: Tx, session: Session): Promise<AccountRow> {
    const account = await lockAccount(tx, session.accountId, null);
    if (!account || (await this.sessions.standing(tx, session)) !== 'TRUSTED') throw new Unauthenticated();
    return account;
  }
}
