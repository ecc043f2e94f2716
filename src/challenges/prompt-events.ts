import type { Limits } from '../config/limits.js';
import { isTrusted } from '../devices/trust.js';
import { changeAndTell } from '../events/events.js';
import { isLive } from '../sessions/session-rules.js';
import { columns, type Fragment, sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';
import { ChallengeRow } from './challenge.entity.js';

/** What `tellRequested` needs of a challenge. */
export const requested = columns(ChallengeRow, '', ['id', 'accountId', 'deviceId', 'isSilent', 'expiresAt']);

/**
 * A change that puts a sign-in before the trusted devices of its account: told with the devices that may show the code,
 * so that their apps are woken.
 * @param change returns `requested`
 */
export function tellRequested(tx: Tx, change: Fragment, limits: Limits): Fragment {
  return changeAndTell(
    tx,
    change,
    {
      type: 'LOGIN_REQUESTED',
      accountId: sql`h."accountId"`,
      deviceId: sql`h."deviceId"`,
      deviceIds: sql`array(select d.id from device d where d.account_id = h."accountId" and ${isTrusted(limits, 'd')}
        and exists (select 1 from session s where s.device_id = d.id and ${isLive(limits, 's')}))`,
      promptId: sql`h.id`,
      expiresAt: sql`h."expiresAt"`,
    },
    sql`happened h where not h."isSilent"`,
  );
}

/**
 * A change that ends challenges: those that were prompts are told as over, to take them down wherever they were shown.
 * @param change returns their `id`
 */
export function tellOver(tx: Tx, change: Fragment): Fragment {
  return changeAndTell(
    tx,
    change,
    {
      type: 'CODE_OVER',
      accountId: sql`r.account_id`,
      deviceId: sql`r.device_id`,
      deviceIds: sql`r.device_ids`,
      promptId: sql`r.prompt_id`,
    },
    sql`happened h join lateral (
        select account_id, device_id, device_ids, prompt_id from event
        where prompt_id = h.id and type = 'LOGIN_REQUESTED' order by serial desc limit 1) r on true`,
  );
}
