import type { Purpose } from '../challenges/challenge.entity.js';
import { isOpen } from '../challenges/challenge-rules.js';
import { mayShowCodes } from '../challenges/code-devices.js';
import { askedIn, isForDevice } from '../challenges/prompt-kinds.js';
import type { Limits } from '../config/limits.js';
import { isLive } from '../sessions/session-rules.js';
import { msUntil } from '../sql/clock.js';
import type { Sql } from '../sql/database.js';
import { rowsOf } from '../sql/rows.js';
import { sql } from '../sql/statement.js';
import { unindexed } from '../sql/unindexed.js';

/** Where a push goes, and what it is about, as that is at the moment. */
export interface PushTarget {
  readonly id: string;
  /** Null: it is a test message, about no challenge. */
  readonly purpose: Purpose | null;
  /** Whether the challenge takes codes; a test message is awaited for as long as it may be sent. */
  readonly isOpen: boolean;
  /** Until it is over by itself. */
  readonly msLeft: number;
  /** The key of `CODE_KEYS` that it names; null: none does. */
  readonly codeKeyId: string | null;
  /** Null: there is none any more by which its device may be woken. */
  readonly subscription: {
    readonly endpoint: string;
    readonly p256dh: Buffer;
    readonly auth: Buffer;
    readonly keyId: string;
  } | null;
}

type TargetRow = Omit<PushTarget, 'subscription'> & {
  readonly endpoint: string | null;
  readonly p256dh: Buffer;
  readonly auth: Buffer;
  readonly keyId: string;
};

/**
 * Rows decide: what was written as the prompt began may be over by now, its device no longer trusted, its codes unwanted.
 * A test message goes where a prompt would.
 * @returns none for a challenge that is not kept any more
 */
export async function readTargets(
  db: Sql,
  limits: Limits,
  pushIds: readonly string[],
): Promise<Map<string, PushTarget>> {
  const hasSession = sql`exists (select from session s where s.id = ps.session_id and ${unindexed(isLive(limits, 's'))})`;
  const mayBeWoken = sql`${hasSession} and ${mayShowCodes(limits, 'd')} and ${isForDevice(askedIn('c'), 'd')}`;
  const rows = await rowsOf<TargetRow>(
    db,
    // Push by push (`offset 0`): together they would be found by reading all subscriptions, devices and sessions that there are.
    sql`select p.id, c.purpose, (p.is_test or ${isOpen('c')}) as "isOpen", c.key_id as "codeKeyId",
          ${msUntil(sql`coalesce(c.expires_at, p.expires_at)`)} as "msLeft",
          ps.endpoint, ps.p256dh, ps.auth, ps.key_id as "keyId"
        from push p
        left join lateral (
          select purpose, state, key_id, device_id, expires_at, id from challenge where id = p.challenge_id offset 0) c on true
        left join lateral (
          select ps.endpoint, ps.p256dh, ps.auth, ps.key_id from push_subscription ps, device d
          where ps.device_id = p.device_id and d.id = p.device_id and ps.origin = p.origin and ${unindexed(mayBeWoken)}
          offset 0) ps on true
        where p.id = any(${pushIds}) and (c.id is not null or p.is_test)`,
  );
  return new Map(
    rows.map(({ endpoint, p256dh, auth, keyId, ...target }) => [
      target.id,
      { ...target, subscription: endpoint === null ? null : { endpoint, p256dh, auth, keyId } },
    ]),
  );
}
