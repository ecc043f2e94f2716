import { sql } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Logger } from 'pino';
import type { Limits } from './limits.js';

const EVERY_MS = 60_000;

/** Any number will do; it must only be the same in every worker. */
const RETENTION_LOCK = 7_366_883_266;

/** Deletes what is no longer kept, once a minute; of several workers one does it at a time. */
export class Retention {
  private readonly timer: NodeJS.Timeout;
  private running: Promise<void> | null = null;

  constructor(
    private readonly fork: () => EntityManager,
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

  /** Deletes now. */
  run(): Promise<void> {
    return this.fork().transactional(async (em) => {
      const [lock] = await em.execute<{ mine: boolean }[]>(
        sql`select pg_try_advisory_xact_lock(${RETENTION_LOCK}) as mine`,
      );
      if (!lock?.mine) return;
      for (const statement of this.statements()) await em.execute(statement, [], 'run');
    });
  }

  private statements() {
    const { ENDED_DAYS, ACTIVITY_DAYS, UNUSED_SESSION_SECONDS, SESSION_MAX_DAYS, TRUST_MAX_DAYS, PRESENCE_SECONDS } =
      this.limits;
    const before = (days: number) => sql`clock_timestamp() - make_interval(days => ${days})`;
    return [
      // The hash of an unfinished sign-up goes when its challenge is over. The worker's database role may not read the
      // column: what tells is that nothing has ended the challenge before.
      sql`update challenge set password_hash = null, ended_at = expires_at
          where purpose = 'SIGN_UP' and ended_at is null and expires_at <= clock_timestamp()`,
      // Its answer was lost: nobody holds the session's token, nor that of the device which was made with it.
      sql`with lost as (
            update session set ended_at = clock_timestamp()
            where ended_at is null and challenge_id is not null and last_used_at is null
              and created_at <= clock_timestamp() - make_interval(secs => ${UNUSED_SESSION_SECONDS})
            returning device_id, made_device)
          update device set removed_at = clock_timestamp()
          where removed_at is null and id in (select device_id from lost where made_device)`,
      sql`delete from delivery where created_at < ${before(ENDED_DAYS)}`,
      sql`delete from challenge where expires_at < ${before(ENDED_DAYS)}`,
      sql`delete from session where coalesce(ended_at, created_at + make_interval(days => ${SESSION_MAX_DAYS})) < ${before(ENDED_DAYS)}`,
      sql`delete from support_report where created_at < ${before(ENDED_DAYS)}`,
      sql`delete from activity where occurred_at < ${before(ACTIVITY_DAYS)}`,
      sql`delete from device where removed_at < ${before(ENDED_DAYS)}`,
      sql`delete from device_token where retired_at < ${before(TRUST_MAX_DAYS)}`,
      sql`delete from presence where renewed_at < clock_timestamp() - make_interval(secs => ${6 * PRESENCE_SECONDS})`,
      sql`delete from password_attempt where last_at < ${before(1)}`,
    ];
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }
}
