import { addressIn } from '../accounts/addresses.js';
import { isOf } from '../accounts/reach.js';
import type { Caller } from '../api/caller.js';
import type { Limits } from '../config/limits.js';
import { isTrusted } from '../devices/trust.js';
import type { Sql } from '../sql/database.js';
import { rowOf, rowsOf } from '../sql/rows.js';
import { constant, type Fragment, sql } from '../sql/statement.js';
import { LiveSession, type LiveSessionFacts } from './live-session.types.js';
import { authenticatedAt, isLive, isUsable, lapsesAt } from './session-rules.js';

/** What names a session: the SHA-256 of its token, its id, or an access token that was made for it. */
export type SessionName = { readonly tokenHash: Buffer } | { readonly id: string } | AccessTokenName;

/** How an access token names the session that it was made for. */
export interface AccessTokenName {
  readonly sessionId: string;
  /** What ties it to the session's token of that moment, with the salt of `tieTo`. */
  readonly salt: Buffer;
  readonly tie: Buffer;
  /** In seconds since 1970. */
  readonly expiresAt: number;
}

/** A session that was found for a check. */
export interface FoundSession extends LiveSessionFacts {
  /** When whoever has it said last who they are. */
  readonly authenticatedAt: Date;
  /** Whether its last use was noted a minute ago or more, or from elsewhere than was said. */
  readonly isStale: boolean;
}

/** The live sessions of an API client's people. */
export class LiveSessions {
  constructor(private readonly limits: Limits) {}

  /**
   * One statement that writes nothing.
   * @param usedFrom where the person came from just now, for `isStale`; null: not said
   * @returns null if there is none, or not among the caller's people
   */
  find(db: Sql, caller: Caller, name: SessionName, usedFrom: string | null): Promise<FoundSession | null> {
    const lapses = lapsesAt(this.limits, 's');
    const until = 'expiresAt' in name ? sql`least(${lapses}, ${instantOf(name)})` : lapses;
    return rowOf<FoundSession>(
      db,
      sql`select ${this.facts(until)}, ${authenticatedAt('s')} as "authenticatedAt",
            coalesce(s.last_used_at < clock_timestamp() - interval '1 minute', true)
              or d.last_ip_address is distinct from ${usedFrom}::text as "isStale"
          ${SESSIONS} where ${isUsable(this.limits)} and ${isNamedBy(name)} and ${isOf(caller, 'a')}`,
    );
  }

  /** Those of one of the caller's people, the latest used first. */
  async ofAccount(db: Sql, caller: Caller, accountId: string): Promise<LiveSession[]> {
    const found = await rowsOf<LiveSessionFacts>(
      db,
      sql`select ${this.facts(lapsesAt(this.limits, 's'))} ${SESSIONS}
          where d.removed_at is null and ${isLive(this.limits, 's')} and s.account_id = ${accountId} and ${isOf(caller, 'a')}
          order by coalesce(s.last_used_at, s.created_at) desc, s.id limit ${constant(this.limits.SESSIONS_PER_ACCOUNT)}`,
    );
    return found.map((facts) => this.shownTo(caller, facts));
  }

  /** Who hears of no end may keep nothing. */
  shownTo({ scopes }: Caller, facts: LiveSessionFacts): LiveSession {
    return new LiveSession(facts, scopes.includes('events') ? this.limits.CHECK_KEEP_SECONDS : 0);
  }

  /** @param until SQL for when what was asked by is good for nothing any more */
  private facts(until: Fragment): Fragment {
    return sql`s.id, s.account_id as "accountId", a.external_id as "externalId", ${addressIn('a')} as email, s.device_id as "deviceId",
      d.name as "deviceName", ${isTrusted(this.limits, 'd')} as "isTrusted", s.reason, ${provenAt} as "provenAt",
      s.created_at as "createdAt", s.last_used_at as "lastUsedAt", ${lapsesAt(this.limits, 's')} as "expiresAt",
      floor(extract(epoch from ${until} - clock_timestamp()))::int as "secondsLeft"`;
  }
}

const SESSIONS = sql`from session s join device d on d.id = s.device_id join account a on a.id = s.account_id`;

/** A code that was typed for it later counts, else the one that opened it. */
const provenAt = sql`coalesce(s.proven_at, case when s.reason = 'VERIFIED_CHALLENGE' then s.created_at end)`;

/** SQL that is true for the session `s` of that name. The tie: a session that was given another token left the one before. */
function isNamedBy(name: SessionName): Fragment {
  if ('id' in name) return sql`s.id = ${name.id}`;
  if ('tokenHash' in name) return sql`s.token_hash = ${name.tokenHash}`;
  return sql`s.id = ${name.sessionId} and ${instantOf(name)} > clock_timestamp()
    and ${name.tie}::bytea = substring(sha256(${name.salt}::bytea || s.token_hash) for ${name.tie.length}::int)`;
}

function instantOf({ expiresAt }: AccessTokenName): Fragment {
  return sql`to_timestamp(${expiresAt}::float8)`;
}
