import type { Logger } from 'pino';
import type { Session, SessionChecks, SessionLookup, Standing, TopicMarks } from '../api/session.js';
import type { Bus, Topic } from '../bus/bus.js';
import type { Limits } from '../config/limits.js';
import type { Sql } from '../sql/database.js';
import type { Pulse } from '../sql/pulse.js';
import type { Connection } from './connection.js';

/** The sockets of an account here, each with the session that it was opened with. */
interface AccountSockets {
  readonly sessions: Map<Connection, Session>;
  readonly unsubscribe: () => void;
}

/** The sockets of this server: how many there may be, and whether their sessions are still live. */
export class Sockets {
  private readonly accounts = new Map<string, AccountSockets>();
  private readonly anonymous = new Map<string, number>();

  constructor(
    private readonly checks: SessionChecks,
    private readonly sessions: Pick<SessionLookup, 'lost'>,
    private readonly bus: Bus,
    private readonly marks: TopicMarks,
    private readonly limits: Limits,
    private readonly logger: Logger,
    pulse: Pick<Pulse, 'add'>,
  ) {
    pulse.add({
      what: 'sockets: sessions cannot be checked',
      everySeconds: limits.WS_RECHECK_SECONDS,
      isIdle: () => this.accounts.size === 0,
      run: (db) => this.checkAll(db),
    });
  }

  /**
   * Counts a socket nobody has signed in on, by the network it comes from.
   * @returns false if there are too many
   */
  countAnonymous(network: string): boolean {
    const count = this.anonymous.get(network) ?? 0;
    if (count >= this.limits.WS_ANONYMOUS_SOCKETS_PER_IP) return false;
    this.anonymous.set(network, count + 1);
    return true;
  }

  /** Called once for each that was counted: it closes, or somebody has signed in. */
  uncountAnonymous(network: string): void {
    const left = (this.anonymous.get(network) ?? 1) - 1;
    if (left > 0) this.anonymous.set(network, left);
    else this.anonymous.delete(network);
  }

  /** Watches a session for a socket, from the moment at which it resolves. @returns false if the session has too many */
  async add(session: Session, connection: Connection): Promise<boolean> {
    const present = this.accounts.get(session.accountId);
    const sockets = present ?? this.listen(session.accountId);
    let ofSession = 0;
    for (const { id } of sockets.sessions.values()) if (id === session.id) ofSession += 1;
    if (ofSession >= this.limits.WS_SOCKETS_PER_SESSION) return false;
    sockets.sessions.set(connection, session);
    const topic = topicOf(session.accountId);
    const isListening = () => this.accounts.get(session.accountId) === sockets;
    const [isWoken] = await Promise.all([this.bus.inForce(topic), present ?? this.marks.note(topic, isListening)]);
    // It may have ended after it was read, and before anybody listened. Who has just begun to is woken, and looks by that.
    if (!isWoken) this.check(connection, session);
    return true;
  }

  /** The socket has closed. */
  remove({ accountId }: Session, connection: Connection): void {
    const sockets = this.accounts.get(accountId);
    if (!sockets?.sessions.delete(connection) || sockets.sessions.size > 0) return;
    sockets.unsubscribe();
    this.accounts.delete(accountId);
  }

  private listen(accountId: string): AccountSockets {
    const sessions = new Map<Connection, Session>();
    const unsubscribe = this.bus.subscribe(topicOf(accountId), () => {
      for (const [connection, session] of sessions) this.check(connection, session);
    });
    const sockets = { sessions, unsubscribe };
    this.accounts.set(accountId, sockets);
    return sockets;
  }

  /** Which of all of them have ended, or have another token? While the database is away none is closed. */
  private async checkAll(db: Sql): Promise<void> {
    const sockets = [...this.accounts.values()].flatMap(({ sessions }) => [...sessions]);
    const lost = new Set(
      await this.sessions.lost(
        db,
        sockets.map(([, session]) => session),
      ),
    );
    for (const [connection, session] of sockets) if (lost.has(session)) this.check(connection, session);
  }

  /** Reads a session again, and closes its socket if it is over, or has another token than that was opened with. */
  private check(connection: Connection, session: Session): void {
    this.checks.check(session).then(
      ({ standing }) => settle(connection, standing),
      (error) => this.logger.warn({ err: error }, 'sockets: sessions cannot be checked now'),
    );
  }

  close(): void {
    for (const { unsubscribe } of this.accounts.values()) unsubscribe();
    this.accounts.clear();
  }
}

function topicOf(accountId: string): Topic {
  return `account:${accountId}`;
}

function settle(connection: Connection, standing: Standing): void {
  if (standing === 'OVER') connection.endSession();
  if (standing === 'RENEWED') connection.reopen();
}
