import { countOf } from '../sql/rows.js';
import { type Fragment, sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';
import { isOpen } from './challenge-rules.js';

// The one writer of `display`. Once a challenge is over nothing more is noted of it: its holder reads that.

/** SQL that notes that codes are shown on a device, and returns a row for each that was not. @param which SQL for the ids */
export function showing(which: Fragment, deviceId: string): Fragment {
  return sql`insert into display (challenge_id, device_id) select shown.id, ${deviceId}::uuid from (${which}) as shown (id)
            on conflict do nothing returning 1`;
}

/** Notes that the app on a device says that it shows the code. */
export async function noteSeen(tx: Tx, challengeId: string, deviceId: string): Promise<void> {
  const seen = await countOf(
    tx,
    sql`insert into display as di (challenge_id, device_id, seen_at)
        select c.id, ${deviceId}::uuid, clock_timestamp() from challenge c
        where c.id = ${challengeId} and ${isOpen('c')}
        on conflict (challenge_id, device_id) do update set seen_at = clock_timestamp() where di.seen_at is null`,
  );
  if (seen > 0) tx.wake(`challenge:${challengeId}`);
}
