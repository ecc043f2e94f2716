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
import type { Client } from '../api/context.js';
import { ApiError, type ErrorCode } from '../api/errors.js';
import type { Limits } from '../config/limits.js';
import { clientNetworks } from '../places/client-network.js';
import { localeOf } from '../texts/texts.js';
import { Connection, pingWheel, TRY_AGAIN_LATER } from './connection.js';
import type { Contexts } from './contexts.js';
import { executionOptions } from './document-rules.js';
import { asRequestError, Documents, type Prepared } from './documents.js';
import { formatError } from './format-error.js';
import { membersOf } from './session-tokens.js';
import type { Admission, Presented, SocketDoor } from './socket-door.js';
import type { Sockets } from './sockets.js';

/** What a socket's operations may have together, in documents of the greatest length: each is kept while it goes on. */
const DOCUMENTS_MOST = 2;

/** The protocol of subscriptions-transport-ws, confusingly called as the library of the one that is spoken here. */
export const FORMER_PROTOCOL = 'graphql-ws';
const SPEAK_THE_OTHER = 'This server speaks graphql-transport-ws (npm: graphql-ws), not subscriptions-transport-ws.';

/** What sockets are served with. */
export interface SocketServing<Who> {
  readonly schema: GraphQLSchema;
  readonly rules: readonly ValidationRule[];
  readonly contexts: Pick<Contexts, 'client'>;
  readonly door: SocketDoor<Who>;
  readonly sockets: Pick<Sockets, 'countAnonymous' | 'uncountAnonymous'>;
  readonly production: boolean;
  readonly limits: Limits;
  readonly logger: Logger;
}

/** A socket, and what is known of it: `admission`, and in which language it is told, from connection_init on. */
class OpenSocket<Who> {
  admission: Admission<Who> | null = null;
  isClosed = false;
  /** The ids of operations that have not ended yet, whatever the client has told of them, and how long their documents are. */
  readonly underWay = new Map<string, number>();

  constructor(
    readonly connection: Connection,
    public client: Client,
    readonly requestId: string,
    /** What the upgrade itself brought; null once it was looked at. */
    public presented: Presented | null,
    /** As what it is counted while nobody is known on it. */
    readonly countedAs: string,
  ) {}
}

interface Extra<Who> extends Record<PropertyKey, unknown> {
  readonly socket: OpenSocket<Who>;
}

type Ctx<Who> = SocketContext<Record<string, unknown>, Extra<Who>>;

/** Serves subscriptions over `graphql-transport-ws`, under the same rules as HTTP. */
export class SocketServer<Who> {
  private readonly server: Server<Extra<Who>>;
  private readonly documents: Documents;
  private readonly pings = pingWheel();

  constructor(private readonly serving: SocketServing<Who>) {
    this.documents = new Documents(serving.schema, serving.rules, serving.limits);
    this.server = makeServer<Record<string, unknown>, Extra<Who>>({
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
    const { contexts, door, sockets, limits, logger } = this.serving;
    const connection = new Connection(webSocket, limits, logger, this.pings);
    if (webSocket.protocol === FORMER_PROTOCOL) {
      connection.close(CloseCode.SubprotocolNotAcceptable, SPEAK_THE_OTHER);
      return;
    }
    const client = contexts.client(request.ip, request.headers['accept-language']);
    const countedAs = `${door.crowd} ${clientNetworks(client.ipAddress).narrow}`;
    const socket = new OpenSocket<Who>(connection, client, request.id, door.presentedBy(request), countedAs);
    if (!sockets.countAnonymous(socket.countedAs)) {
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

  private forget(socket: OpenSocket<Who>): void {
    const { door, sockets } = this.serving;
    socket.isClosed = true;
    if (socket.admission?.isKnown) door.leave(socket.admission.who, socket.connection);
    else sockets.uncountAnonymous(socket.countedAs);
  }

  close(): void {
    this.pings[Symbol.dispose]();
  }

  private async connect(ctx: Ctx<Who>): Promise<boolean> {
    const { socket } = ctx.extra;
    const { connection, presented } = socket;
    const { door, sockets, logger } = this.serving;
    // graphql-ws lets a second connection_init close the socket.
    if (!presented) return false;
    socket.presented = null;
    // A browser lets no page set the headers of the upgrade.
    const [language] = membersOf(ctx.connectionParams, 'accept-language');
    if (typeof language === 'string') socket.client = { ...socket.client, locale: localeOf(language) };
    try {
      const admission = await door.admit({
        connection,
        client: socket.client,
        presented,
        params: ctx.connectionParams,
      });
      if (!admission) return false;
      if (admission.isKnown) {
        // Whoever has left meanwhile would be counted, and watched, for ever.
        if (socket.isClosed) {
          door.leave(admission.who, connection);
          return false;
        }
        // From now on they count by themselves.
        sockets.uncountAnonymous(socket.countedAs);
      }
      socket.admission = admission;
      return true;
    } catch (error) {
      logger.warn({ err: error }, 'a socket could not be authenticated');
      connection.close(TRY_AGAIN_LATER, 'Try again later');
      return false;
    }
  }

  private begin(ctx: Ctx<Who>, id: string, payload: SubscribePayload): ExecutionArgs | readonly GraphQLError[] {
    const { schema, limits, door } = this.serving;
    const { socket } = ctx.extra;
    const { admission, connection, client, underWay } = socket;
    // graphql-ws lets nothing through before the acknowledgement.
    if (!admission) return [new GraphQLError('Unauthorized')];
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
      contextValue: door.contextOf(admission.who, client),
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
  private format({ extra }: Ctx<Who>, errors: readonly GraphQLError[]): GraphQLFormattedError[] {
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

function isFaultOfOurs({ extensions }: GraphQLFormattedError): boolean {
  return extensions?.code === ('INTERNAL_SERVER_ERROR' satisfies ErrorCode);
}
