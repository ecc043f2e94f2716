import type { FastifyRequest } from 'fastify';
import {
  type DocumentNode,
  type ExecutionArgs,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  getOperationAST,
  OperationTypeNode,
  parse,
  specifiedRules,
  type ValidationRule,
  validate,
} from 'graphql';
import { CloseCode, makeServer, type Server, type Context as SocketContext, type SubscribePayload } from 'graphql-ws';
import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import type { Client, SocketHandle } from '../api/context.js';
import { ApiError, type ErrorCode } from '../api/errors.js';
import type { Limits } from '../config/limits.js';
import type { Presence } from '../devices/presence.js';
import { clientNetworks } from '../places/client-network.js';
import type { Sessions, SignedInSession } from '../sessions/sessions.js';
import { localeOf } from '../texts/texts.js';
import { Connection, TRY_AGAIN_LATER } from './connection.js';
import type { Contexts } from './contexts.js';
import type { Cookies } from './cookies.js';
import { executionOptions, validationOptions } from './document-rules.js';
import { formatError } from './format-error.js';
import { DifferentTokens, membersOf, tokenOfSocket, tokensOfUpgrade } from './session-tokens.js';
import type { Sockets } from './sockets.js';

/** What a socket's operations may have together, in documents of the greatest length: each is kept while it goes on. */
const DOCUMENTS_MOST = 2;

/** The protocol of subscriptions-transport-ws, confusingly called as the library of the one that is spoken here. */
export const FORMER_PROTOCOL = 'graphql-ws';
const SPEAK_THE_OTHER = 'This server speaks graphql-transport-ws (npm: graphql-ws), not subscriptions-transport-ws.';

/** What sockets are served with. */
export interface SocketServing {
  readonly schema: GraphQLSchema;
  readonly rules: readonly ValidationRule[];
  readonly contexts: Contexts;
  readonly sessions: Sessions;
  readonly sockets: Sockets;
  readonly presence: Presence;
  readonly cookies: Cookies;
  readonly production: boolean;
  readonly limits: Limits;
  readonly logger: Logger;
}

/** What is known of a socket; `session`, and in which language it is told, from connection_init on. */
interface Extra extends Record<PropertyKey, unknown> {
  readonly connection: Connection;
  client: Client;
  readonly requestId: string;
  /** The session cookie of the upgrade, from an origin on the list; it counts where connection_init brings nothing. */
  readonly cookieToken: string | null;
  /** What Authorization of the upgrade names. */
  readonly upgradeTokens: readonly string[];
  session: SignedInSession | null;
  /** The ids of operations that have not ended yet, whatever the client has told of them, and how long their documents are. */
  readonly underWay: Map<string, number>;
  readonly onClose: (() => void)[];
}

type Ctx = SocketContext<Record<string, unknown>, Extra>;

/** Serves subscriptions over `graphql-transport-ws`, under the same rules as HTTP. */
export class SocketServer {
  private readonly server: Server<Extra>;

  constructor(private readonly serving: SocketServing) {
    this.server = makeServer<Record<string, unknown>, Extra>({
      connectionInitWaitTimeout: serving.limits.WS_INIT_SECONDS * 1000,
      onConnect: (ctx) => this.connect(ctx),
      onSubscribe: (ctx, id, payload) => this.begin(ctx, id, payload),
      onError: (ctx, _id, _payload, errors) => this.format(ctx, errors),
      onNext: (ctx, _id, _payload, _args, result) =>
        result.errors && { ...result, errors: this.format(ctx, result.errors) },
      onComplete: ({ extra }, id) => void extra.underWay.delete(id),
    });
  }

  /** Takes over a socket whose upgrade was allowed. */
  open(socket: WebSocket, request: FastifyRequest): void {
    const { contexts, sockets, limits, logger } = this.serving;
    const connection = new Connection(socket, limits, logger);
    if (socket.protocol === FORMER_PROTOCOL) {
      connection.close(CloseCode.SubprotocolNotAcceptable, SPEAK_THE_OTHER);
      return;
    }
    const client = contexts.client(request.ip, request.headers['accept-language']);
    const uncount = sockets.countAnonymous(clientNetworks(client.ipAddress).narrow);
    if (!uncount) {
      connection.close(TRY_AGAIN_LATER, 'Too many sockets');
      return;
    }
    const extra: Extra = {
      connection,
      client,
      requestId: request.id,
      cookieToken: this.cookieTokenOf(request),
      upgradeTokens: tokensOfUpgrade(request.raw),
      session: null,
      underWay: new Map(),
      onClose: [uncount],
    };
    const closed = this.server.opened(connection, extra);
    socket.once('close', (code, reason) => {
      for (const clean of extra.onClose) clean();
      void closed(code, String(reason)).catch((error) =>
        logger.error({ err: error }, 'a socket did not close cleanly'),
      );
    });
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
    // A browser lets no page set the headers of the upgrade.
    const [language] = membersOf(ctx.connectionParams, 'accept-language');
    if (typeof language === 'string') ctx.extra.client = { ...ctx.extra.client, locale: localeOf(language) };
    const { connection, client, cookieToken, onClose } = ctx.extra;
    const named = this.tokenOf(ctx);
    if (named === undefined) return false;
    const token = named ?? cookieToken;
    if (token === null) return true;
    try {
      const session = await this.authenticate(token, client);
      // A stale cookie makes the socket anonymous: the browser sent it unasked.
      if (!session && token === cookieToken) return true;
      if (!session) {
        connection.endSession();
        return false;
      }
      const forget = this.serving.sockets.add(session, connection);
      if (!forget) {
        connection.close(TRY_AGAIN_LATER, 'Too many sockets');
        return false;
      }
      for (const uncount of onClose.splice(0)) uncount();
      onClose.push(forget);
      ctx.extra.session = session;
      return true;
    } catch (error) {
      this.serving.logger.warn({ err: error }, 'a socket could not be authenticated');
      connection.close(TRY_AGAIN_LATER, 'Try again later');
      return false;
    }
  }

  /** @returns null where none is named; undefined where the socket was closed over two that differ */
  private tokenOf({ connectionParams, extra }: Ctx): string | null | undefined {
    try {
      return tokenOfSocket(connectionParams, extra.upgradeTokens);
    } catch (error) {
      if (!(error instanceof DifferentTokens)) throw error;
      extra.connection.close(CloseCode.BadRequest, error.message);
      return undefined;
    }
  }

  private authenticate(token: string, client: Client): Promise<SignedInSession | null> {
    const db = this.serving.contexts.create(client, null).db;
    return this.serving.sessions.authenticate(db, token, client.ipAddress);
  }

  private begin(ctx: Ctx, id: string, payload: SubscribePayload): ExecutionArgs | readonly GraphQLError[] {
    const { limits } = this.serving;
    const { connection, underWay } = ctx.extra;
    if (Object.keys(ctx.subscriptions).length > limits.WS_SUBSCRIPTIONS) {
      return [new ApiError('RATE_LIMITED', `A socket carries at most ${limits.WS_SUBSCRIPTIONS} subscriptions.`)];
    }
    // For graphql-ws an id is free once its client has completed it. Used again while the first operation was still
    // starting, it would run both, and the first would go on after the socket is gone.
    if (underWay.has(id)) {
      connection.close(CloseCode.SubscriberAlreadyExists, 'Subscriber already exists');
      return [new GraphQLError('Subscriber already exists')];
    }
    const prepared = this.prepare(ctx, payload);
    if (!('document' in prepared)) return prepared;
    const { tokenCount = 0 } = prepared.document;
    if (sum(underWay.values()) + tokenCount > DOCUMENTS_MOST * limits.GRAPHQL_TOKENS) {
      return [new ApiError('RATE_LIMITED', 'The subscriptions of this socket are too long together.')];
    }
    underWay.set(id, tokenCount);
    return prepared;
  }

  private prepare(ctx: Ctx, payload: SubscribePayload): ExecutionArgs | readonly GraphQLError[] {
    const { schema, limits, contexts } = this.serving;
    let document: DocumentNode;
    try {
      document = parse(payload.query, { maxTokens: limits.GRAPHQL_TOKENS, noLocation: true });
    } catch (error) {
      return [asRequestError(error, 'GRAPHQL_PARSE_FAILED')];
    }
    const errors = this.validate(document);
    if (errors.length > 0) return errors;
    const operation = getOperationAST(document, payload.operationName);
    if (operation?.operation !== OperationTypeNode.SUBSCRIPTION) {
      return [asRequestError(new GraphQLError('Over WebSocket there are subscriptions only.'), 'BAD_REQUEST')];
    }
    return {
      schema,
      document,
      operationName: payload.operationName,
      variableValues: payload.variables,
      options: executionOptions,
      contextValue: contexts.create(ctx.extra.client, ctx.extra.session, { socket: this.handleOf(ctx.extra) }),
    };
  }

  /** A rule of graphql-js may throw over a document instead of reporting it. */
  private validate(document: DocumentNode): readonly GraphQLError[] {
    const { schema, rules } = this.serving;
    try {
      const errors = validate(schema, document, [...specifiedRules, ...rules], validationOptions);
      return errors.map((error) => asRequestError(error, 'GRAPHQL_VALIDATION_FAILED'));
    } catch (error) {
      return [asRequestError(error, 'GRAPHQL_VALIDATION_FAILED')];
    }
  }

  private handleOf({ connection, session }: Extra): SocketHandle {
    return {
      endSession: () => connection.endSession(),
      subscribed: () =>
        session ? this.serving.presence.subscribed(session.accountId, session.deviceId) : () => undefined,
    };
  }

  /**
   * What the client is told of errors. A fault of ours, such as a database that is away, closes the socket instead:
   * clients connect again after 1013 and are sent what they missed, while an error would end their stream for good.
   */
  private format({ extra }: Ctx, errors: readonly GraphQLError[]): GraphQLFormattedError[] {
    const { logger, production } = this.serving;
    const { connection, requestId } = extra;
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

function isFaultOfOurs({ extensions }: GraphQLFormattedError): boolean {
  return extensions?.code === ('INTERNAL_SERVER_ERROR' satisfies ErrorCode);
}

/** @throws what is no fault of the document */
function asRequestError(error: unknown, code: string): GraphQLError {
  if (!(error instanceof GraphQLError)) throw error;
  return new GraphQLError(error.message, {
    nodes: error.nodes,
    source: error.source,
    positions: error.positions,
    extensions: { code },
  });
}
