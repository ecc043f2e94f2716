import { type Context, requireSession } from '../api/context.js';
import { CHECK_VALID_MS, liveStream, msToNextLook } from '../api/live.js';
import { Alarm, type Bus } from '../bus/bus.js';
import type { Limits } from '../config/limits.js';
import type { Session, Sessions } from '../sessions/sessions.js';
import type { Sql } from '../sql/database.js';
import { rowsOf } from '../sql/rows.js';
import { columns, sql } from '../sql/statement.js';
import { ActivityRow } from './activity.entity.js';
import { LoginActivity } from './activity.types.js';
import { numberOf } from './cursors.js';

const MOST_AT_ONCE = 100;

/** The login activity as it happens. */
export class ActivityStream {
  constructor(
    private readonly bus: Bus,
    private readonly sessions: Sessions,
    private readonly limits: Limits,
  ) {}

  /**
   * Each new entry; with a cursor, first those since then.
   * @throws Unauthenticated, BadUserInput
   */
  async open(context: Context, after: string | null): Promise<AsyncIterableIterator<LoginActivity>> {
    const session = requireSession(context);
    const from = after === null ? await newestNumber(context.db, session.accountId) : numberOf(after);
    // Only once nothing can refuse it: nobody would end the alarm of a stream that never began.
    const alarm = new Alarm(this.bus, [`account:${session.accountId}`]);
    return liveStream(alarm, this.events(context, session, alarm, from));
  }

  private async *events(context: Context, session: Session, alarm: Alarm, from: number): AsyncGenerator<LoginActivity> {
    const unsubscribed = context.socket?.subscribed();
    let told = from;
    try {
      while (!alarm.isOver) {
        const db = context.db;
        const readAt = performance.now();
        const entries = await entriesAfter(db, session.accountId, told);
        const standing = await this.sessions.standing(db, session);
        if (standing === 'OVER') context.socket?.endSession();
        if (standing === 'OVER' || alarm.isOver) return;
        if (standing === 'RENEWED') {
          await alarm.wait(msToNextLook(this.bus, this.limits));
          continue;
        }
        for (const entry of entries) {
          // Whoever reads slowly is checked again: the session may be over since.
          if (performance.now() - readAt > CHECK_VALID_MS) break;
          told = entry.number;
          yield new LoginActivity(entry);
        }
        if (entries.at(-1)?.number !== told || entries.length === MOST_AT_ONCE) continue;
        await alarm.wait(msToNextLook(this.bus, this.limits));
      }
    } finally {
      alarm[Symbol.dispose]();
      unsubscribed?.();
    }
  }
}

function entriesAfter(db: Sql, accountId: string, number: number): Promise<ActivityRow[]> {
  return rowsOf<ActivityRow>(
    db,
    sql`select ${columns(ActivityRow)} from activity where account_id = ${accountId} and number > ${number}
        order by number limit ${MOST_AT_ONCE}`,
  );
}

async function newestNumber(db: Sql, accountId: string): Promise<number> {
  const [found] = await rowsOf<{ newest: number }>(
    db,
    sql`select activity_count as newest from account where id = ${accountId}`,
  );
  return found?.newest ?? 0;
}
