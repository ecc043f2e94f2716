import { randomUUID } from 'node:crypto';
import { DatabaseError } from 'pg';
import type { Credentials, FoundSession, Session, SessionLookup, SignedInSession, Standing } from '../api/session.js';
import { newToken, tokenHash } from '../codes/tokens.js';
import type { Limits } from '../config/limits.js';
import { sighting } from '../devices/devices.js';
import { forgettingPush } from '../devices/push-subscriptions.js';
import { isTrusted } from '../devices/trust.js';
import { type NewEvent, telling } from '../events/events.js';
import { msUntil } from '../sql/clock.js';
import type { Sql } from '../sql/database.js';
import { isTheOne, oneByOne } from '../sql/one-by-one.js';
import { countOf, rowOf, rowsOf } from '../sql/rows.js';
import { columns, type Fragment, raw, sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';
import { unindexed } from '../sql/unindexed.js';
import { Wait } from '../texts/times.js';
import { type SessionReason, SessionRow } from './session.entity.js';
import { ofDevice, others, tooManyFor } from './session-room.js';
import { isLive, isUsable, lapsesAt, standingOf } from './session-rules.js';

interface AccountColumns {
  readonly email: string | null;
  readonly subjectEmail: string | null;
  readonly externalId: string | null;
  readonly openedAt: Date;
  readonly twoStepEnabledAt: Date | null;
}

/** A session that is used, and from where. */
interface Sighted extends Pick<Credentials, 'ipAddress'> {
  readonly session: Pick<Session, 'id'>;
}

/** What a session is opened with. */
export interface SessionOpening {
  /** Where what is written beside it names it already. */
  readonly id?: string;
  readonly accountId: string;
  /** The account's epoch that the caller relied on. */
  readonly epoch: number;
  readonly deviceId: string;
  readonly reason: SessionReason;
  readonly challengeId: string | null;
  readonly madeDevice: boolean;
  /** Where it is handed over: by which code, and from which session. */
  readonly handOver?: { readonly id: string; readonly sessionId: string };
}

/** A live session, and when it is over if it is not used again. */
export type ListedSession = SessionRow & { readonly expiry: Wait };

/** A session that was just opened, with the one copy of its token. */
export interface OpenedSession {
  readonly session: SessionRow;
  readonly token: string;
  /** When it is over if it is not used again. @param trust what is left of its device's, where two-step is on */
  readonly expiry: (trust: Wait | null) => Wait;
}

/** Sessions that were live and are over now. */
export interface EndedSessions {
  readonly count: number;
  readonly deviceIds: readonly string[];
}

/**
 * Of sessions that end at once, so many are kept as ended rows, those used last first. There are more only where no number
 * bounded them: before `SESSIONS_PER_ACCOUNT` was there, or was lowered. Those are deleted, which costs PostgreSQL a
 * fraction of the other.
 */
const ENDED_KEPT = 1_000;

/** So many end by one statement, since each has a limit of time; as many as `SESSIONS_PER_ACCOUNT` may be. */
const ENDED_AT_ONCE = 10_000;

/**
 * SQL of `with`: ends `ENDED_AT_ONCE` sessions of `candidates`, those used last, and those that were handed over from them,
 * but the one that is kept. `ended` and `gone` have their devices.
 * @param candidates selects `id` and `used_at`
 * @param endedKept of the candidates, so many are kept as ended rows
 */
function ending(candidates: Fragment, endedKept: number, keptSessionId: string | null = null): Fragment {
  return sql`marked as (
      select id, row_number() over (order by used_at desc) as nth
      from (select id, used_at from (${candidates}) candidate order by used_at desc limit ${ENDED_AT_ONCE}) latest),
    chosen as (
      select id, min(nth) as nth
      from (select id, nth from marked
            union all
            select h.id, 0 from session h join marked m on h.parent_id = m.id
            where h.ended_at is null and h.id is distinct from ${keptSessionId}::uuid) whole
      group by id),
    ended as (
      update session s set ended_at = clock_timestamp() from chosen
      where s.id = chosen.id and chosen.nth <= ${endedKept} and s.ended_at is null
      returning s.id, s.account_id, s.device_id),
    gone as (delete from session s using chosen where s.id = chosen.id and chosen.nth > ${endedKept} returning s.device_id),
    unpushed as (${forgettingPush(sql`select id from chosen`)})`;
}

/** The session that was opened, by its properties and by what decides when it lapses. */
const started = sql`(select *, "createdAt" as created_at, "lastUsedAt" as last_used_at, "deviceId" as device_id,
  "challengeId" as challenge_id, "parentId" as parent_id from started) h`;

const sessionEnded = {
  type: 'SESSION_ENDED',
  accountId: sql`h.account_id`,
  sessionId: sql`h.id`,
  deviceId: sql`h.device_id`,
} as const;

/** What is told of `ending`. Of more sessions than are kept nobody can have asked lately. */
const endedEvents = { event: sessionEnded, source: sql`ended h` };

/** SQL that is true once `ending` is done: for what locks a device, since sessions are always locked before it. */
const haveEnded = sql`(select count(*) from ended) + (select count(*) from gone) >= 0`;

const DAY_MS = 86_400_000;
const NOT_NULL_VIOLATION = '23502';
const UNIQUE_VIOLATION = '23505';

/** Whether a transaction failed because nobody may be let in by it: see `Sessions.start`. One challenge opens one session. */
export function isRefusedSession(error: unknown): boolean {
  if (!(error instanceof DatabaseError) || error.table !== 'session') return false;
  return error.code === NOT_NULL_VIOLATION || error.code === UNIQUE_VIOLATION;
}

/** When a code was last typed for it: one that was typed later counts, else the one that opened it. */
function provenAtOf({ provenAt, reason, createdAt }: SessionRow): Date | null {
  return provenAt ?? (reason === 'VERIFIED_CHALLENGE' ? createdAt : null);
}

/** The sessions of accounts. */
export class Sessions implements SessionLookup {
  private readonly sessionStarted: NewEvent;

  constructor(private readonly limits: Limits) {
    this.sessionStarted = {
      type: 'SESSION_STARTED',
      accountId: sql`h."accountId"`,
      sessionId: sql`h.id`,
      deviceId: sql`h."deviceId"`,
      expiresAt: lapsesAt(limits, 'h'),
    };
  }

  /**
   * Opens a session: the only place where one comes into being. The account must be locked by this transaction; the device
   * is locked here, since retention removes devices without the account. Where the account's epoch is another by now, the
   * device was removed or the reason does not hold, there is no account to open it for: PostgreSQL refuses the row, and all
   * of the transaction with it (`isRefusedSession`). Sessions that are too many then end in the same statement; those past
   * `ENDED_AT_ONCE` with the next one that is opened.
   * @param noted SQL of `with` that notes it: `ended` and `gone` have the devices of those that had to end
   */
  async start(tx: Tx, opening: SessionOpening, noted: Fragment | null = null): Promise<OpenedSession> {
    const token = newToken('ses');
    const parentId = opening.handOver?.sessionId ?? null;
    const session = await rowOf<SessionRow>(
      tx,
      sql`with ${ending(tooManyFor(isLive(this.limits, 's'), this.limits, { ...opening, parentId }), ENDED_KEPT)}${noted ? sql`, ${noted}` : raw('')},
          started as (
            insert into session (id, account_id, device_id, token_hash, reason, challenge_id, parent_id, made_device)
          values (${opening.id ?? randomUUID()},
            (select a.id from account a join device d on d.account_id = a.id
             where a.id = ${opening.accountId} and a.epoch = ${opening.epoch}
               and d.id = ${opening.deviceId} and d.removed_at is null
               and ${this.reasonHolds(opening)} and ${haveEnded}
             for no key update of d),
            ${opening.deviceId}, ${tokenHash('ses', token)}, ${opening.reason}, ${opening.challengeId}, ${parentId},
            ${opening.madeDevice})
            returning ${columns(SessionRow)}),
          told as (${telling(tx, { event: this.sessionStarted, source: started }, endedEvents)})
          select * from started`,
    );
    if (!session) throw new Error('an insert returned no row');
    return {
      session: { ...session, provenAt: provenAtOf(session) },
      token,
      expiry: (trust) => this.expiryOf(session, trust),
    };
  }

  /** The reason is looked up, not believed: a caller that is wrong about it opens nothing. */
  private reasonHolds({ reason, challengeId, handOver }: SessionOpening) {
    switch (reason) {
      case 'NO_SECOND_STEP':
        return sql`a.two_step_enabled_at is null`;
      case 'TRUSTED_DEVICE':
        return isTrusted(this.limits, 'd');
      case 'VERIFIED_CHALLENGE':
        return sql`exists (select 1 from challenge c where c.id = ${challengeId}::uuid and c.state = 'VERIFIED'
          and (c.purpose in ('SIGN_IN', 'SIGN_UP') or c.purpose = 'ENABLE_TWO_STEP' and c.client_id is not null)
          and coalesce(c.account_id, a.id) = a.id)`;
      case 'HAND_OVER':
        // Whatever was handed over hands nothing over, so that all of it ends with one session.
        return sql`exists (select 1 from hand_over o join session s on s.id = o.session_id
          where o.id = ${handOver?.id}::uuid and o.kind = 'PAGES' and o.used_at is not null
            and s.id = ${handOver?.sessionId}::uuid and s.account_id = a.id and s.device_id = d.id and s.reason <> 'HAND_OVER'
            and s.id not in (select id from chosen) and ${unindexed(isLive(this.limits, 's'))})`;
    }
  }

  /** Of a session that was just opened, for whoever has its token, and uses it. */
  private expiryOf({ createdAt }: SessionRow, trust: Wait | null): Wait {
    const { SESSION_IDLE_DAYS, TRUSTED_SESSION_IDLE_DAYS } = this.limits;
    const byTrust = Math.min(TRUSTED_SESSION_IDLE_DAYS * DAY_MS, 1000 * (trust?.seconds ?? 0));
    const ms = Math.max(SESSION_IDLE_DAYS * DAY_MS, byTrust);
    return new Wait(new Date(createdAt.getTime() + ms), ms);
  }

  /** When a live session is over if it is not used again. @returns null if it is over */
  async expiry(db: Sql, sessionId: string): Promise<Wait | null> {
    const until = lapsesAt(this.limits, 's');
    const found = await rowOf<{ until: Date; ms: number }>(
      db,
      sql`select ${until} as until, ${msUntil(until)} as ms from session s
          where s.id = ${sessionId} and ${unindexed(isLive(this.limits, 's'))}`,
    );
    return found && new Wait(found.until, found.ms);
  }

  /** The account's live sessions, the latest used first. */
  async list(db: Sql, accountId: string): Promise<ListedSession[]> {
    const until = lapsesAt(this.limits, 's');
    const rows = await rowsOf<SessionRow & { expiresAt: Date; expiresMs: number }>(
      db,
      sql`select ${columns(SessionRow, 's')}, ${until} as "expiresAt", ${msUntil(until)} as "expiresMs" from session s
          where s.account_id = ${accountId} and ${isLive(this.limits, 's')}
          order by coalesce(s.last_used_at, s.created_at) desc, s.id`,
    );
    return rows.map(({ expiresAt, expiresMs, ...row }) => ({
      ...row,
      provenAt: provenAtOf(row),
      expiry: new Wait(expiresAt, expiresMs),
    }));
  }

  /**
   * The live session that a token names, which is used by that: session and device are seen now. To keep a busy client
   * from writing at each request, that is noted at most once a minute.
   * @returns null if the token names none, or one that is over
   */
  async authenticate(db: Sql, token: string, ipAddress: string): Promise<SignedInSession | null> {
    const [found] = await this.findAll(db, [{ token, ipAddress }]);
    return found ? this.use(db, found) : null;
  }

  /**
   * The first half of it, for many at a time: the live sessions that tokens name, in the order of what was asked. That they
   * are used is noted where it is not locked: none waits here for a lock that only another one needs.
   */
  async findAll(db: Sql, asked: readonly Credentials[]): Promise<(FoundSession | null)[]> {
    const answers: (FoundSession | null)[] = asked.map(() => null);
    const hashes = asked.map(({ token }) => tokenHash('ses', token));
    if (hashes.every((hash) => hash === null)) return answers;
    const found = await rowsOf<Session & AccountColumns & { isStale: boolean; nth: number }>(
      db,
      sql`select found.*, k.nth::int - 1 as nth
          from unnest(${hashes}::bytea[], ${asked.map(({ ipAddress }) => ipAddress)}::text[])
            with ordinality as k (hash, ip_address, nth)
          ${oneByOne(sql`select ${this.columns()}, a.email, a.subject_email as "subjectEmail", a.external_id as "externalId",
              a.created_at as "openedAt", a.two_step_enabled_at as "twoStepEnabledAt",
              s.last_used_at is null or s.last_used_at < clock_timestamp() - interval '1 minute'
                or d.last_ip_address <> k.ip_address as "isStale"
            from session s join device d on ${isTheOne('d.id', 's.device_id')} join account a on ${isTheOne('a.id', 's.account_id')}
            where s.token_hash = k.hash and ${isUsable(this.limits)}`)}`,
    );
    for (const { isStale, nth, email, subjectEmail, externalId, openedAt, twoStepEnabledAt, ...session } of found) {
      const facts = { email, subjectEmail, externalId, createdAt: openedAt, twoStepEnabledAt };
      const account = { id: session.accountId, ...facts };
      answers[nth] = { session: { ...session, account }, ipAddress: asked[nth]?.ipAddress ?? '', isNoted: !isStale };
    }
    const stale = answers.filter((answer) => answer !== null && !answer.isNoted) as FoundSession[];
    const noted = new Set(stale.length > 1 ? await this.touch(db, stale, sql`skip locked`) : []);
    for (const answer of stale) answer.isNoted = noted.has(answer.session.id);
    return answers;
  }

  /** The other half, for one. @returns null if the session is over by now */
  async use(db: Sql, found: FoundSession): Promise<SignedInSession | null> {
    if (found.isNoted) return found.session;
    const [isNoted] = await this.touch(db, [found], sql``);
    return isNoted ? found.session : null;
  }

  /** Notes that a session is used, and from where. @returns whether it is live */
  async sight(db: Sql, id: string, ipAddress: string): Promise<boolean> {
    const noted = await this.touch(db, [{ session: { id }, ipAddress }], sql``);
    return noted.length === 1;
  }

  /** The condition stands again behind the lock: a session may have ended, or lapsed, since it was read. */
  private async touch(db: Sql, found: readonly Sighted[], whereLocked: Fragment): Promise<string[]> {
    const rows = await rowsOf<Pick<Session, 'id'>>(
      db,
      sql`with usable as (
            select s.id, s.device_id, k.ip_address
            from unnest(${found.map(({ session }) => session.id)}::uuid[], ${found.map(({ ipAddress }) => ipAddress)}::text[])
              as k (id, ip_address)
            join session s on s.id = k.id join device d on d.id = s.device_id
            where ${isUsable(this.limits)}
            for no key update of s, d ${whereLocked}),
          used as (update session s set last_used_at = clock_timestamp() from usable u where s.id = u.id)
          ${sighting(this.limits, 'usable')}`,
    );
    return rows.map(({ id }) => id);
  }

  /**
   * Notes once that a session's token has arrived, so that it no longer lapses unused; nothing else is moved by that.
   * @returns false where it had arrived before, or is over
   */
  async arrive(db: Sql, sessionId: string): Promise<boolean> {
    const noted = await countOf(
      db,
      sql`update session s set last_used_at = clock_timestamp()
          where s.id = ${sessionId} and s.last_used_at is null and ${unindexed(isLive(this.limits, 's'))}`,
    );
    return noted === 1;
  }

  /** Notes that a code was typed for a session that was open already. */
  prove(tx: Tx, sessionId: string): void {
    tx.write(sql`update session set proven_at = clock_timestamp() where id = ${sessionId}`);
  }

  /** Which of these sessions are live, and whether their devices are trusted. */
  check(db: Sql, sessionIds: readonly string[]): Promise<Session[]> {
    if (sessionIds.length === 0) return Promise.resolve([]);
    return rowsOf<Session>(
      db,
      sql`select found.* from unnest(${sessionIds}::uuid[]) as k (id)
          ${oneByOne(sql`select ${this.columns()} from session s join device d on ${isTheOne('d.id', 's.device_id')}
            where s.id = k.id and ${isUsable(this.limits)}`)}`,
    );
  }

  /** Those that are live under the token that they were named by. */
  named(db: Sql, sessions: readonly Session[]): Promise<Session[]> {
    return rowsOf<Session>(
      db,
      sql`select found.* from unnest(${sessions.map(({ tokenHash: hash }) => hash)}::bytea[]) as k (hash)
          ${oneByOne(sql`select ${this.columns()} from session s join device d on ${isTheOne('d.id', 's.device_id')}
            where s.token_hash = k.hash and ${isUsable(this.limits)}`)}`,
    );
  }

  /** Those that are over, or have another token than they were named by. */
  async lost(db: Sql, sessions: readonly Session[]): Promise<Session[]> {
    const rows = await rowsOf<{ nth: number }>(
      db,
      sql`select k.nth::int as nth
          from unnest(${sessions.map(({ tokenHash: hash }) => hash)}::bytea[]) with ordinality as k (hash, nth)
          where not exists (
            select 1 from session s join device d on d.id = s.device_id
            where s.token_hash = k.hash and ${isUsable(this.limits)})`,
    );
    return rows.flatMap(({ nth }) => sessions[nth - 1] ?? []);
  }

  /** What is read of a session `s` and its device `d`. */
  private columns() {
    return sql`s.id, s.account_id as "accountId", s.device_id as "deviceId", '\\x' || encode(s.token_hash, 'hex') as "tokenHash",
      ${isTrusted(this.limits, 'd')} as "isTrusted"`;
  }

  async standing(db: Sql, session: Session): Promise<Standing> {
    const [live] = await this.check(db, [session.id]);
    return standingOf(session, live);
  }

  /** Whether a session came from another one, though it may stand for itself by now. */
  async isHandedOver(db: Sql, sessionId: string): Promise<boolean> {
    const found = await rowOf(db, sql`select id from session where id = ${sessionId} and reason = 'HAND_OVER'`);
    return found !== null;
  }

  /**
   * Gives a session a new token; the one before opens nothing any more, nor what was handed over by whoever had it.
   */
  async renewToken(tx: Tx, sessionId: string): Promise<string> {
    const token = newToken('ses');
    await countOf(tx, this.endingWhere(tx, sql`s.parent_id = ${sessionId}`));
    await countOf(tx, sql`update session set token_hash = ${tokenHash('ses', token)} where id = ${sessionId}`);
    return token;
  }

  /** @returns null if the account has no such session, live or over */
  async deviceOf(db: Sql, accountId: string, sessionId: string): Promise<string | null> {
    const found = await rowOf<Pick<SessionRow, 'deviceId'>>(
      db,
      sql`select ${columns(SessionRow, '', ['deviceId'])} from session where id = ${sessionId} and account_id = ${accountId}`,
    );
    return found?.deviceId ?? null;
  }

  /** Ends one session, and those that were handed over from it. @returns how many were live and are over now */
  end(tx: Tx, sessionId: string): Promise<number> {
    return countOf(tx, this.endingWhere(tx, sql`(s.id = ${sessionId} or s.parent_id = ${sessionId})`));
  }

  /**
   * Ends the account's sessions but one, however many there are. One that was handed over stands for itself from then on:
   * who ends all others stays, though the session that it came from is among them. It is as old as that, and proven as that.
   */
  endOthers(tx: Tx, accountId: string, keptSessionId: string | null): Promise<EndedSessions> {
    return this.endAll(tx, others(isLive(this.limits, 's'), accountId, keptSessionId), keptSessionId);
  }

  /** Ends all sessions of a device, however many there are. @returns how many were live and are over now */
  async endOfDevice(tx: Tx, deviceId: string): Promise<number> {
    const { count } = await this.endAll(tx, ofDevice(isLive(this.limits, 's'), deviceId), null);
    return count;
  }

  /** One statement after the other until none is left: those used last are in the first one. */
  private async endAll(tx: Tx, candidates: Fragment, keptSessionId: string | null): Promise<EndedSessions> {
    const deviceIds = new Set<string>();
    let count = 0;
    for (let endedKept = ENDED_KEPT; ; endedKept = 0) {
      const ended = await rowOf<EndedSessions & { readonly mayBeMore: boolean }>(
        tx,
        sql`with ${ending(candidates, endedKept, keptSessionId)},
            alone as (
              update session s set parent_id = null, created_at = origin.created_at,
                proven_at = coalesce(s.proven_at, origin.proven_at)
              from session origin where s.id = ${keptSessionId}::uuid and origin.id = s.parent_id returning s.id),
            told as (${telling(tx, endedEvents)})
            select count(*)::int as count, coalesce(array_agg(distinct device_id), '{}') as "deviceIds",
              (select count(*) from marked) = ${ENDED_AT_ONCE} as "mayBeMore"
            from (select device_id from ended union all select device_id from gone) device`,
      );
      count += ended?.count ?? 0;
      for (const deviceId of ended?.deviceIds ?? []) deviceIds.add(deviceId);
      if (!ended?.mayBeMore) return { count, deviceIds: [...deviceIds] };
    }
  }

  /** Every session that is ended is told of; only what lapses is not. */
  private endingWhere(tx: Tx, which: Fragment): Fragment {
    return sql`with ended as (
        update session s set ended_at = clock_timestamp() where ${which} and ${isLive(this.limits, 's')}
        returning s.id, s.account_id, s.device_id),
      unpushed as (${forgettingPush(sql`select id from ended`)}),
      told as (${telling(tx, endedEvents)})
      select id from ended`;
  }
}
