import type { FastifyRequest } from 'fastify';
import type { Client, SocketHandle } from '../api/context.js';
import type { Presence } from '../devices/presence.js';
import type { Sessions, SignedInSession } from '../sessions/sessions.js';
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
  /** Call it when the socket closes; null while nobody is known on it, who stays counted as that. */
  readonly leave: (() => void) | null;
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
  /** The context of one operation. */
  contextOf(who: Who, client: Client, connection: Connection): object;
}

/** What `SessionDoor` looks with. */
export interface SessionServing {
  readonly contexts: Contexts;
  readonly sessions: Sessions;
  readonly sockets: Sockets;
  readonly presence: Presence;
  readonly cookies: Cookies;
}

/** For people: whoever has a session, and strangers, who may watch the challenges whose tokens they hold. */
export class SessionDoor implements SocketDoor<SignedInSession | null> {
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
  async admit({
    connection,
    client,
    presented,
    authorization,
  }: Arrival): Promise<Admission<SignedInSession | null> | null> {
    const token = tokenIn(authorization) ?? presented;
    if (token === null) return stranger;
    const session = await this.authenticate(token, client);
    // A stale cookie makes the socket anonymous: the browser sent it unasked.
    if (!session && token === presented) return stranger;
    if (!session) {
      connection.endSession();
      return null;
    }
    const leave = this.serving.sockets.add(session, connection);
    if (leave) return { who: session, leave };
    connection.close(TRY_AGAIN_LATER, 'Too many sockets');
    return null;
  }

  private authenticate(authorization: string, client: Client): Promise<SignedInSession | null> {
    const db = this.serving.contexts.create(client, null).db;
    return this.serving.sessions.authenticate(db, authorization.replace(/^Bearer\s+/i, ''), client.ipAddress);
  }

  contextOf(session: SignedInSession | null, client: Client, connection: Connection): object {
    const socket: SocketHandle = {
      endSession: () => connection.endSession(),
      subscribed: () =>
        session ? this.serving.presence.subscribed(session.accountId, session.deviceId) : () => undefined,
    };
    return this.serving.contexts.create(client, session, { socket });
  }
}

const stranger = { who: null, leave: null };

/** What is no text is a token that opens nothing: it was not left out. */
export function tokenIn(authorization: unknown): string | null {
  if (authorization === undefined || authorization === null) return null;
  return typeof authorization === 'string' ? authorization : '';
}
