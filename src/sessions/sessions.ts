import { DatabaseError } from 'pg';
import type { AccountFacts } from '../accounts/account.types.js';
import { newToken, tokenHash } from '../codes/tokens.js';
import type { Limits } from '../config/limits.js';
import { sighting } from '../devices/devices.js';
import { isTrusted } from '../devices/trust.js';
import type { Sql } from '../sql/database.js';
import { countOf, rowOf, rowsOf } from '../sql/rows.js';
import { columns, type Fragment, raw, sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';
import { Wait } from '../texts/times.js';
import { type SessionReason, SessionRow } from './session.entity.js';
import { others, tooManyFor } from './session-room.js';

interface AccountColumns {
  readonly email: string;
  readonly openedAt: Date;
  readonly twoStepEnabledAt: Date | null;
}

/** Who a live session is. */
export interface Session {
  readonly id: string;
  readonly accountId: string;
  readonly deviceId: string;
  readonly isTrusted: boolean;
  /** SHA-256 of the token that named it: once it has another one, whoever came with this is not served any more. */
  readonly tokenHash: Buffer;
}

/** A session that a request came with, and its account as it was read with it. */
export interface SignedInSession extends Session {
  readonly account: AccountFacts;
}

/** How a session stands, and whether its device is trusted; both of one moment. RENEWED: it has another token by now. */
export type Standing = 'TRUSTED' | 'UNTRUSTED' | 'RENEWED' | 'OVER';

/** What a session is opened with. */
export interface SessionOpening {
  readonly accountId: string;
  /** The account's epoch that the caller relied on. */
  readonly epoch: number;
  readonly deviceId: string;
  readonly reason: SessionReason;
  readonly challengeId: string | null;
  readonly madeDevice: boolean;
}

/** A session that was just opened, with the one copy of its token. */
export interface OpenedSession {
  readonly session: SessionRow;
  readonly token: string;
  readonly expiry: Wait;
}

/** Sessions that were live and are over now. */
export interface EndedSessions {
  readonly count: number;
  readonly deviceIds: readonly string[];
}

/** SQL that is true where a session can be used now. @param session the table's alias in the statement */
export function isLive(limits: Limits, session: string): Fragment {
  const s = raw(session);
  return sql`(${s}.ended_at is null
    and ${s}.created_at > clock_timestamp() - make_interval(days => ${limits.SESSION_MAX_DAYS})
    and coalesce(${s}.last_used_at, ${s}.created_at) > clock_timestamp() - make_interval(days => ${limits.SESSION_IDLE_DAYS})
    and (${s}.last_used_at is not null or ${s}.challenge_id is null
      or ${s}.created_at > clock_timestamp() - make_interval(secs => ${limits.UNUSED_SESSION_SECONDS})))`;
}

/**
 * Of sessions that end at once, so many are kept as ended rows, those used last first. There are more only where no number
 * bounded them: before `SESSIONS_PER_ACCOUNT` was there, or was lowered. Those are deleted, which costs PostgreSQL a
 * fraction of the other.
 */
const ENDED_KEPT = 1_000;

/**
 * SQL of `with`: ends the sessions of `chosen`, any number of them. `ended` and `gone` have their devices.
 * @param chosen selects `id`, and `nth`, their order: what was used last is 1
 */
function ending(chosen: Fragment): Fragment {
  return sql`chosen as (${chosen}),
    ended as (
      update session s set ended_at = clock_timestamp() from chosen
      where s.id = chosen.id and chosen.nth <= ${ENDED_KEPT} and s.ended_at is null returning s.device_id),
    gone as (delete from session s using chosen where s.id = chosen.id and chosen.nth > ${ENDED_KEPT} returning s.device_id)`;
}

/** SQL that is true once `ending` is done: for what locks a device, since sessions are always locked before it. */
const haveEnded = sql`(select count(*) from ended) + (select count(*) from gone) >= 0`;

/** Whether a session still has the token that it was named by before. */
export function isOfToken(live: Session, named: Session): boolean {
  return live.tokenHash.equals(named.tokenHash);
}

const NOT_NULL_VIOLATION = '23502';
const UNIQUE_VIOLATION = '23505';

/** Whether a transaction failed because nobody may be let in by it: see `Sessions.start`. One challenge opens one session. */
export function isRefusedSession(error: unknown): boolean {
  if (!(error instanceof DatabaseError) || error.table !== 'session') return false;
  return error.code === NOT_NULL_VIOLATION || error.code === UNIQUE_VIOLATION;
}

/** The sessions of accounts. */
export class Sessions {
  constructor(private readonly limits: Limits) {}

  /**
   * Opens a session: the only place where one comes into being. The account must be locked by this transaction; the device
   * is locked here, since retention removes devices without the account. Where the account's epoch is another by now, the
   * device was removed or the reason does not hold, there is no account to open it for: PostgreSQL refuses the row, and all
   * of the transaction with it (`isRefusedSession`). Sessions that are too many then end in the same statement.
   * @param noted SQL of `with` that notes it: `ended` and `gone` have the devices of those that had to end
   */
  async start(tx: Tx, opening: SessionOpening, noted: Fragment | null = null): Promise<OpenedSession> {
    const token = newToken('ses');
    const session = await rowOf<SessionRow>(
      tx,
      sql`with ${ending(tooManyFor(isLive(this.limits, 's'), this.limits, opening))}${noted ? sql`, ${noted}` : raw('')}
          insert into session (account_id, device_id, token_hash, reason, challenge_id, made_device)
          values (
            (select a.id from account a join device d on d.account_id = a.id
             where a.id = ${opening.accountId} and a.epoch = ${opening.epoch}
               and d.id = ${opening.deviceId} and d.removed_at is null
               and ${this.reasonHolds(opening)} and ${haveEnded}
             for no key update of d),
            ${opening.deviceId}, ${tokenHash('ses', token)}, ${opening.reason}, ${opening.challengeId}, ${opening.madeDevice})
          returning ${columns(SessionRow)}`,
    );
    if (!session) throw new Error('an insert returned no row');
    return { session, token, expiry: this.expiryOf(session) };
  }

  /** The reason is looked up, not believed: a caller that is wrong about it opens nothing. */
  private reasonHolds({ reason, challengeId }: SessionOpening) {
    switch (reason) {
      case 'NO_SECOND_STEP':
        return sql`a.two_step_enabled_at is null`;
      case 'TRUSTED_DEVICE':
        return isTrusted(this.limits, 'd');
      case 'VERIFIED_CHALLENGE':
        return sql`exists (select 1 from challenge c where c.id = ${challengeId}::uuid and c.state = 'VERIFIED'
          and c.purpose in ('SIGN_IN', 'SIGN_UP') and coalesce(c.account_id, a.id) = a.id)`;
    }
  }

  /** Of a session that was just opened. */
  private expiryOf({ createdAt }: SessionRow): Wait {
    const ms = Math.min(this.limits.SESSION_IDLE_DAYS, this.limits.SESSION_MAX_DAYS) * 86_400_000;
    return new Wait(new Date(createdAt.getTime() + ms), ms);
  }

  /**
   * The live session that a token names, which is used by that: session and device are seen now. To keep a busy client
   * from writing at each request, that is noted at most once a minute.
   * @returns null if the token names none, or one that is over
   */
  async authenticate(db: Sql, token: string, ipAddress: string): Promise<SignedInSession | null> {
    const hash = tokenHash('ses', token);
    if (!hash) return null;
    const [found] = await rowsOf<Session & AccountColumns & { isStale: boolean }>(
      db,
      sql`select ${this.columns()}, a.email, a.created_at as "openedAt", a.two_step_enabled_at as "twoStepEnabledAt",
            s.last_used_at is null or s.last_used_at < clock_timestamp() - interval '1 minute'
              or d.last_ip_address <> ${ipAddress} as "isStale"
          from session s join device d on d.id = s.device_id join account a on a.id = s.account_id
          where s.token_hash = ${hash} and d.removed_at is null and ${isLive(this.limits, 's')}`,
    );
    if (!found) return null;
    const { isStale, email, openedAt, twoStepEnabledAt, ...session } = found;
    if (isStale && !(await this.touch(db, session.id, ipAddress))) return null;
    return { ...session, account: { id: session.accountId, email, createdAt: openedAt, twoStepEnabledAt } };
  }

  /** The condition stands again in the update: a session may have ended, or lapsed, since it was read. */
  private async touch(db: Sql, sessionId: string, ipAddress: string): Promise<boolean> {
    const touched = await countOf(
      db,
      sql`with used as (
            update session s set last_used_at = clock_timestamp()
            where s.id = ${sessionId} and ${isLive(this.limits, 's')} returning s.device_id)
          ${sighting(this.limits, sql`select device_id from used`, ipAddress)}`,
    );
    return touched === 1;
  }

  /** Which of these sessions are live, and whether their devices are trusted. */
  check(db: Sql, sessionIds: readonly string[]): Promise<Session[]> {
    if (sessionIds.length === 0) return Promise.resolve([]);
    return rowsOf<Session>(
      db,
      sql`select ${this.columns()}
          from session s join device d on d.id = s.device_id
          where s.id = any(${sessionIds}) and d.removed_at is null and ${isLive(this.limits, 's')}`,
    );
  }

  /** What is read of a session `s` and its device `d`. */
  private columns() {
    return sql`s.id, s.account_id as "accountId", s.device_id as "deviceId", s.token_hash as "tokenHash",
      ${isTrusted(this.limits, 'd')} as "isTrusted"`;
  }

  async standing(db: Sql, session: Session): Promise<Standing> {
    const [live] = await this.check(db, [session.id]);
    if (!live) return 'OVER';
    if (!isOfToken(live, session)) return 'RENEWED';
    return live.isTrusted ? 'TRUSTED' : 'UNTRUSTED';
  }

  /** Gives a session a new token; the one before opens nothing any more. */
  async renewToken(tx: Tx, sessionId: string): Promise<string> {
    const token = newToken('ses');
    await countOf(tx, sql`update session set token_hash = ${tokenHash('ses', token)} where id = ${sessionId}`);
    return token;
  }

  /** Ends one session. @returns how many were live and are over now: 0 or 1 */
  end(tx: Tx, sessionId: string): Promise<number> {
    return countOf(
      tx,
      sql`update session s set ended_at = clock_timestamp() where s.id = ${sessionId} and ${isLive(this.limits, 's')}`,
    );
  }

  /** Ends the account's sessions but one, however many there are. */
  async endOthers(tx: Tx, accountId: string, keptSessionId: string | null): Promise<EndedSessions> {
    const ended = await rowOf<EndedSessions>(
      tx,
      sql`with ${ending(others(isLive(this.limits, 's'), accountId, keptSessionId))}
          select count(*)::int as count, coalesce(array_agg(distinct device_id), '{}') as "deviceIds"
          from (select device_id from ended union all select device_id from gone) device`,
    );
    return ended ?? { count: 0, deviceIds: [] };
  }

  /** Ends all sessions of a device. @returns how many were live and are over now */
  endOfDevice(tx: Tx, deviceId: string): Promise<number> {
    return countOf(
      tx,
      sql`update session s set ended_at = clock_timestamp() where s.device_id = ${deviceId} and ${isLive(this.limits, 's')}`,
    );
  }
}
