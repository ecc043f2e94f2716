import type { Logger } from 'pino';
import type { Bus, Topic } from '../bus/bus.js';
import type { Limits } from '../config/limits.js';
import { isOfToken, type Session, type Sessions } from '../sessions/sessions.js';
import type { Sql } from '../sql/database.js';
import type { Connection } from './connection.js';

/** The sockets of this server: how many there may be, and whether their sessions are still live. */
export class Sockets {
  private readonly bySession = new Map<string, Map<Connection, Session>>();
  private readonly accounts = new Map<string, { sessions: Set<string>; unsubscribe: () => void }>();
  private readonly anonymous = new Map<string, number>();
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly db: Sql,
    private readonly sessions: Sessions,
    private readonly bus: Bus,
    private readonly limits: Limits,
    private readonly logger: Logger,
  ) {
    this.timer = setInterval(() => this.check([...this.bySession.keys()]), limits.WS_RECHECK_SECONDS * 1000).unref();
  }

  /**
   * Counts a socket nobody has signed in on, by the network it comes from.
   * @returns call it when the socket closes or somebody signed in; null if there are too many
   */
  countAnonymous(network: string): (() => void) | null {
    const count = this.anonymous.get(network) ?? 0;
    if (count >= this.limits.WS_ANONYMOUS_SOCKETS_PER_IP) return null;
    this.anonymous.set(network, count + 1);
    let isCounted = true;
    return () => {
      if (!isCounted) return;
      isCounted = false;
      const left = (this.anonymous.get(network) ?? 1) - 1;
      if (left > 0) this.anonymous.set(network, left);
      else this.anonymous.delete(network);
    };
  }

  /** Watches a session for a socket. @returns call it when the socket closes; null if the session has too many */
  add(session: Session, connection: Connection): (() => void) | null {
    const connections = this.bySession.get(session.id) ?? new Map();
    if (connections.size >= this.limits.WS_SOCKETS_PER_SESSION) return null;
    connections.set(connection, session);
    this.bySession.set(session.id, connections);
    this.watch(session);
    // It may have ended after it was read, and before anybody listened.
    this.check([session.id]);
    return () => {
      connections.delete(connection);
      if (connections.size > 0 || this.bySession.get(session.id) !== connections) return;
      this.bySession.delete(session.id);
      this.unwatch(session);
    };
  }

  private watch({ accountId, id }: Session): void {
    const topic: Topic = `account:${accountId}`;
    const account = this.accounts.get(accountId) ?? {
      sessions: new Set<string>(),
      unsubscribe: this.bus.subscribe(topic, () => this.check([...(this.accounts.get(accountId)?.sessions ?? [])])),
    };
    account.sessions.add(id);
    this.accounts.set(accountId, account);
  }

  private unwatch({ accountId, id }: Session): void {
    const account = this.accounts.get(accountId);
    account?.sessions.delete(id);
    if (account?.sessions.size !== 0) return;
    account.unsubscribe();
    this.accounts.delete(accountId);
  }

  /**
   * Reads the sessions again, and closes the sockets of those that are over, or have another token than they were opened
   * with. While the database is away none is.
   */
  private check(sessionIds: readonly string[]): void {
    this.sessions.check(this.db, sessionIds).then(
      (live) => {
        const liveById = new Map(live.map((session) => [session.id, session]));
        for (const id of sessionIds) this.settle(id, liveById.get(id));
      },
      (error) => this.logger.warn({ err: error }, 'sockets: sessions cannot be checked now'),
    );
  }

  private settle(sessionId: string, live: Session | undefined): void {
    for (const [connection, session] of this.bySession.get(sessionId) ?? []) {
      if (!live) connection.endSession();
      else if (!isOfToken(live, session)) connection.reopen();
    }
  }

  close(): void {
    clearInterval(this.timer);
    for (const { unsubscribe } of this.accounts.values()) unsubscribe();
    this.accounts.clear();
  }
}
