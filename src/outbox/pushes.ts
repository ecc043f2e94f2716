import type { Sql } from '../sql/database.js';
import { rowsOf } from '../sql/rows.js';
import { type Fragment, sql } from '../sql/statement.js';
import { unindexed } from '../sql/unindexed.js';
import type { Claim } from './lane.js';

// The one writer of `push`, but for retention.

/** How long past its time one waits before it counts as left behind. */
const LEFT_BEHIND_SECONDS = 2;

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

/**
 * SQL that writes a test message of a device to itself.
 * @param device SQL that selects the device, the origin of its push service, and until when the message is awaited
 */
export function pushingTest(device: Fragment): Fragment {
  return sql`insert into push (challenge_id, device_id, origin, expires_at, is_test)
    select gen_random_uuid(), device_id, origin, expires_at, true from (${device}) as awaited (device_id, origin, expires_at)
    returning challenge_id as id`;
}

/** Whatever a worker has under way is another attempt: what becomes of that is not written down any more. */
const dueNow = sql`state = 'PENDING', attempts = p.attempts + 1, next_attempt_at = clock_timestamp(), claimed_until = null,
  changed_at = clock_timestamp()`;

/** A push that a worker has taken up. */
export interface ClaimedPush {
  readonly id: string;
  readonly challengeId: string;
  readonly deviceId: string;
  /** This try included. */
  readonly attempts: number;
  /** Whether its push service has taken it before: then the device may show the prompt. */
  readonly wasTaken: boolean;
  /** By the database's clock. */
  readonly claimedAt: Date;
}

/**
 * Takes pushes for a push service up that are due, the longest first.
 * @param keyIds of `VAPID_KEYS` here: while keys are exchanged another worker may have more
 */
export async function claimPushes(
  db: Sql,
  origin: string,
  most: number,
  { claimSeconds, keyIds }: { readonly claimSeconds: number; readonly keyIds: readonly string[] },
): Promise<Claim<ClaimedPush>> {
  const isSigned = sql`(p.expires_at <= statement_timestamp() or not exists (
    select from push_subscription ps where ps.device_id = p.device_id and not ps.key_id = any(${keyIds})))`;
  const isFree = sql`p.origin = ${origin} and p.state = 'PENDING'
    and (p.claimed_until is null or p.claimed_until <= statement_timestamp()) and ${isSigned}`;
  const rows = await rowsOf<(ClaimedPush | { readonly id: null }) & { readonly dueInMs: number | null }>(
    db,
    // What another transaction is about to take up is skipped.
    sql`with due as (
          select p.id from push p where ${isFree} and p.next_attempt_at <= statement_timestamp()
          order by p.next_attempt_at limit ${most} for no key update skip locked),
        claimed as (
          update push p set attempts = attempts + 1,
            claimed_until = clock_timestamp() + make_interval(secs => ${claimSeconds})
          where p.id = any(array(select id from due))
          returning p.id, p.challenge_id, p.device_id, p.attempts, p.taken_at is not null as was_taken, clock_timestamp() as at)
        select claimed.id, claimed.challenge_id as "challengeId", claimed.device_id as "deviceId", claimed.attempts,
          claimed.was_taken as "wasTaken", claimed.at as "claimedAt", rest.ms as "dueInMs"
        from (
          select (
            select extract(epoch from p.next_attempt_at - statement_timestamp())::float8 * 1000 from push p
            where ${isFree} and p.id not in (select id from due) order by p.next_attempt_at limit 1) as ms) rest
        left join claimed on true`,
  );
  const items = rows.filter((row): row is ClaimedPush & { dueInMs: number | null } => row.id !== null);
  return { items, dueInMs: rows[0]?.dueInMs ?? null };
}

/** What became of a try. */
export interface PushOutcome {
  readonly push: Pick<ClaimedPush, 'id' | 'attempts'>;
  /** PENDING: it is tried again after `delayMs`, if it is worth anything by then. */
  readonly state: 'PENDING' | 'TAKEN' | 'GONE' | 'REFUSED' | 'FAILED';
  readonly statusCode: number | null;
  /** Null: nothing was wrong. */
  readonly fault: string | null;
  readonly delayMs: number | null;
}

/**
 * Writes what became of tries, but for those that are another attempt by now.
 * @returns the challenges of which something was written
 */
export async function recordPushes(db: Sql, outcomes: readonly PushOutcome[]): Promise<string[]> {
  const column = <T>(of: (outcome: PushOutcome) => T) => outcomes.map(of);
  const ids = column(({ push }) => push.id);
  const rows = await rowsOf<{ challengeId: string }>(
    db,
    sql`with written as (
          update push p set status_code = t.status_code, fault = t.fault, claimed_until = null, changed_at = clock_timestamp(),
            next_attempt_at = coalesce(t.next_at, p.next_attempt_at),
            taken_at = case when t.state = 'TAKEN' then coalesce(p.taken_at, clock_timestamp()) else p.taken_at end,
            state = case when t.state = 'PENDING' and t.next_at >= p.expires_at then 'FAILED' else t.state end
          from (
            select id, attempts, state, status_code, fault, clock_timestamp() + make_interval(secs => delay_ms / 1000) as next_at
            from unnest(${ids}::uuid[], ${column(({ push }) => push.attempts)}::int[],
              ${column(({ state }) => state)}::text[], ${column(({ statusCode }) => statusCode)}::int[],
              ${column(({ fault }) => fault)}::text[], ${column(({ delayMs }) => delayMs)}::float8[])
              tried (id, attempts, state, status_code, fault, delay_ms)) t
          where p.id = any(${ids}) and ${unindexed(sql`p.id = t.id and p.attempts = t.attempts and p.state = 'PENDING'`)}
          returning p.challenge_id)
        select distinct challenge_id as "challengeId" from written`,
  );
  return rows.map(({ challengeId }) => challengeId);
}

/** The push services that something of a challenge waits for. */
export async function originsOf(db: Sql, challengeId: string): Promise<string[]> {
  const rows = await rowsOf<{ origin: string }>(
    db,
    sql`select distinct origin from push where challenge_id = ${challengeId} and ${unindexed(sql`state = 'PENDING'`)}`,
  );
  return rows.map(({ origin }) => origin);
}

/** SQL for challenges, as `id`, one for each push service: something is due there that no worker has, and nobody may know of. */
export function pushesLeftBehind(most: number): Fragment {
  return sql`select distinct on (origin) challenge_id as id from push
    where state = 'PENDING' and next_attempt_at < statement_timestamp() - make_interval(secs => ${LEFT_BEHIND_SECONDS})
      and (claimed_until is null or claimed_until <= statement_timestamp())
    order by origin, next_attempt_at limit ${most}`;
}
