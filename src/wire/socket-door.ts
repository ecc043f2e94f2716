import type { FastifyRequest } from 'fastify';
import { CloseCode } from 'graphql-ws';
import type { Client, SocketHandle } from '../api/context.js';
import type { Credentials, OpenDevices, SessionLookup, SignedInSession } from '../api/session.js';
import { batched } from '../sql/batches.js';
import type { Sql } from '../sql/database.js';
import { type Connection, TRY_AGAIN_LATER } from './connection.js';
import type { Contexts } from './contexts.js';
import type { Cookies } from './cookies.js';
import { DifferentTokens, tokenOfSocket, tokensOfUpgrade } from './session-tokens.js';
import type { Sockets } from './sockets.js';

/** For how long sockets are collected that open at the same time: no longer than one of them would notice. */
const OPENING_MS = 4;

/** What an upgrade brought of the one who asks for it. */
export interface Presented {
  /** The session cookie, from an origin on the list; it counts where nothing else is named. */
  readonly cookieToken: string | null;
  /** What `Authorization` names. */
  readonly tokens: readonly string[];
}

/** A socket that asks, by its connection_init, to be served. */
export interface Arrival {
  readonly connection: Connection;
  readonly client: Client;
  readonly presented: Presented;
  /** The payload of connection_init, as the client sent it. */
  readonly params: Record<string, unknown> | undefined;
}

/** Whom a socket serves from now on. */
export interface Admission<Who> {
  readonly who: Who;
  /** False: nobody is known on it, who stays counted as that, and never leaves. */
  readonly isKnown: boolean;
}

/** Who may open sockets, and what is done on them in whose name. */
export interface SocketDoor<Who> {
  /** With whom its sockets are counted while nobody is known on them: one crowd takes no place of another. */
  readonly crowd: string;
  /** What the request of an upgrade brings; it is not kept longer than that. */
  presentedBy(request: FastifyRequest): Presented;
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
  readonly sessions: SessionLookup;
  readonly sockets: Sockets;
  readonly presence: OpenDevices;
  readonly cookies: Cookies;
}

/** A person's socket, as subscriptions see it; a stranger's has no session. */
class PersonSocket implements SocketHandle {
  constructor(
    readonly session: SignedInSession | null,
    private readonly connection: Connection,
    private readonly presence: OpenDevices,
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
  readonly crowd = 'people';
  /** Those who come at once are looked up together. */
  private readonly find = batched(
    (asked: readonly Credentials[]) => this.serving.sessions.findAll(this.serving.db, asked),
    OPENING_MS,
  );

  constructor(private readonly serving: SessionServing) {}

  /** Native clients send no Origin and no cookies; a browser's cookies count only with an Origin, which was checked. */
  presentedBy(request: FastifyRequest): Presented {
    const cookieToken = request.headers.origin === undefined ? null : this.serving.cookies.sessionToken(request);
    return { cookieToken, tokens: tokensOfUpgrade(request.raw) };
  }

  /**
   * A dead `authorization` closes with 4401, which clients do not retry; a database that is away with 1013, which they
   * do: 4500 would make them give up for good.
   */
  async admit({ connection, client, presented, params }: Arrival): Promise<Admission<PersonSocket> | null> {
    const { presence, sockets } = this.serving;
    const stranger = { who: new PersonSocket(null, connection, presence), isKnown: false };
    const named = namedBy(connection, params, presented.tokens);
    if (named === undefined) return null;
    const token = named ?? presented.cookieToken;
    if (token === null) return stranger;
    const session = await this.authenticate({ token, ipAddress: client.ipAddress });
    // A stale cookie makes the socket anonymous: the browser sent it unasked.
    if (!session && token === presented.cookieToken) return stranger;
    if (!session) {
      connection.endSession();
      return null;
    }
    if (!(await sockets.add(session, connection))) {
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

/** @returns null where no token is named; undefined where the socket was closed over two that differ */
function namedBy(
  connection: Connection,
  params: Record<string, unknown> | undefined,
  upgrade: readonly string[],
): string | null | undefined {
  try {
    return tokenOfSocket(params, upgrade);
  } catch (error) {
    if (!(error instanceof DifferentTokens)) throw error;
    connection.close(CloseCode.BadRequest, error.message);
    return undefined;
  }
}
