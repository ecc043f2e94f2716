import { type Context, requireSession } from '../api/context.js';
import type { Bus } from '../bus/bus.js';
import { type SessionChecks, type SessionSight, SessionStream } from '../sessions/session-stream.js';
import type { Session } from '../sessions/sessions.js';
import { batched } from '../sql/batches.js';
import type { Sql } from '../sql/database.js';
import { rowsOf } from '../sql/rows.js';
import { columns, sql } from '../sql/statement.js';
import { ActivityRow } from './activity.entity.js';
import { LoginActivity } from './activity.types.js';
import { numberOf } from './cursors.js';

const MOST_AT_ONCE = 100;

/** The sign-in activity as it happens. */
export class ActivityStream {
  private readonly newest = batched((accountIds: readonly string[]) => newestNumbers(this.db, accountIds));
  private readonly entries = batched((asked: readonly Place[]) => entriesAfter(this.db, asked));

  constructor(
    private readonly db: Sql,
    private readonly bus: Bus,
    private readonly checks: SessionChecks,
  ) {}

  /**
   * Each new entry; with a cursor, first those since then.
   * @throws Unauthenticated, BadUserInput
   */
  async open(context: Context, after: string | null): Promise<AsyncGenerator<LoginActivity>> {
    const session = requireSession(context);
    const from = after === null ? await this.newest(session.accountId) : numberOf(after);
    // Only once nothing can refuse it: nobody would end the subscriptions of a stream that never began.
    return new ActivityEvents(this.bus, this.checks, this.entries, context, session, from);
  }
}

/** A place in the activity of an account: right after the entry of that number. */
interface Place {
  readonly accountId: string;
  readonly number: number;
}

class ActivityEvents extends SessionStream<LoginActivity> {
  constructor(
    bus: Bus,
    private readonly checks: SessionChecks,
    private readonly entries: (after: Place) => Promise<ActivityRow[]>,
    context: Context,
    session: Session,
    /** The number of the entry that was told last. */
    private told: number,
  ) {
    super(bus, context, session, false);
  }

  protected override async see(): Promise<SessionSight<LoginActivity>> {
    const entries = await this.entries({ accountId: this.session.accountId, number: this.told });
    // After they were read: what a session that has ended meanwhile may not see is among them.
    const { standing, checkedAt } = await this.checks.check(this.session);
    return {
      standing,
      checkedAt,
      news: entries.map((entry) => new LoginActivity(entry)),
      hasMore: entries.length === MOST_AT_ONCE,
    };
  }

  protected override tell({ row }: LoginActivity): void {
    this.told = row.number;
  }
}

async function entriesAfter(db: Sql, places: readonly Place[]): Promise<ActivityRow[][]> {
  const rows = await rowsOf<ActivityRow & { nth: number }>(
    db,
    sql`select k.nth::int - 1 as nth, a.*
        from unnest(${places.map(({ accountId }) => accountId)}::uuid[], ${places.map(({ number }) => number)}::int[])
          with ordinality as k (account_id, number, nth)
        cross join lateral (
          select ${columns(ActivityRow, 'e')} from activity e where e.account_id = k.account_id and e.number > k.number
          order by e.number limit ${MOST_AT_ONCE}) a
        order by k.nth, a.number`,
  );
  const entries: ActivityRow[][] = places.map(() => []);
  for (const row of rows) entries[row.nth]?.push(row);
  return entries;
}

async function newestNumbers(db: Sql, accountIds: readonly string[]): Promise<number[]> {
  const rows = await rowsOf<{ id: string; newest: number }>(
    db,
    sql`select id, activity_count as newest from account where id = any(${accountIds})`,
  );
  const newest = new Map(rows.map((row) => [row.id, row.newest]));
  return accountIds.map((id) => newest.get(id) ?? 0);
}
