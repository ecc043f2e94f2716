import type { Sql } from '../sql/database.js';
import { countOf, rowOf, rowsOf } from '../sql/rows.js';
import { type Fragment, sql } from '../sql/statement.js';
import { unindexed } from '../sql/unindexed.js';

// The one writer of `webhook`, but for retention.

/** How long past its time one waits before it counts as left behind. */
const LEFT_BEHIND_SECONDS = 2;

/** Where webhooks go: an address of a client. */
export interface Address {
  readonly clientId: string;
  readonly url: string;
}

/**
 * Writes the webhooks of events, as part of the statement that gives the events their numbers: both are there, or neither.
 * @param events SQL for their ids and whom they are about, to be called `e`
 * @param isSeen SQL that is true where the client `c` sees what the event `e` is about
 */
export function webhooksOf(events: Fragment, isSeen: Fragment): Fragment {
  return sql`insert into webhook (event_id, client_id, url)
    select e.id, c.id, a.url from ${events} e
      join api_client c on c.ended_at is null and 'events' = any(c.scopes) and ${isSeen}
      cross join unnest(c.webhooks) a (url)`;
}

/** A webhook that a worker has taken up. */
export interface ClaimedWebhook {
  readonly id: string;
  readonly eventId: string;
  /** This try included. */
  readonly attempts: number;
  /** The key of `CODE_KEYS` that the client's secret is derived from. */
  readonly keyId: string | null;
  /** By the database's clock. */
  readonly claimedAt: Date;
  /** It waits for longer than it is worth. */
  readonly isLate: boolean;
}

/** What was taken up, and when there is more for that address. */
export interface Claim {
  readonly webhooks: readonly ClaimedWebhook[];
  /** Until the next of the rest is due, which may be now; null: nobody has to look for more. */
  readonly dueInMs: number | null;
}

/** For how long a webhook is taken up, and tried. */
export interface WebhookTimes {
  /** No other worker takes it meanwhile. */
  readonly claimSeconds: number;
  readonly worthDays: number;
}

/** Takes webhooks for an address up that are due, the longest first; none for a client that has ended. */
export async function claimWebhooks(
  db: Sql,
  { clientId, url }: Address,
  most: number,
  { claimSeconds, worthDays }: WebhookTimes,
): Promise<Claim> {
  const isFree = sql`w.client_id = ${clientId} and w.url = ${url} and w.state = 'PENDING'
    and (w.claimed_until is null or w.claimed_until <= statement_timestamp())`;
  const rows = await rowsOf<(ClaimedWebhook | { readonly id: null }) & { readonly dueInMs: number | null }>(
    db,
    // What another transaction is about to take up is skipped; what it has taken up since is looked at again, and not free.
    sql`with due as (
          select w.id from webhook w where ${isFree} and w.next_attempt_at <= statement_timestamp()
          order by w.next_attempt_at limit ${most} for no key update skip locked),
        claimed as (
          update webhook w set attempts = attempts + 1,
            claimed_until = clock_timestamp() + make_interval(secs => ${claimSeconds})
          from api_client c
          where w.id = any(array(select id from due)) and c.id = w.client_id and c.ended_at is null and 'events' = any(c.scopes)
            and w.url = any(c.webhooks)
          returning w.id, w.event_id, w.attempts, c.webhook_key_id, clock_timestamp() as at,
            w.created_at < clock_timestamp() - make_interval(days => ${worthDays}) as is_late)
        select claimed.id, claimed.event_id as "eventId", claimed.attempts, claimed.webhook_key_id as "keyId",
          claimed.at as "claimedAt", claimed.is_late as "isLate", rest.ms as "dueInMs"
        from (
          select (
            select extract(epoch from w.next_attempt_at - statement_timestamp())::float8 * 1000 from webhook w
            where ${isFree} and w.id not in (select id from due) order by w.next_attempt_at limit 1) as ms) rest
        left join claimed on true`,
  );
  const webhooks = rows.filter((row): row is ClaimedWebhook & { dueInMs: number | null } => row.id !== null);
  return { webhooks, dueInMs: rows[0]?.dueInMs ?? null };
}

/** What became of a try. */
export interface WebhookOutcome {
  readonly webhook: Pick<ClaimedWebhook, 'id' | 'attempts'>;
  readonly statusCode: number | null;
  /** Null: it was taken. */
  readonly fault: string | null;
  /** Until the next try; null: there is none. */
  readonly delayMs: number | null;
}

/** Writes what became of tries, but for those that another worker has taken up since. */
export async function recordWebhooks(
  db: Sql,
  outcomes: readonly WebhookOutcome[],
  { worthDays }: Pick<WebhookTimes, 'worthDays'>,
): Promise<void> {
  const column = <T>(of: (outcome: WebhookOutcome) => T) => outcomes.map(of);
  const ids = column(({ webhook }) => webhook.id);
  await countOf(
    db,
    sql`update webhook w set status_code = t.status_code, fault = t.fault, claimed_until = null, changed_at = clock_timestamp(),
          next_attempt_at = coalesce(t.next_at, w.next_attempt_at),
          state = case when t.fault is null then 'DELIVERED'
            when t.next_at < w.created_at + make_interval(days => ${worthDays}) then 'PENDING' else 'FAILED' end
        from (
          select id, attempts, status_code, fault, clock_timestamp() + make_interval(secs => delay_ms / 1000) as next_at
          from unnest(${ids}::uuid[], ${column(({ webhook }) => webhook.attempts)}::int[],
            ${column(({ statusCode }) => statusCode)}::int[], ${column(({ fault }) => fault)}::text[],
            ${column(({ delayMs }) => delayMs)}::float8[]) tried (id, attempts, status_code, fault, delay_ms)) t
        where w.id = any(${ids})
          and ${unindexed(sql`w.id = t.id and w.attempts = t.attempts and w.state = 'PENDING'`)}`,
  );
}

/**
 * The addresses of a client that webhooks go to. Of one that has ended nothing is sent any more, and nothing waits.
 * @returns none, where it has ended
 */
export async function addressesOf(db: Sql, clientId: string): Promise<Address[]> {
  const client = await rowOf<{ webhooks: string[] }>(
    db,
    sql`select webhooks from api_client where id = ${clientId} and ended_at is null and 'events' = any(scopes)`,
  );
  if (client) return client.webhooks.map((url) => ({ clientId, url }));
  await countOf(
    db,
    sql`update webhook set state = 'FAILED', fault = 'CLIENT_ENDED', changed_at = clock_timestamp()
        where client_id = ${clientId} and state = 'PENDING'`,
  );
  return [];
}

/** SQL for the clients, as `id`, for which something is due that no worker has, and of which nobody may know any more. */
export function clientsLeftBehind(): Fragment {
  return sql`select distinct c.id from api_client c cross join unnest(c.webhooks) a (url)
    where exists (
      select from webhook w where w.client_id = c.id and w.url = a.url and w.state = 'PENDING'
        and w.next_attempt_at < statement_timestamp() - make_interval(secs => ${LEFT_BEHIND_SECONDS})
        and (w.claimed_until is null or w.claimed_until <= statement_timestamp()))`;
}

/** How an address of a live client fares, as far back as webhooks are kept. */
export interface AddressState extends Address {
  readonly clientName: string;
  readonly waiting: number;
  /** Of these, those that were tried in vain. */
  readonly failing: number;
  readonly waitingSince: Date | null;
  readonly delivered: number;
  readonly givenUp: number;
  readonly lastDeliveredAt: Date | null;
  readonly lastFault: string | null;
  readonly lastStatusCode: number | null;
  readonly lastFaultAt: Date | null;
}

export function addressStates(db: Sql): Promise<AddressState[]> {
  return rowsOf<AddressState>(
    db,
    sql`select c.name as "clientName", c.id as "clientId", a.url, t.waiting, t.failing, t.waiting_since as "waitingSince",
          t.delivered, t.given_up as "givenUp", t.last_delivered_at as "lastDeliveredAt", l.fault as "lastFault",
          l.status_code as "lastStatusCode", l.changed_at as "lastFaultAt"
        from api_client c cross join unnest(c.webhooks) a (url)
        cross join lateral (
          select count(*) filter (where state = 'PENDING')::int as waiting,
            count(*) filter (where state = 'PENDING' and fault is not null)::int as failing,
            min(created_at) filter (where state = 'PENDING') as waiting_since,
            count(*) filter (where state = 'DELIVERED')::int as delivered,
            count(*) filter (where state = 'FAILED')::int as given_up,
            max(changed_at) filter (where state = 'DELIVERED') as last_delivered_at
          from webhook w where w.client_id = c.id and w.url = a.url) t
        left join lateral (
          select fault, status_code, changed_at from webhook w
          where w.client_id = c.id and w.url = a.url and fault is not null order by changed_at desc limit 1) l on true
        where c.ended_at is null order by c.name, a.url`,
  );
}
