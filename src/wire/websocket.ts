import type { FastifyRequest } from 'fastify';
import {
  type ExecutionArgs,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  getOperationAST,
  OperationTypeNode,
  type ValidationRule,
} from 'graphql';
import { CloseCode, makeServer, type Server, type Context as SocketContext, type SubscribePayload } from 'graphql-ws';
import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import type { Client, SocketHandle } from '../api/context.js';
import { ApiError, type ErrorCode } from '../api/errors.js';
import type { Limits } from '../config/limits.js';
import type { Presence } from '../devices/presence.js';
import { clientNetworks } from '../places/client-network.js';
import type { Credentials, Sessions, SignedInSession } from '../sessions/sessions.js';
import { batched } from '../sql/batches.js';
import type { Sql } from '../sql/database.js';
import { localeOf } from '../texts/texts.js';
import { Connection, pingWheel, TRY_AGAIN_LATER } from './connection.js';
import type { Contexts } from './contexts.js';
import type { Cookies } from './cookies.js';
import { executionOptions } from './document-rules.js';
import { asRequestError, Documents, type Prepared } from './documents.js';
import { formatError } from './format-error.js';
import type { Sockets } from './sockets.js';

/** What a socket's operations may have together, in documents of the greatest length: each is kept while it goes on. */
const DOCUMENTS_MOST = 2;

/** What sockets are served with. */
export interface SocketServing {
  readonly schema: GraphQLSchema;
  readonly rules: readonly ValidationRule[];
  readonly db: Sql;
  readonly contexts: Contexts;
  readonly sessions: Sessions;
  readonly sockets: Sockets;
  readonly presence: Presence;
  readonly cookies: Cookies;
  readonly production: boolean;
  readonly limits: Limits;
  readonly logger: Logger;
}

/** A socket, and what is known of it: `session`, and in which language it is told, from connection_init on. */
class OpenSocket implements SocketHandle {
  session: SignedInSession | null = null;
  isClosed = false;
  /** The ids of operations that have not ended yet, whatever the client has told of them, and how long their documents are. */
  readonly underWay = new Map<string, number>();

  constructor(
    readonly connection: Connection,
    public client: Client,
    readonly requestId: string,
    /** The session cookie of the upgrade, from an origin on the list; it counts where connection_init brings nothing. */
    readonly cookieToken: string | null,
    private readonly presence: Presence,
  ) {}

  get network(): string {
    return clientNetworks(this.client.ipAddress).narrow;
  }

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

interface Extra extends Record<PropertyKey, unknown> {
  readonly socket: OpenSocket;
}

type Ctx = SocketContext<Record<string, unknown>, Extra>;

/** Serves subscriptions over `graphql-transport-ws`, under the same rules as HTTP. */
export class SocketServer {
  private readonly server: Server<Extra>;
  private readonly documents: Documents;
  private readonly pings = pingWheel();
  /** Those who come at once are looked up together. */
  private readonly find = batched((asked: readonly Credentials[]) =>
    this.serving.sessions.findAll(this.serving.db, asked),
  );

  constructor(private readonly serving: SocketServing) {
    this.documents = new Documents(serving.schema, serving.rules, serving.limits);
    this.server = makeServer<Record<string, unknown>, Extra>({
      connectionInitWaitTimeout: serving.limits.WS_INIT_SECONDS * 1000,
      onConnect: (ctx) => this.connect(ctx),
      onSubscribe: (ctx, id, payload) => this.begin(ctx, id, payload),
      onError: (ctx, _id, _payload, errors) => this.format(ctx, errors),
      onNext: (ctx, _id, _payload, _args, result) =>
        result.errors && { ...result, errors: this.format(ctx, result.errors) },
      onComplete: ({ extra }, id) => void extra.socket.underWay.delete(id),
    });
  }

  /** Takes over a socket whose upgrade was allowed. */
  open(webSocket: WebSocket, request: FastifyRequest): void {
    const { contexts, sockets, presence, limits, logger } = this.serving;
    const connection = new Connection(webSocket, limits, logger, this.pings);
    const client = contexts.client(request.ip, request.headers['accept-language']);
    const socket = new OpenSocket(connection, client, request.id, this.cookieTokenOf(request), presence);
    if (!sockets.countAnonymous(socket.network)) {
      connection.close(TRY_AGAIN_LATER, 'Too many sockets');
      return;
    }
    const closed = this.server.opened(connection, { socket });
    webSocket.once('close', (code, reason) => {
      this.forget(socket);
      void closed(code, String(reason)).catch((error) =>
        logger.error({ err: error }, 'a socket did not close cleanly'),
      );
    });
  }

  private forget(socket: OpenSocket): void {
    const { sockets } = this.serving;
    socket.isClosed = true;
    if (socket.session) sockets.remove(socket.session, socket.connection);
    else sockets.uncountAnonymous(socket.network);
  }

  close(): void {
    this.pings[Symbol.dispose]();
  }

  /** Native clients send no Origin and no cookies; a browser's cookies count only with an Origin, which was checked. */
  private cookieTokenOf(request: FastifyRequest): string | null {
    return request.headers.origin === undefined ? null : this.serving.cookies.sessionToken(request);
  }

  /**
   * A dead `authorization` closes with 4401, which clients do not retry; a database that is away with 1013, which they
   * do: 4500 would make them give up for good.
   */
  private async connect(ctx: Ctx): Promise<boolean> {
    const { socket } = ctx.extra;
    // A browser lets no page set the headers of the upgrade.
    const language = ctx.connectionParams?.['accept-language'];
    if (typeof language === 'string') socket.client = { ...socket.client, locale: localeOf(language) };
    const { connection, client, cookieToken } = socket;
    const authorization = tokenIn(ctx.connectionParams?.authorization) ?? cookieToken;
    if (authorization === null) return true;
    try {
      const token = authorization.replace(/^Bearer\s+/i, '');
      const session = await this.authenticate({ token, ipAddress: client.ipAddress });
      // Whoever has left meanwhile would be watched for ever.
      if (socket.isClosed) return false;
      // A stale cookie makes the socket anonymous: the browser sent it unasked.
      if (!session && authorization === cookieToken) return true;
      if (!session) {
        connection.endSession();
        return false;
      }
      if (!this.serving.sockets.add(session, connection)) {
        connection.close(TRY_AGAIN_LATER, 'Too many sockets');
        return false;
      }
      this.serving.sockets.uncountAnonymous(socket.network);
      socket.session = session;
      return true;
    } catch (error) {
      this.serving.logger.warn({ err: error }, 'a socket could not be authenticated');
      connection.close(TRY_AGAIN_LATER, 'Try again later');
      return false;
    }
  }

  private async authenticate(credentials: Credentials): Promise<SignedInSession | null> {
    const found = await this.find(credentials);
    return found && this.serving.sessions.use(this.serving.db, found);
  }

  private begin(ctx: Ctx, id: string, payload: SubscribePayload): ExecutionArgs | readonly GraphQLError[] {
    const { schema, limits, contexts } = this.serving;
    const { socket } = ctx.extra;
    const { connection, underWay } = socket;
    if (Object.keys(ctx.subscriptions).length > limits.WS_SUBSCRIPTIONS) {
      return [new ApiError('RATE_LIMITED', `A socket carries at most ${limits.WS_SUBSCRIPTIONS} subscriptions.`)];
    }
    // For graphql-ws an id is free once its client has completed it. Used again while the first operation was still
    // starting, it would run both, and the first would go on after the socket is gone.
    if (underWay.has(id)) {
      connection.close(CloseCode.SubscriberAlreadyExists, 'Subscriber already exists');
      return [new GraphQLError('Subscriber already exists')];
    }
    const prepared = this.prepare(payload);
    if (!('document' in prepared)) return prepared;
    const { document, tokens } = prepared;
    if (sum(underWay.values()) + tokens > DOCUMENTS_MOST * limits.GRAPHQL_TOKENS) {
      return [new ApiError('RATE_LIMITED', 'The subscriptions of this socket are too long together.')];
    }
    underWay.set(id, tokens);
    // The library keeps the message for as long as the subscription goes on: not another copy of its text each time.
    Object.assign(payload, { query: prepared.text });
    return {
      schema,
      document,
      operationName: payload.operationName,
      variableValues: payload.variables,
      options: executionOptions,
      contextValue: contexts.create(socket.client, socket.session, { socket }),
    };
  }

  private prepare(payload: SubscribePayload): Prepared | readonly GraphQLError[] {
    const prepared = this.documents.prepare(payload.query);
    if (!('document' in prepared)) return prepared;
    const operation = getOperationAST(prepared.document, payload.operationName);
    if (operation?.operation !== OperationTypeNode.SUBSCRIPTION) {
      return [asRequestError(new GraphQLError('Over WebSocket there are subscriptions only.'), 'BAD_REQUEST')];
    }
    return prepared;
  }

  /**
   * What the client is told of errors. A fault of ours, such as a database that is away, closes the socket instead:
   * clients connect again after 1013 and are sent what they missed, while an error would end their stream for good.
   */
  private format({ extra }: Ctx, errors: readonly GraphQLError[]): GraphQLFormattedError[] {
    const { logger, production } = this.serving;
    const { connection, requestId } = extra.socket;
    const formatted = errors.map((error) => formatError(error.toJSON(), error, { logger, production, requestId }));
    if (formatted.some(isFaultOfOurs)) connection.close(TRY_AGAIN_LATER, 'Try again later');
    return formatted;
  }
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}

/** What is no text is a token that opens nothing: it was not left out. */
function tokenIn(authorization: unknown): string | null {
  if (authorization === undefined || authorization === null) return null;
  return typeof authorization === 'string' ? authorization : '';
}

function isFaultOfOurs({ extensions }: GraphQLFormattedError): boolean {
  return extensions?.code === ('INTERNAL_SERVER_ERROR' satisfies ErrorCode);
}
