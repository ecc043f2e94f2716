import type { Limits } from '../config/limits.js';
import { changeAndTell } from '../events/events.js';
import { isLive } from '../sessions/session-rules.js';
import { columns, type Fragment, sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';
import { ChallengeRow } from './challenge.entity.js';
import { type PromptKind, promptKinds, showsCodeOf } from './prompt-kinds.js';

/** What `tellRequested` needs of a challenge. */
export const requested = columns(ChallengeRow, '', [
  'id',
  'accountId',
  'purpose',
  'requestId',
  'deviceId',
  'isSilent',
  'expiresAt',
]);

/**
 * A change that puts a prompt before the trusted devices of its account: told with the devices that may show the code, so
 * that their apps are woken.
 * @param change returns `requested`
 */
export function tellRequested(tx: Tx, change: Fragment, kind: PromptKind, limits: Limits): Fragment {
  const asked = { purpose: sql`h.purpose`, deviceId: sql`h."deviceId"` };
  return changeAndTell(
    tx,
    change,
    {
      type: promptKinds[kind].requested,
      accountId: sql`h."accountId"`,
      deviceId: sql`h."deviceId"`,
      deviceIds: sql`array(select d.id from device d where d.account_id = h."accountId" and ${showsCodeOf(asked, 'd', limits)}
        and exists (select 1 from session s where s.device_id = d.id and ${isLive(limits, 's')}))`,
      promptId: sql`h.id`,
      requestId: sql`h."requestId"`,
      purpose: purposeToldOf(sql`h."requestId"`, sql`h.purpose`),
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
      requestId: sql`r.request_id`,
      purpose: sql`r.purpose`,
    },
    sql`happened h join lateral (
        select account_id, device_id, device_ids, prompt_id, request_id, purpose from event
        where prompt_id = h.id and type = any(${requestedTypes}) order by serial desc limit 1) r on true`,
  );
}

const requestedTypes = Object.values(promptKinds).map(({ requested: type }) => type);

/** What for is told to the backend that asked; of a sign-in that a person began here there is nothing to tell. */
function purposeToldOf(requestId: Fragment, purpose: Fragment): Fragment {
  return sql`case when ${requestId} is not null then ${purpose} end`;
}
