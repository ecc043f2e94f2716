import { type Fragment, sql } from './statement.js';

/**
 * SQL that joins one row at most, `found`, to each of those in front of it. It is looked up for each by itself: a join of all
 * of them at once may be planned to read whole tables, which is cheap while they are small, and a plan is made once a
 * connection. PostgreSQL keeps to that for what has a limit.
 * @param select finds it, by what stands in front
 */
export function oneByOne(select: Fragment): Fragment {
  return sql`cross join lateral (${select} limit 1) found`;
}
