import type { Limits } from '../config/limits.js';
import type { Sql } from '../sql/database.js';
import { countOf } from '../sql/rows.js';
import { type Fragment, raw, sql } from '../sql/statement.js';
import type { Tx } from '../sql/transactions.js';
import { isTrusted } from './trust.js';

// The one writer of `push_subscription`, but for retention.

/** By which a push service reaches a device. */
export interface PushSubscription {
  readonly endpoint: string;
  /** 65 bytes: a point of P-256. */
  readonly p256dh: Buffer;
  /** 16 bytes. */
  readonly auth: Buffer;
}

/** What a session registers for its device. */
export interface NewPushSubscription extends PushSubscription {
  readonly deviceId: string;
  readonly sessionId: string;
  /** The key of `VAPID_KEYS` that it was made under; null: the client does not say. */
  readonly keyId: string | null;
  /** The newest one: what is meant where nothing is said, but of one that is registered already. */
  readonly currentKeyId: string;
}

/**
 * Registers a device's subscription in the place of what it had, and takes the endpoint from any other device. The
 * account must be locked by this transaction.
 */
export function registerPush(tx: Tx, subscription: NewPushSubscription): void {
  const { deviceId, sessionId, endpoint, p256dh, auth, keyId, currentKeyId } = subscription;
  // Another account's device may register the same one at this moment.
  tx.write(sql`select pg_advisory_xact_lock(hashtextextended(${endpoint}, 0))`);
  tx.write(sql`delete from push_subscription where endpoint = ${endpoint} and device_id <> ${deviceId}`);
  // One that is registered again is the same as before, with what is known of it; the key that it was made under included.
  const isSame = sql`ps.endpoint = excluded.endpoint`;
  tx.write(
    sql`insert into push_subscription as ps (device_id, session_id, endpoint, origin, p256dh, auth, key_id)
        values (${deviceId}, ${sessionId}, ${endpoint}, ${new URL(endpoint).origin}, ${p256dh}, ${auth}, ${keyId ?? currentKeyId})
        on conflict (device_id) do update set session_id = excluded.session_id, endpoint = excluded.endpoint,
          origin = excluded.origin, p256dh = excluded.p256dh, auth = excluded.auth,
          key_id = case when ${isSame} and ${keyId === null} then ps.key_id else excluded.key_id end,
          created_at = case when ${isSame} then ps.created_at else excluded.created_at end, checked_at = excluded.checked_at,
          accepted_at = case when ${isSame} then ps.accepted_at end,
          refused_at = case when ${isSame} then ps.refused_at end`,
  );
}

/** Makes room, so that no account has more than `most`: those of devices that were seen longest ago go. */
export function makePushRoom(tx: Tx, accountId: string, newcomerId: string, most: number): void {
  tx.write(
    sql`delete from push_subscription where device_id in (
          select ps.device_id from push_subscription ps join device d on d.id = ps.device_id
          where d.account_id = ${accountId}
          order by (d.id = ${newcomerId}::uuid) desc, d.last_seen_at desc, d.id offset ${most})`,
  );
}

/** Forgets those of devices. @param which SQL that is true for them, and calls them `d` */
export function forgetPush(tx: Tx, which: Fragment): void {
  tx.write(sql`delete from push_subscription ps using device d where d.id = ps.device_id and ${which}`);
}

/** SQL of `with`: forgets what sessions registered that are over. @param ended SQL for their ids */
export function forgettingPush(ended: Fragment): Fragment {
  return sql`delete from push_subscription where session_id in (${ended})`;
}

/** What a push service answered for a subscription: it took a message, knows it no more, or refuses what is sent to it. */
export type PushAnswer = 'TAKEN' | 'GONE' | 'REFUSED';

/** A subscription as it was when a message was sent to it, and what came of that. */
export interface AnsweredPush {
  readonly deviceId: string;
  readonly endpoint: string;
  readonly answer: PushAnswer;
}

/**
 * Writes down what push services answered. One that is gone is forgotten. One that is refused is gone only if the same
 * service takes what this server sends to others under the same key: or a fault of ours would cost everybody theirs.
 * @returns how many were forgotten
 */
export function noteAnswers(db: Sql, answers: readonly AnsweredPush[]): Promise<number> {
  const column = (name: keyof AnsweredPush) => answers.map((answer) => answer[name]);
  return countOf(
    db,
    // Whatever was registered meanwhile is another one.
    sql`with answered as (
          select ps.device_id, ps.origin, ps.key_id, k.answer
          from unnest(${column('deviceId')}::uuid[], ${column('endpoint')}::text[], ${column('answer')}::text[])
            as k (device_id, endpoint, answer)
          join push_subscription ps on ps.device_id = k.device_id and ps.endpoint = k.endpoint),
        judged as (
          select device_id, case when answer <> 'REFUSED' then answer
            when exists (select from answered o where o.answer = 'TAKEN' and o.origin = a.origin and o.key_id = a.key_id)
              or exists (
                select from push_subscription o where o.origin = a.origin and o.key_id = a.key_id
                  and o.device_id <> a.device_id and o.accepted_at > clock_timestamp() - interval '1 hour')
              then 'GONE' else 'REFUSED' end as answer
          from answered a),
        noted as (
          update push_subscription ps
          set accepted_at = case when j.answer = 'TAKEN' then clock_timestamp() else accepted_at end,
            refused_at = case when j.answer = 'REFUSED' then coalesce(refused_at, clock_timestamp()) end
          from judged j where j.device_id = ps.device_id and j.answer <> 'GONE')
        delete from push_subscription where device_id in (select device_id from judged where answer = 'GONE')`,
  );
}

/**
 * SQL that is true where a push service wakes the device, as far as is known: it is trusted, and its subscription is not
 * refused. What ends trust or the session forgets it, and retention what lapses.
 * @param device the table's alias in the statement
 */
export function hasPush(limits: Limits, device: string): Fragment {
  return sql`(${isTrusted(limits, device)} and exists (
    select from push_subscription ps where ps.device_id = ${raw(device)}.id and ps.refused_at is null))`;
}
