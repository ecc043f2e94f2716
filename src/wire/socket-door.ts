import type { FastifyRequest } from 'fastify';
import type { Client, SocketHandle } from '../api/context.js';
import type { Presence } from '../devices/presence.js';
import type { Credentials, Sessions, SignedInSession } from '../sessions/sessions.js';
import { batched } from '../sql/batches.js';
import type { Sql } from '../sql/database.js';
import { type Connection, TRY_AGAIN_LATER } from './connection.js';
import type { Contexts } from './contexts.js';
import type { Cookies } from './cookies.js';
import type { Sockets } from './sockets.js';

/** A socket that asks, by its connection_init, to be served. */
export interface Arrival {
  readonly connection: Connection;
  readonly client: Client;
  /** What `presentedBy` found on the upgrade. */
  readonly presented: string | null;
  /** As the client sent it, whatever that is. */
  readonly authorization: unknown;
}

/** Whom a socket serves from now on. */
export interface Admission<Who> {
  readonly who: Who;
  /** False: nobody is known on it, who stays counted as that, and never leaves. */
  readonly isKnown: boolean;
}

/** Who may open sockets, and what is done on them in whose name. */
export interface SocketDoor<Who> {
  /** What the request of an upgrade brings; it is not kept longer than that. */
  presentedBy(request: FastifyRequest): string | null;
  /**
   * @returns null where it is refused: then the connection was closed here, with the code that tells why
   * @throws what is no fault of the client's
   */
  admit(arrival: Arrival): Promise<Admission<Who> | null>;
  /** The socket of somebody who is known has closed. */
  leave(who: Who, connection: Connection): void;
  /** The context of one operation. */
  contextOf(who: Who, client: Client): object;
}

/** What `SessionDoor` looks with. */
export interface SessionServing {
  readonly db: Sql;
  readonly contexts: Contexts;
  readonly sessions: Sessions;
  readonly sockets: Sockets;
  readonly presence: Presence;
  readonly cookies: Cookies;
}

/** A person's socket, as subscriptions see it; a stranger's has no session. */
class PersonSocket implements SocketHandle {
  constructor(
    readonly session: SignedInSession | null,
    private readonly connection: Connection,
    private readonly presence: Presence,
  ) {}

  endSession(): void {
    this.connection.endSession();
  }

  subscribed(): void {
    if (this.session) this.presence.comes(this.session.accountId, this.session.deviceId);
  }

  unsubscribed(): void {
    if (this.session) this.presence.goes(this.session.deviceId);
  }
}

/** For people: whoever has a session, and strangers, who may watch the challenges whose tokens they hold. */
export class SessionDoor implements SocketDoor<PersonSocket> {
  /** Those who come at once are looked up together. */
  private readonly find = batched((asked: readonly Credentials[]) =>
    this.serving.sessions.findAll(this.serving.db, asked),
  );

  constructor(private readonly serving: SessionServing) {}

  /**
   * The session cookie of the upgrade. Native clients send no Origin and no cookies; a browser's cookies count only with
   * an Origin, which was checked.
   */
  presentedBy(request: FastifyRequest): string | null {
    return request.headers.origin === undefined ? null : this.serving.cookies.sessionToken(request);
  }

  /**
   * A dead `authorization` closes with 4401, which clients do not retry; a database that is away with 1013, which they
   * do: 4500 would make them give up for good.
   */
  async admit({ connection, client, presented, authorization }: Arrival): Promise<Admission<PersonSocket> | null> {
    const { presence, sockets } = this.serving;
    const stranger = { who: new PersonSocket(null, connection, presence), isKnown: false };
    const token = tokenIn(authorization) ?? presented;
    if (token === null) return stranger;
    const session = await this.authenticate({ token: token.replace(/^Bearer\s+/i, ''), ipAddress: client.ipAddress });
    // A stale cookie makes the socket anonymous: the browser sent it unasked.
    if (!session && token === presented) return stranger;
    if (!session) {
      connection.endSession();
      return null;
    }
    if (!sockets.add(session, connection)) {
      connection.close(TRY_AGAIN_LATER, 'Too many sockets');
      return null;
    }
    return { who: new PersonSocket(session, connection, presence), isKnown: true };
  }

  private async authenticate(credentials: Credentials): Promise<SignedInSession | null> {
    const found = await this.find(credentials);
    return found && this.serving.sessions.use(this.serving.db, found);
  }

  leave({ session }: PersonSocket, connection: Connection): void {
    if (session) this.serving.sockets.remove(session, connection);
  }

  contextOf(socket: PersonSocket, client: Client): object {
    return this.serving.contexts.create(client, socket.session, { socket });
  }
}

/** What is no text is a token that opens nothing: it was not left out. */
export function tokenIn(authorization: unknown): string | null {
  if (authorization === undefined || authorization === null) return null;
  return typeof authorization === 'string' ? authorization : '';
}
