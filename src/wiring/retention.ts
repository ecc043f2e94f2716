import type { Logger } from 'pino';
import type { Limits } from '../config/limits.js';
import type { Database } from '../sql/database.js';
import { countOf, rowOf } from '../sql/rows.js';
import { type Fragment, raw, sql } from '../sql/statement.js';

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
    for (const statement of this.statements()) {
      let changed = BATCH;
      while (changed >= BATCH) changed = await this.runOnce(statement);
    }
  }

  /** @returns how many rows were changed; 0 where another worker is at it */
  private runOnce(statement: Fragment): Promise<number> {
    return this.db.transaction(async (tx) => {
      const lock = await rowOf<{ mine: boolean }>(tx, sql`select pg_try_advisory_xact_lock(${RETENTION_LOCK}) as mine`);
      return lock?.mine ? countOf(tx, statement) : 0;
    });
  }

  private statements(): Fragment[] {
    const { ENDED_DAYS, ACTIVITY_DAYS, UNUSED_SESSION_SECONDS, SESSION_MAX_DAYS, TRUST_MAX_DAYS, PRESENCE_SECONDS } =
      this.limits;
    return [
      // The hash of an unfinished sign-up goes when its challenge is over. The worker's database role may not read the
      // column: what tells is that nothing has ended the challenge before.
      sql`update challenge set password_hash = null, ended_at = expires_at
          where id in (
            select id from challenge
            where purpose = 'SIGN_UP' and ended_at is null and expires_at <= clock_timestamp() limit ${BATCH})`,
      // Its answer was lost: nobody holds the session's token, nor that of the device which was made with it.
      sql`with lost as (
            update session set ended_at = clock_timestamp()
            where ended_at is null and challenge_id is not null and last_used_at is null
              and created_at <= clock_timestamp() - make_interval(secs => ${UNUSED_SESSION_SECONDS})
            returning device_id, made_device)
          update device set removed_at = clock_timestamp()
          where removed_at is null and id in (select device_id from lost where made_device)`,
      oldest('delivery', 'created_at', { days: ENDED_DAYS }),
      oldest('challenge', 'expires_at', { days: ENDED_DAYS }),
      oldest('session', `coalesce(ended_at, created_at + interval '${SESSION_MAX_DAYS} days')`, { days: ENDED_DAYS }),
      oldest('support_report', 'created_at', { days: ENDED_DAYS }),
      oldest('activity', 'occurred_at', { days: ACTIVITY_DAYS }),
      oldest('device', 'removed_at', { days: ENDED_DAYS }),
      oldest('device_token', 'retired_at', { days: TRUST_MAX_DAYS }),
      oldest('presence', 'renewed_at', { seconds: 6 * PRESENCE_SECONDS }),
      oldest('password_attempt', 'last_at', { days: 1 }),
    ];
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }
}

/**
 * Deletes the oldest batch of what is no longer kept. By age alone: of some tables the worker's database role may read
 * nothing else, keys included.
 */
function oldest(table: string, instant: string, kept: { days?: number; seconds?: number }): Fragment {
  const past = sql`${raw(instant)} < clock_timestamp() - make_interval(days => ${kept.days ?? 0}, secs => ${kept.seconds ?? 0})`;
  return sql`delete from ${raw(table)} where ${past} and ${raw(instant)} <= coalesce(
    (select ${raw(instant)} from ${raw(table)} where ${past} order by 1 offset ${BATCH - 1} limit 1), 'infinity')`;
}
