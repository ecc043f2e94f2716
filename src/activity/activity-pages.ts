import { BadUserInput } from '../api/errors.js';
import { requireCount } from '../api/ids.js';
import type { Sql } from '../sql/database.js';
import { rowsOf } from '../sql/rows.js';
import { columns, sql } from '../sql/statement.js';
import { ActivityRow, type ActivityTypeName } from './activity.entity.js';
import { ActivityDay, LoginActivityConnection, LoginActivityEdge, PageInfo } from './activity.types.js';
import { numberOf } from './cursors.js';

const MOST_PER_PAGE = 100;
const MOST_DAYS = 180;
/** Each kind there is fits in, some twice. */
const MOST_TYPES = 50;

/** Which entries a page shows. */
export interface ActivityFilter {
  readonly first: number;
  readonly after: string | null;
  readonly types: readonly ActivityTypeName[] | null;
  readonly since: Date | null;
}

/** A page of the account's activity, the newest first. @throws BadUserInput */
export async function activityPage(
  db: Sql,
  accountId: string,
  { first, after, types, since }: ActivityFilter,
): Promise<LoginActivityConnection> {
  requireCount('first', first, MOST_PER_PAGE);
  if (types && types.length > MOST_TYPES) throw new BadUserInput('types', `must be at most ${MOST_TYPES}`);
  const matches = sql`account_id = ${accountId}
    and ${types ? (types.length > 0 ? sql`type = any(${types})` : sql`false`) : sql`true`}
    and ${since ? sql`occurred_at >= to_timestamp(${secondsOf(since)})` : sql`true`}`;
  const before = after === null ? null : numberOf(after);
  const rows = await rowsOf<ActivityRow>(
    db,
    sql`select ${columns(ActivityRow)} from activity where ${matches} and ${before === null ? sql`true` : sql`number < ${before}`}
        order by number desc limit ${first + 1}`,
  );
  const [newer] =
    before === null
      ? []
      : await rowsOf(db, sql`select 1 from activity where ${matches} and number >= ${before} limit 1`);
  const edges = rows.slice(0, first).map((row) => new LoginActivityEdge(row));
  return new LoginActivityConnection(edges, new PageInfo(edges, rows.length > first, newer !== undefined));
}

/** One entry for each of the last days (UTC), today last. @throws BadUserInput */
export async function activityDays(db: Sql, accountId: string, days: number): Promise<ActivityDay[]> {
  requireCount('days', days, MOST_DAYS);
  const rows = await rowsOf<{ day: string; signedIn: number; refused: number }>(
    db,
    sql`select to_char(d.day, 'YYYY-MM-DD') as day,
          coalesce(sum(a.count) filter (where a.type = 'SIGNED_IN'), 0)::int as "signedIn",
          coalesce(sum(a.count) filter (where a.type <> 'SIGNED_IN'), 0)::int as refused
        from generate_series(
          date_trunc('day', clock_timestamp() at time zone 'UTC') - make_interval(days => ${days - 1}),
          date_trunc('day', clock_timestamp() at time zone 'UTC'), interval '1 day') as d (day)
        left join activity a on a.account_id = ${accountId}
          and a.type in ('SIGNED_IN', 'WRONG_PASSWORD', 'WRONG_CODE', 'LOGIN_DENIED', 'CONFIRMATION_DENIED',
            'CHALLENGE_LOCKED')
          and a.occurred_at >= d.day at time zone 'UTC' and a.occurred_at < (d.day + interval '1 day') at time zone 'UTC'
        group by d.day order by d.day`,
  );
  return rows.map(({ day, signedIn, refused }) => new ActivityDay(new Date(`${day}T00:00:00Z`), signedIn, refused));
}

/** PostgreSQL cannot read every instant that a client may write, such as one of the year 0. */
function secondsOf(instant: Date): number {
  return Math.max(0, instant.getTime() / 1000);
}
