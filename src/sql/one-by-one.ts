import { type Fragment, raw, sql } from './statement.js';

/**
 * SQL that joins one row at most, `found`, to each of those in front of it. It is looked up for each by itself: a join of all
 * of them at once may be planned to read whole tables, which is cheap while they are small, and a plan is made once a
 * connection. PostgreSQL keeps to that for what has a limit.
 * @param select finds it, by what stands in front
 */
export function oneByOne(select: Fragment): Fragment {
  return sql`cross join lateral (${select} limit 1) found`;
}

/** SQL for `id = other`, by which a row is looked up: no table is hashed for a list of one. */
export function isTheOne(id: string, other: string): Fragment {
  return sql`${raw(id)} = any(array[${raw(other)}])`;
}
