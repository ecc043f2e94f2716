import type { Logger } from 'pino';
import type { Limits } from '../config/limits.js';
import { isTrusted } from '../devices/trust.js';
import { isLive } from '../sessions/session-rules.js';
import type { Database, Transaction } from '../sql/database.js';
import { countOf, rowOf } from '../sql/rows.js';
import { constant, type Fragment, raw, sql } from '../sql/statement.js';
import { unindexed } from '../sql/unindexed.js';

const EVERY_MS = 60_000;
/** Rows in one transaction: far from the time limit of a statement. */
const BATCH = 5_000;

/** Any number will do; it must only be the same in every worker. */
const RETENTION_LOCK = 7_366_883_266;

/** Deletes what is no longer kept, once a minute; of several workers one does it at a time. */
export class Retention {
  private readonly timer: NodeJS.Timeout;
  private running: Promise<void> | null = null;

  constructor(
    private readonly db: Database,
    private readonly limits: Limits,
    private readonly logger: Logger,
  ) {
    this.timer = setInterval(() => this.tick(), EVERY_MS).unref();
  }

  private tick(): void {
    this.running ??= this.run()
      .catch((error) => this.logger.warn({ err: error }, 'retention: not possible now'))
      .finally(() => {
        this.running = null;
      });
  }

  /** Deletes now: every transaction a batch, so that none grows with what there is to do. */
  async run(): Promise<void> {
    const chores = this.chores();
    const dues = chores.map(({ isDue }) => isDue).reduce((list, isDue) => sql`${list}, ${isDue}`);
    const asked = await rowOf<{ dues: boolean[] }>(this.db, sql`select array[${dues}] as dues`);
    for (const chore of chores.filter((_, nth) => asked?.dues[nth])) {
      let changed = BATCH;
      while (changed >= BATCH) changed = await this.runOnce(chore.run);
    }
  }

  /** @returns how many rows were changed; 0 where another worker is at it */
  private runOnce(work: (tx: Transaction) => Promise<number>): Promise<number> {
    return this.db.transaction(async (tx) => {
      const lock = await rowOf<{ mine: boolean }>(tx, sql`select pg_try_advisory_xact_lock(${RETENTION_LOCK}) as mine`);
      return lock?.mine ? work(tx) : 0;
    });
  }

  /**
   * Ends the sessions whose token nobody used in time: the answer that held it may have been lost. Then nobody holds the
   * token of the device either that was made with the session, and the device goes; unless it has signed in again by that,
   * or is about to. Who signs in on it locks it first, so it is locked here before that is looked at.
   */
  private async endLost(tx: Transaction): Promise<number> {
    const isLost = this.isLost();
    tx.write(
      sql`select id from device where removed_at is null
            and id in (select device_id from session where made_device and ${isLost})
          order by id for update`,
    );
    return countOf(
      tx,
      sql`with lost as (
            update session set ended_at = clock_timestamp() where ${isLost} returning device_id, made_device)
          update device d set removed_at = clock_timestamp()
          where d.removed_at is null and d.id in (select device_id from lost where made_device)
            and not exists (select 1 from session s where s.device_id = d.id and not s.made_device)
            and not exists (select 1 from challenge c where c.account_id = d.account_id and c.device_id = d.id)`,
    );
  }

  /** Of a session. */
  private isLost(): Fragment {
    return sql`ended_at is null and (challenge_id is not null or parent_id is not null) and last_used_at is null
      and created_at <= clock_timestamp() - make_interval(secs => ${constant(this.limits.UNUSED_SESSION_SECONDS)})`;
  }

  private chores(): Chore[] {
    const { ENDED_DAYS, ACTIVITY_DAYS, TRUST_MAX_DAYS, PRESENCE_SECONDS, EVENTS_DAYS, WEBHOOK_DAYS } = this.limits;
    return [
      { isDue: sql`exists (select from session where ${this.isLost()})`, run: (tx) => this.endLost(tx) },
      lapsedSignUps(),
      // Since its last try: a notice is worth sending for three days, and ENDED_DAYS may be less.
      oldest('delivery', 'changed_at', { days: ENDED_DAYS }),
      oldest('push', 'created_at', { days: ENDED_DAYS }),
      lapsedPushes(this.limits),
      oldest('challenge', 'expires_at', { days: ENDED_DAYS }),
      oldest('session', `coalesce(ended_at, created_at + interval '${longestSessionDays(this.limits)} days')`, {
        days: ENDED_DAYS,
      }),
      oldest('support_report', 'created_at', { days: ENDED_DAYS }),
      oldest('hand_over', 'expires_at', { seconds: 3600 }),
      oldest('activity', 'occurred_at', { days: ACTIVITY_DAYS }),
      oldest('device', 'removed_at', { days: ENDED_DAYS }),
      oldest('device_token', 'retired_at', { days: TRUST_MAX_DAYS }),
      oldest('presence', 'renewed_at', { seconds: 6 * PRESENCE_SECONDS }),
      oldest('password_attempt', 'last_at', { days: 1 }),
      oldest('password_tally', 'since', { seconds: 7200 }),
      oldest('verification', 'expires_at', { days: ENDED_DAYS }),
      oldest('held_change', 'ended_at', { days: ENDED_DAYS }),
      oldest('deleted_subject', 'deleted_at', { days: EVENTS_DAYS }),
      oldestEvents(EVENTS_DAYS),
      oldest('webhook', 'created_at', { days: Math.max(EVENTS_DAYS, WEBHOOK_DAYS) }),
    ];
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }
}

/** Something that is not kept for ever. */
interface Chore {
  /** Whether there is anything to do; all of them are asked at once, so that nothing to do costs one statement. */
  readonly isDue: Fragment;
  /** Does a batch of it. @returns how many rows were changed */
  readonly run: (tx: Transaction) => Promise<number>;
}

function changing(statement: Fragment): Chore['run'] {
  return (tx) => countOf(tx, statement);
}

/**
 * The hash of an unfinished sign-up goes when its challenge is over. The worker's database role may not read the column:
 * what tells is that nothing has ended the challenge before.
 */
function lapsedSignUps(): Chore {
  const isLapsed = sql`purpose = 'SIGN_UP' and ended_at is null and expires_at <= clock_timestamp()`;
  return {
    isDue: sql`exists (select from challenge where ${isLapsed})`,
    run: changing(sql`update challenge set password_hash = null, ended_at = expires_at
      where id in (select id from challenge where ${isLapsed} limit ${BATCH})`),
  };
}

/**
 * A push subscription goes with the session that registered it, and its device's trust, also where these lapse. Each is looked
 * at once a day: until then nothing is sent by one that has lapsed.
 */
function lapsedPushes(limits: Limits): Chore {
  const isDue = sql`checked_at < clock_timestamp() - interval '1 day'`;
  return {
    isDue: sql`exists (select from push_subscription where ${isDue})`,
    run: changing(sql`with due as (
        select device_id, session_id from push_subscription where ${isDue}
        order by checked_at limit ${BATCH} for no key update skip locked),
      held as (
        select due.device_id from due join session s on s.id = due.session_id join device d on d.id = due.device_id
        where d.id = s.device_id and ${unindexed(isLive(limits, 's'))} and ${isTrusted(limits, 'd')}),
      lapsed as (delete from push_subscription where device_id in (select device_id from due except select device_id from held))
      update push_subscription set checked_at = clock_timestamp() where device_id in (select device_id from held)`),
  };
}

/** After which no session is live, whatever its device is. */
function longestSessionDays({ SESSION_MAX_DAYS, TRUSTED_SESSION_MAX_DAYS }: Limits): number {
  return Math.max(SESSION_MAX_DAYS, TRUSTED_SESSION_MAX_DAYS);
}

/**
 * The feed is cut off at its beginning alone, whatever times its events name: a reader that finds its next number finds all
 * that follow.
 */
function oldestEvents(days: number): Chore {
  const isKept = sql`occurred_at >= clock_timestamp() - make_interval(days => ${days})`;
  return {
    isDue: sql`exists (select from (
        select occurred_at from event where number is not null order by number limit 1) oldest where not ${isKept})`,
    run: changing(sql`delete from event where number < least(
      coalesce(
        (select number from event where number is not null and ${isKept} order by number limit 1),
        (select head + 1 from event_log)),
      (select min(number) from event where number is not null) + ${BATCH})`),
  };
}

/**
 * Deletes the oldest batch of what is no longer kept. By age alone: of some tables the worker's database role may read
 * nothing else, keys included.
 */
function oldest(table: string, instant: string, kept: { days?: number; seconds?: number }): Chore {
  const past = sql`${raw(instant)} < clock_timestamp() - make_interval(days => ${kept.days ?? 0}, secs => ${kept.seconds ?? 0})`;
  return {
    isDue: sql`exists (select from ${raw(table)} where ${past})`,
    run: changing(sql`delete from ${raw(table)} where ${past} and ${raw(instant)} <= coalesce(
      (select ${raw(instant)} from ${raw(table)} where ${past} order by 1 offset ${BATCH - 1} limit 1), 'infinity')`),
  };
}
