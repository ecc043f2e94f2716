import { type Caller, type Callers, WrongKey } from '../api/caller.js';
import { tokenHash } from '../codes/tokens.js';
import type { RateLimits } from '../rate-limits/rate-limits.js';
import type { Sql } from '../sql/database.js';
import { rowOf, rowsOf } from '../sql/rows.js';
import { type Fragment, sql } from '../sql/statement.js';

const HASH_BYTES = 32;

/** Finds the API clients that keys name. */
export class ClientKeys implements Callers {
  constructor(private readonly rateLimits: Pick<RateLimits, 'take'>) {}

  async admit(db: Sql, key: string | null, ipAddress: string): Promise<Caller> {
    if (key === null) throw new WrongKey();
    // The statement runs in any case, so that what cannot be a key takes as long as what could be one.
    const hash = tokenHash('key', key) ?? Buffer.alloc(HASH_BYTES);
    const caller = await rowOf<Caller>(db, callers(sql`k.hash = ${hash}`));
    if (caller) return caller;
    // Only now: what others do from the same network never shuts out who has a key.
    await this.rateLimits.take('KEY_FAILURES_PER_IP_HOUR', ipAddress);
    throw new WrongKey();
  }

  check(db: Sql, keyIds: readonly string[]): Promise<Caller[]> {
    if (keyIds.length === 0) return Promise.resolve([]);
    return rowsOf<Caller>(db, callers(sql`k.id = any(${keyIds})`));
  }
}

function callers(which: Fragment): Fragment {
  return sql`select c.id as "clientId", k.id as "keyId", c.scopes, c.own_accounts as "ownAccounts", c.audiences
    from api_client_key k join api_client c on c.id = k.client_id
    where ${which} and k.ended_at is null and c.ended_at is null`;
}
