import type { Caller } from '../api/caller.js';
import { isUuid } from '../api/ids.js';
import { tokenHash } from '../codes/tokens.js';
import type { LiveSession } from '../sessions/live-session.types.js';
import type { AccessTokenName, FoundSession, LiveSessions, SessionName } from '../sessions/live-sessions.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Sql } from '../sql/database.js';

/** What a backend asks about: one of the two is given. */
export interface Asked {
  readonly token: string | null;
  readonly id: string | null;
  /** From where the person came just now; null: not said, so nothing is noted of it. */
  readonly usedFrom: string | null;
}

/** An access token of ours, as far as a check needs it. */
export interface AccessTokenFacts {
  /** What it says. */
  readonly claims: object;
  readonly name: AccessTokenName;
}

/** Reads access tokens. */
export interface AccessTokenReader {
  /** @returns null for what is none, or is for no service of the caller's */
  read(token: string, caller: Caller): Promise<AccessTokenFacts | null>;
}

/** Somebody who is signed in, and what asked: null where it was no access token. */
export interface Checked {
  readonly session: FoundSession;
  readonly accessToken: AccessTokenFacts | null;
}

/** Answers products' backends who is signed in. */
export class Checks {
  constructor(
    private readonly liveSessions: LiveSessions,
    private readonly sessions: Sessions,
    private readonly accessTokens: AccessTokenReader,
  ) {}

  /** @returns null if nobody is signed in there, or nobody of the caller's */
  async session(db: Sql, caller: Caller, asked: Asked): Promise<LiveSession | null> {
    const checked = await this.check(db, caller, asked);
    return checked && this.liveSessions.shownTo(caller, checked.session);
  }

  /**
   * The truth of this moment, by one statement. What is written besides: the address, where it is told, at most once a
   * minute while it stays the same; and once that a token has arrived, after which the session no longer lapses unused.
   * @returns as `session`
   */
  async check(db: Sql, caller: Caller, { token, id, usedFrom }: Asked): Promise<Checked | null> {
    const hash = token === null ? null : tokenHash('ses', token);
    const accessToken = token === null || hash ? null : await this.accessTokens.read(token, caller);
    const name = accessToken?.name ?? (hash ? { tokenHash: hash } : sessionId(id));
    if (!name) return null;
    const found = await this.liveSessions.find(db, caller, name, usedFrom);
    if (!found) return null;
    if (!(await this.note(db, found, token !== null, usedFrom))) return { session: found, accessToken };
    // It may have ended meanwhile; else it lapses later than was read.
    const noted = await this.liveSessions.find(db, caller, name, usedFrom);
    return noted && { session: noted, accessToken };
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
function sessionId(id: string | null): SessionName | null {
  return id !== null && isUuid(id) ? { id } : null;
}
