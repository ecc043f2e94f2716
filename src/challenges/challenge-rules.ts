import { msUntil } from '../sql/clock.js';
import { type Fragment, raw, sql } from '../sql/statement.js';
import { type Purpose, purposes, type State } from './challenge.entity.js';
import { purposeRules } from './challenge-purposes.js';

/** Whether the one who asks has proven the account first; only then may anything be told that depends on it. */
export function isProven(purpose: Purpose): boolean {
  return purposeRules[purpose].isProven;
}

/** What is asked for with a proven account. */
export const provenPurposes: readonly Purpose[] = purposes.filter(isProven);

/**
 * SQL that is true where a challenge takes codes and sends now: it is pending, and in time.
 * @param challenge the table's alias in the statement
 */
export function isOpen(challenge: string): Fragment {
  const c = raw(challenge);
  return sql`(${c}.state = 'PENDING' and ${c}.expires_at > clock_timestamp())`;
}

/** What only the database's clock can tell of a challenge. */
export interface SeenNow {
  readonly seenState: State;
  /** Until it expires; below zero afterwards. */
  readonly msLeft: number;
}

/** SQL for the state of a challenge `c` as it is seen now. What a session asked for by a backend is over with that. */
export function stateNow(): Fragment {
  return sql`case when c.state <> 'PENDING' then c.state
    when c.expires_at <= clock_timestamp() then 'EXPIRED'
    when c.client_id is not null and exists (
      select 1 from session asking where asking.id = c.session_id and asking.ended_at is not null) then 'CANCELLED'
    else c.state end`;
}

/** The columns of `SeenNow`, of a challenge that the statement calls `c`. */
export function seenNow() {
  return sql`${stateNow()} as "seenState",
    ${msUntil(sql`c.expires_at`)} as "msLeft"`;
}
