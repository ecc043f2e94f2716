import type { AccountRow } from '../accounts/account.entity.js';
import { lockAccount, pauseWhere } from '../accounts/accounts.js';
import type { SecurityEvents } from '../activity/security-events.js';
import { Forbidden, NotFound, Unauthenticated } from '../api/errors.js';
import { isUuid } from '../api/ids.js';
import type { Session } from '../api/session.js';
import { deny, giveToDevice, isDeniedOften } from '../challenges/challenge-states.js';
import { methodOf } from '../challenges/challenge-tries.js';
import { noteSeen } from '../challenges/displays.js';
import type { Limits } from '../config/limits.js';
import { receivesCodes } from '../devices/devices.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Sql } from '../sql/database.js';
import type { Transactions, Tx } from '../sql/transactions.js';
import type { LoginRequestView, LoginRequestViews } from './login-request-views.js';

/** Sign-ins that wait for a code, for the trusted devices of the account. */
export class LoginRequests {
  constructor(
    private readonly transactions: Transactions,
    private readonly views: LoginRequestViews,
    private readonly events: SecurityEvents,
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

  /** Those that wait for a code now, which is shown by that. */
  async pending(db: Sql, session: Session): Promise<LoginRequestView[]> {
    const { requests } = await this.views.seeNow(db, session);
    const shown: LoginRequestView[] = [];
    for (const request of requests.filter(({ state, mayBeShown }) => state === 'PENDING' && mayBeShown)) {
      if (request.code === null || (await this.views.show(db, session, request.row.id))) shown.push(request);
    }
    return shown;
  }

  /** A request of the account by id, also past its time. */
  private async find(db: Sql, session: Session, id: string): Promise<LoginRequestView | undefined> {
    if (!isUuid(id)) return undefined;
    const { requests } = await this.views.seeNow(db, session, [id]);
    return requests.find(({ row }) => row.id === id);
  }

  /**
   * The app on a trusted device says that it shows the code. Of one that is over nothing more is noted.
   * @throws NotFound, Unauthenticated, Forbidden where its owner wants no codes on it
   */
  acknowledge(db: Sql, session: Session, challengeId: string): Promise<LoginRequestView> {
    return this.reactTo(db, session, challengeId, async (tx) => {
      await this.lockTrusted(tx, session);
      if (!(await receivesCodes(tx, session.deviceId))) throw new Forbidden();
      // What it shows was given to it.
      giveToDevice(tx, challengeId);
      await noteSeen(tx, challengeId, session.deviceId);
    });
  }

  /**
   * 'This was not me': the challenge is over at once, and the account's owner is told what to do. One that is over
   * already comes back unchanged.
   * @throws NotFound, Unauthenticated
   */
  deny(db: Sql, session: Session, challengeId: string): Promise<LoginRequestView> {
    return this.reactTo(db, session, challengeId, (tx) => this.denyOnce(tx, session, challengeId));
  }

  /** @returns the request as it is afterwards: while it was looked at it may have ended, and then nothing was done */
  private async reactTo(
    db: Sql,
    session: Session,
    challengeId: string,
    reaction: (tx: Tx) => Promise<void>,
  ): Promise<LoginRequestView> {
    const request = await this.find(db, session, challengeId);
    if (!request) throw new NotFound('login request');
    if (request.state !== 'PENDING') return request;
    await this.transactions.run(reaction);
    const afterwards = await this.find(db, session, challengeId);
    if (!afterwards) throw new Unauthenticated();
    return afterwards;
  }

  private async denyOnce(tx: Tx, session: Session, challengeId: string): Promise<void> {
    const account = await this.lockTrusted(tx, session);
    const denied = await deny(tx, challengeId, account.id);
    if (!denied) return;
    // Somebody who has the password keeps asking: after several denials new devices wait.
    pauseWhere(tx, account.id, this.limits.ACCOUNT_PAUSE_SECONDS, isDeniedOften(account.id, this.limits));
    const { deviceId = null, deviceName, platform, ipAddress } = denied;
    const what = { promptId: challengeId, deviceId, deviceName, platform, ipAddress, method: methodOf(denied) };
    this.events.tell(tx, account, 'LOGIN_DENIED', what);
  }

  /** Locks the account, behind which the device must still be trusted. @throws Unauthenticated */
  private async lockTrusted(tx: Tx, session: Session): Promise<AccountRow> {
    const account = await lockAccount(tx, session.accountId, null);
    if (!account || (await this.sessions.standing(tx, session)) !== 'TRUSTED') throw new Unauthenticated();
    return account;
  }
}
