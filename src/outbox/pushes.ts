import { type Fragment, sql } from '../sql/statement.js';

// The one writer of `push`, but for retention.

/**
 * SQL of `with`: writes the pushes of prompts, or the same ones again where a code is sent again.
 * @param prompts SQL that selects the challenge, the device, the origin of its push service, and when the challenge expires
 */
export function pushing(prompts: Fragment): Fragment {
  return sql`insert into push as p (challenge_id, device_id, origin, expires_at) ${prompts}
    on conflict (challenge_id, device_id) do update set origin = excluded.origin, ${dueNow}
    returning p.challenge_id`;
}

/**
 * SQL of `with`: lets the same pushes tell that their challenges are over, where a push service has taken the first. Of the
 * others there is nothing to take down.
 * @param ended what the statement calls the challenges that have ended, with their `id`
 */
export function pushingOver(ended: Fragment): Fragment {
  return sql`update push p set ${dueNow} from ${ended} e where p.challenge_id = e.id and p.taken_at is not null
    and p.state in ('PENDING', 'TAKEN') returning p.challenge_id`;
}

/** Whatever a worker has under way is another attempt: what becomes of that is not written down any more. */
const dueNow = sql`state = 'PENDING', attempts = p.attempts + 1, next_attempt_at = clock_timestamp(), claimed_until = null,
  changed_at = clock_timestamp()`;
