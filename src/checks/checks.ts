import type { Caller } from '../api/caller.js';
import { isUuid } from '../api/ids.js';
import { tokenHash } from '../codes/tokens.js';
import type { LiveSession } from '../sessions/live-session.types.js';
import type { FoundSession, LiveSessions, SessionName } from '../sessions/live-sessions.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Sql } from '../sql/database.js';

/** What a backend asks about: one of the two is given. */
export interface Asked {
  readonly token: string | null;
  readonly id: string | null;
  /** From where the person came just now; null: not said, so nothing is noted of it. */
  readonly usedFrom: string | null;
}

/** Answers products' backends who is signed in. */
export class Checks {
  constructor(
    private readonly liveSessions: LiveSessions,
    private readonly sessions: Sessions,
  ) {}

  /**
   * The truth of this moment, by one statement. What is written besides: the address, where it is told, at most once a
   * minute while it stays the same; and once that a token has arrived, after which the session no longer lapses unused.
   * @returns null if nobody is signed in there, or nobody of the caller's
   */
  async session(db: Sql, caller: Caller, { token, id, usedFrom }: Asked): Promise<LiveSession | null> {
    const name = nameOf(token, id);
    if (!name) return null;
    const found = await this.liveSessions.find(db, caller, name, usedFrom);
    if (!found) return null;
    if (!(await this.note(db, found, token !== null, usedFrom))) return this.liveSessions.shownTo(caller, found);
    // It may have ended meanwhile; else it lapses later than was read.
    const noted = await this.liveSessions.find(db, caller, name, usedFrom);
    return noted && this.liveSessions.shownTo(caller, noted);
  }

  /** @returns whether anything had to be noted */
  private async note(db: Sql, found: FoundSession, hasArrived: boolean, usedFrom: string | null): Promise<boolean> {
    if (usedFrom !== null && found.isStale) await this.sessions.sight(db, found.id, usedFrom);
    else if (hasArrived && found.lastUsedAt === null) await this.sessions.arrive(db, found.id);
    else return false;
    return true;
  }
}

/** @returns null for what cannot name any session */
function nameOf(token: string | null, id: string | null): SessionName | null {
  const hash = token === null ? null : tokenHash('ses', token);
  if (hash) return { tokenHash: hash };
  return id !== null && isUuid(id) ? { id } : null;
}
