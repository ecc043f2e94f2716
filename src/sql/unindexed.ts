import { type Fragment, sql } from './statement.js';

/**
 * SQL for a condition on rows that are found by something else, such as their id: no index is chosen for it.
 *
 * A partial index whose condition is implied can be read from end to end, which costs nothing while it is empty. A plan that
 * was made then, and is made once a connection, would prefer that to the primary key ever after, through all that is in it by
 * then, dead rows included; and a join by id would read all of a table that was small. PostgreSQL does not look into a `case`
 * (18, 4.2.14): what is left to it is the index of what stands outside.
 */
export function unindexed(condition: Fragment): Fragment {
  return sql`case when ${condition} then true else false end`;
}
