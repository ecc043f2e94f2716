import type { QueryResult } from 'pg';
import type { Limits } from '../config/limits.js';
import { telling } from '../events/events.js';
import { pushing, pushingOver } from '../outbox/pushes.js';
import { isLive } from '../sessions/session-rules.js';
import { columns, constant, type Fragment, sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';
import { unindexed } from '../sql/unindexed.js';
import { ChallengeRow } from './challenge.entity.js';
import { mayShowCodes } from './code-devices.js';
import { isForDevice, type PromptKind, promptKinds } from './prompt-kinds.js';

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
 * that their apps are woken; those that have a push service are woken by that.
 * @param change returns `requested`
 * @returns a statement that answers as the change alone would, with `isPushed`: see `wakePushes`
 */
export function tellRequested(tx: Tx, change: Fragment, kind: PromptKind, limits: Limits): Fragment {
  const asked = { purpose: sql`h.purpose`, deviceId: sql`h."deviceId"` };
  const shown = sql`select h.id as challenge_id, d.id as device_id, h."expiresAt" as expires_at
    from happened h join device d on d.account_id = h."accountId" and ${mayShowCodes(limits, 'd')} and ${isForDevice(asked, 'd')}
    where not h."isSilent"`;
  const event = {
    type: promptKinds[kind].requested,
    accountId: sql`h."accountId"`,
    deviceId: sql`h."deviceId"`,
    deviceIds: sql`array(select device_id from shown where challenge_id = h.id)`,
    promptId: sql`h.id`,
    requestId: sql`h."requestId"`,
    purpose: purposeToldOf(sql`h."requestId"`, sql`h.purpose`),
    expiresAt: sql`h."expiresAt"`,
  } as const;
  const source = sql`happened h where not h."isSilent"`;
  const prompts = sql`select shown.challenge_id, shown.device_id, ps.origin, shown.expires_at
    from shown join push_subscription ps on ps.device_id = shown.device_id
      join session s on s.id = ps.session_id and ${unindexed(isLive(limits, 's'))}`;
  return sql`with happened as (${change}), shown as (${shown}), told as (${telling(tx, { event, source })}),
      pushed as (${pushing(prompts)})
    ${answer}`;
}

/**
 * A change that ends challenges: those that were prompts are told as over, to take them down wherever they were shown.
 * @param change returns their `id`
 * @returns as for `tellRequested`
 */
export function tellOver(tx: Tx, change: Fragment): Fragment {
  const event = {
    type: 'CODE_OVER',
    accountId: sql`r.account_id`,
    deviceId: sql`r.device_id`,
    deviceIds: sql`r.device_ids`,
    promptId: sql`r.prompt_id`,
    requestId: sql`r.request_id`,
    purpose: sql`r.purpose`,
  } as const;
  const source = sql`happened h join lateral (
        select account_id, device_id, device_ids, prompt_id, request_id, purpose from event
        where prompt_id = h.id and type = any(${constant(requestedTypes)}) order by serial desc limit 1) r on true`;
  return sql`with happened as (${change}), told as (${telling(tx, { event, source })}),
      pushed as (${pushingOver(sql`happened`)})
    ${answer}`;
}

/** The columns are those that the change names. */
const answer = sql`select happened.*, happened.id in (select challenge_id from pushed) as "isPushed" from happened`;

/** Reads the answer of such a statement: wakes whoever sends the pushes, if there are any, after the commit. */
export function wakePushes(tx: Tx, { rows }: Pick<QueryResult<{ id: string; isPushed: boolean }>, 'rows'>): void {
  for (const { id, isPushed } of rows) if (isPushed) tx.push(id);
}

const requestedTypes = Object.values(promptKinds).map(({ requested: type }) => type);

/** What for is told to the backend that asked; of a sign-in that a person began here there is nothing to tell. */
function purposeToldOf(requestId: Fragment, purpose: Fragment): Fragment {
  return sql`case when ${requestId} is not null then ${purpose} end`;
}
