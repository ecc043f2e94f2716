import { isAmong } from '../accounts/reach.js';
import type { Visitor, VisitorLookup } from '../api/visitor.js';
import { tokenHash } from '../codes/tokens.js';
import type { Limits } from '../config/limits.js';
import { isUsable } from '../sessions/session-rules.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Sql } from '../sql/database.js';
import { rowOf } from '../sql/rows.js';
import { sql } from '../sql/statement.js';

interface FoundVisitor extends Visitor {
  readonly hasArrived: boolean;
}

/** Who is signed in, for proxies: a session check without a key, and so without a word but ids. */
export class Visitors implements VisitorLookup {
  constructor(
    private readonly sessions: Pick<Sessions, 'arrive'>,
    private readonly limits: Limits,
  ) {}

  async find(db: Sql, token: string, client: string | null): Promise<Visitor | null> {
    const hash = tokenHash('ses', token);
    if (!hash) return null;
    const found = await this.read(db, hash, client);
    if (!found?.isAmong || found.hasArrived) return found;
    // What was noted was live behind its lock; what was not has arrived by another request, or ended meanwhile.
    return (await this.sessions.arrive(db, found.sessionId)) ? found : this.read(db, hash, client);
  }

  private read(db: Sql, hash: Buffer, client: string | null): Promise<FoundVisitor | null> {
    return rowOf<FoundVisitor>(
      db,
      sql`select s.id as "sessionId", s.account_id as "accountId", s.device_id as "deviceId",
            ${isAmong(client, 'a')} as "isAmong", s.last_used_at is not null as "hasArrived"
          from session s join device d on d.id = s.device_id join account a on a.id = s.account_id
          where s.token_hash = ${hash} and ${isUsable(this.limits)}`,
    );
  }
}
