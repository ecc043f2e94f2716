import type { Sql } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { type Fragment, sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';
import type { EventTypeName } from './event.entity.js';

// The one writer of `event` and `event_log`, but for retention.

/** Wakes the sequencer: there are events without a number. */
export const EVENTS_TOPIC = 'events';

/** A value, or SQL over the row that the event tells of. */
type Value = string | Fragment | null;

/** An event, as it is written in the transaction in which it happened. */
export interface NewEvent {
  readonly type: EventTypeName;
  readonly accountId: Value;
  readonly sessionId?: Value;
  readonly deviceId?: Value;
  readonly deviceIds?: Fragment;
  readonly promptId?: Value;
  /** Where a backend asked for it: its own id of that, and for what. */
  readonly requestId?: Value;
  readonly purpose?: Value;
  readonly expiresAt?: Fragment;
}

/** Writes an event. The account must be locked by this transaction. */
export function tell(tx: Tx, event: NewEvent): void {
  tx.wake(EVENTS_TOPIC);
  tx.write(insertion(eventOf(event, sql``)));
}

/**
 * A change, and an event for each row of it, in one statement that answers as the change alone would.
 * @param change returns what is told of it; to the event it is `h`
 * @param source where one row is not one event: what follows `from`, over `happened`, the rows of the change
 */
export function changeAndTell(tx: Tx, change: Fragment, event: NewEvent, source = sql`happened h`): Fragment {
  tx.wake(EVENTS_TOPIC);
  // The columns are those that the change names.
  return sql`with happened as (${change}), told as (${insertion(eventOf(event, sql`from ${source}`))})
    select * from happened`;
}

/**
 * The same for a statement that changes more than one thing: writes the events, and stands in the `with` of the changes.
 * @param source what follows `from`, with the rows of the change as `h`
 */
export function telling(tx: Tx, ...told: readonly { readonly event: NewEvent; readonly source: Fragment }[]): Fragment {
  tx.wake(EVENTS_TOPIC);
  const [first, ...others] = told.map(({ event, source }) => eventOf(event, sql`from ${source}`));
  return insertion(others.reduce((events, more) => sql`${events} union all ${more}`, first ?? sql``));
}

function eventOf(event: NewEvent, from: Fragment): Fragment {
  return sql`select (${event.accountId})::uuid as account_id, ${event.type}::text as type,
    (${event.sessionId ?? null})::uuid as session_id, (${event.deviceId ?? null})::uuid as device_id,
    (${event.deviceIds ?? null})::uuid[] as device_ids, (${event.promptId ?? null})::uuid as prompt_id,
    (${event.requestId ?? null})::text as request_id, (${event.purpose ?? null})::text as purpose,
    (${event.expiresAt ?? null})::timestamptz as expires_at ${from}`;
}

/** The account's lock is this transaction's already; taken here as well, no serial is ever drawn without it. */
function insertion(events: Fragment): Fragment {
  return sql`insert into event (account_id, client_id, external_id, type, session_id, device_id, device_ids, prompt_id,
      request_id, purpose, expires_at)
    select a.id, a.client_id, a.external_id, e.type, e.session_id, e.device_id, e.device_ids, e.prompt_id,
      e.request_id, e.purpose, e.expires_at
    from (${events}) e join account a on a.id = e.account_id for no key update of a`;
}

/** Any number will do; it must only be the same in every process that numbers events. */
const SEQUENCER_LOCK = 7_366_883_267;
/** Events that are numbered in one transaction. */
const BATCH = 1_000;

/** What became of an attempt to number events. */
export interface Numbered {
  /** Whether another is at it; then nothing was done. */
  readonly isTaken: boolean;
  readonly count: number;
  /** The clients that webhooks were written for. */
  readonly clientIds: readonly string[];
  /** The number of the newest event. */
  readonly head: number;
  readonly mayBeMore: boolean;
}

/**
 * Numbers committed events on from the head, an account's in the order of their commits, and writes their webhooks: both
 * are there, or neither. One statement takes the lock and does all of it, so what it sees may be older than its lock: where
 * the head has moved since, nothing is done, and has to be looked for again.
 * @throws Error where there is no head, as after a restore that went wrong
 * @param webhooksOf the statement that writes the webhooks of events; SQL for their ids and whom they are about is put in
 */
export async function numberEvents(db: Sql, webhooksOf: (events: Fragment) => Fragment): Promise<Numbered> {
  const done = await rowOf<Omit<Numbered, 'mayBeMore'> & { isOutrun: boolean; isGone: boolean }>(
    db,
    // Those that have a number and no webhooks were numbered by a version that knew of none, side by side with this one.
    sql`with lock as materialized (select pg_try_advisory_xact_lock(${SEQUENCER_LOCK}) as mine),
          batch as (
            select coalesce(array_agg(id order by serial), '{}') as ids, count(*)::int as count
            from (select id, serial from event
                  where number is null and (select mine from lock)
                  order by serial limit ${BATCH}) unnumbered),
          before as (select head, webhook_head from event_log where (select mine from lock)),
          moved as (
            update event_log l set head = before.head + batch.count, webhook_head = before.head + batch.count
            from before, batch
            where l.head = before.head and l.webhook_head = before.webhook_head
              and (batch.count > 0 or before.webhook_head < before.head)
            returning before.head, before.webhook_head, batch.ids, l.head as now),
          numbered as (
            update event e set number = moved.head + array_position(moved.ids, e.id) from moved where e.id = any(moved.ids)
            returning e.id, e.client_id),
          told as (${webhooksOf(sql`(
            select id, client_id from numbered union all
            select e.id, e.client_id from event e, moved where e.number > moved.webhook_head and e.number <= moved.head)`)}
            returning client_id)
          select not lock.mine as "isTaken", (select count(*)::int from numbered) as count,
            array(select distinct client_id from told) as "clientIds", coalesce((select now from moved), 0)::float8 as head,
            batch.count > 0 and not exists (select from moved) as "isOutrun",
            lock.mine and not exists (select from before) as "isGone"
          from lock, batch`,
  );
  if (done?.isGone) throw new Error('event_log has lost its row');
  const { isTaken = true, count = 0, clientIds = [], head = 0, isOutrun = false } = done ?? {};
  return { isTaken, count, clientIds, head, mayBeMore: isOutrun || count === BATCH };
}

/** Whether events have waited for their number, or for their webhooks, for so long that nobody is at it. */
export async function areEventsStuck(db: Sql, afterMs: number): Promise<boolean> {
  const stuck = await rowOf<{ found: boolean }>(
    db,
    sql`select exists (select from event where number is null
            and occurred_at < clock_timestamp() - make_interval(secs => ${afterMs / 1000}))
          or exists (select from event_log where webhook_head < head) as found`,
  );
  return stuck?.found ?? false;
}
