import type { Sql } from '../sql/database.js';

/** A live session, as a proxy is told of it: by ids alone. */
export interface Visitor {
  readonly sessionId: string;
  readonly accountId: string;
  readonly deviceId: string;
  /** Whether its account is among the people that the proxy lets in. */
  readonly isAmong: boolean;
}

/** Tells proxies who is signed in. */
export interface VisitorLookup {
  /**
   * Whose a token is. Reading it moves nothing, but that the token has arrived.
   * @param client id or name of the API client whose people are let in, its own accounts included where it has them; null:
   *   the accounts that people opened themselves, and nobody whom a client holds
   * @returns null if it names no live session
   */
  find(db: Sql, token: string, client: string | null): Promise<Visitor | null>;
}
