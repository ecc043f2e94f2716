import { type Fragment, sql } from './statement.js';

/** SQL for how long it is until an instant, in milliseconds by the database's clock: below zero once it is past, null where there is none. */
export function msUntil(instant: Fragment): Fragment {
  return sql`(1000 * extract(epoch from ${instant} - clock_timestamp()))::float8`;
}
