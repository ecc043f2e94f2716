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
import type { Client } from '../api/context.js';
import { ApiError, type ErrorCode } from '../api/errors.js';
import type { Limits } from '../config/limits.js';
import { clientNetworks } from '../places/client-network.js';
import { localeOf } from '../texts/texts.js';
import { Connection, TRY_AGAIN_LATER } from './connection.js';
import type { Contexts } from './contexts.js';
import { executionOptions, validationOptions } from './document-rules.js';
import { formatError } from './format-error.js';
import type { Admission, SocketDoor } from './socket-door.js';
import type { Sockets } from './sockets.js';

/** What a socket's operations may have together, in documents of the greatest length: each is kept while it goes on. */
const DOCUMENTS_MOST = 2;

/** What sockets are served with. */
export interface SocketServing<Who> {
  readonly schema: GraphQLSchema;
  readonly rules: readonly ValidationRule[];
  readonly contexts: Pick<Contexts, 'client'>;
  readonly door: SocketDoor<Who>;
  readonly sockets: Pick<Sockets, 'countAnonymous'>;
  readonly production: boolean;
  readonly limits: Limits;
  readonly logger: Logger;
}

/** What is known of a socket; `admission`, and in which language it is told, from connection_init on. */
interface Extra<Who> extends Record<PropertyKey, unknown> {
  readonly connection: Connection;
  client: Client;
  readonly requestId: string;
  /** What the upgrade itself brought. */
  readonly presented: string | null;
  admission: Admission<Who> | null;
  /** The ids of operations that have not ended yet, whatever the client has told of them, and how long their documents are. */
  readonly underWay: Map<string, number>;
  /** Null once it was closed. */
  onClose: (() => void)[] | null;
}

type Ctx<Who> = SocketContext<Record<string, unknown>, Extra<Who>>;

/** Serves subscriptions over `graphql-transport-ws`, under the same rules as HTTP. */
export class SocketServer<Who> {
  private readonly server: Server<Extra<Who>>;

  constructor(private readonly serving: SocketServing<Who>) {
    this.server = makeServer<Record<string, unknown>, Extra<Who>>({
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
    const { contexts, door, sockets, limits, logger } = this.serving;
    const connection = new Connection(socket, limits, logger);
    const client = contexts.client(request.ip, request.headers['accept-language']);
    const uncount = sockets.countAnonymous(clientNetworks(client.ipAddress).narrow);
    if (!uncount) {
      connection.close(TRY_AGAIN_LATER, 'Too many sockets');
      return;
    }
    const extra: Extra<Who> = {
      connection,
      client,
      requestId: request.id,
      presented: door.presentedBy(request),
      admission: null,
      underWay: new Map(),
      onClose: [uncount],
    };
    const closed = this.server.opened(connection, extra);
    socket.once('close', (code, reason) => {
      const { onClose } = extra;
      extra.onClose = null;
      for (const clean of onClose ?? []) clean();
      void closed(code, String(reason)).catch((error) =>
        logger.error({ err: error }, 'a socket did not close cleanly'),
      );
    });
  }

  private async connect(ctx: Ctx<Who>): Promise<boolean> {
    // A browser lets no page set the headers of the upgrade.
    const language = ctx.connectionParams?.['accept-language'];
    if (typeof language === 'string') ctx.extra.client = { ...ctx.extra.client, locale: localeOf(language) };
    const { connection, client, presented } = ctx.extra;
    const authorization = ctx.connectionParams?.authorization;
    try {
      const admission = await this.serving.door.admit({ connection, client, presented, authorization });
      if (!admission) return false;
      ctx.extra.admission = admission;
      if (admission.leave) this.replaceCount(ctx.extra, admission.leave);
      return true;
    } catch (error) {
      this.serving.logger.warn({ err: error }, 'a socket could not be authenticated');
      connection.close(TRY_AGAIN_LATER, 'Try again later');
      return false;
    }
  }

  /** Somebody is known on the socket, who counts by themselves from now on. It may have been closed meanwhile. */
  private replaceCount(extra: Extra<Who>, leave: () => void): void {
    if (!extra.onClose) {
      leave();
      return;
    }
    for (const uncount of extra.onClose.splice(0)) uncount();
    extra.onClose.push(leave);
  }

  private begin(ctx: Ctx<Who>, id: string, payload: SubscribePayload): ExecutionArgs | readonly GraphQLError[] {
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

  private prepare(ctx: Ctx<Who>, payload: SubscribePayload): ExecutionArgs | readonly GraphQLError[] {
    const { schema, limits, door } = this.serving;
    const { admission, client, connection } = ctx.extra;
    // graphql-ws lets nothing through before the acknowledgement.
    if (!admission) return [new GraphQLError('Unauthorized')];
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
      contextValue: door.contextOf(admission.who, client, connection),
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

  /**
   * What the client is told of errors. A fault of ours, such as a database that is away, closes the socket instead:
   * clients connect again after 1013 and are sent what they missed, while an error would end their stream for good.
   */
  private format({ extra }: Ctx<Who>, errors: readonly GraphQLError[]): GraphQLFormattedError[] {
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
