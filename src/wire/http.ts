import { randomUUID } from 'node:crypto';
import { ApolloServer, type ApolloServerPlugin, type BaseContext } from '@apollo/server';
import {
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { InMemoryLRUCache } from '@apollo/utils.keyvaluecache';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import cookie from '@fastify/cookie';
import websocket from '@fastify/websocket';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions, RouteShorthandOptions } from 'fastify';
import { type DocumentNode, GraphQLError, type GraphQLSchema, OperationTypeNode, type ValidationRule } from 'graphql';
import { handleProtocols } from 'graphql-ws';
import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import type { Context } from '../api/context.js';
import type { Config } from '../config/config.js';
import { closeSocket } from './connection.js';
import { executionOptions, validationOptions } from './document-rules.js';
import { formatError } from './format-error.js';
import { isQueryByGet, keepSecretsOutOfAddresses, preflightHeaders } from './get-requests.js';
import { mountCors, refuseOrigin } from './http-headers.js';
import { createListener } from './listener.js';
import { DifferentTokens, tokenOfRequest } from './session-tokens.js';
import type { SessionServing } from './socket-door.js';
import { FORMER_PROTOCOL, type SocketServer } from './websocket.js';

const GOING_AWAY = 1001;
/** Of all documents that were parsed and are kept to be run again, written as JSON; in memory they take three times that. */
const DOCUMENTS_BYTES = 2_097_152;
/**
 * Parts of a message, and pieces of a part, that may wait for the rest. A part is kept with all that came in one piece with
 * it, up to 64 KiB; a piece is, however short, some hundred bytes.
 */
const WS_FRAGMENTS_MOST = 8;
const WS_PIECES_MOST = 256;

/** What HTTP is served with. */
export interface HttpServing extends DocumentServing, Pick<SessionServing, 'contexts' | 'sessions' | 'cookies'> {
  readonly socketServer: Pick<SocketServer<unknown>, 'open'>;
}

/** What the documents of an endpoint are held to. */
export interface DocumentServing {
  readonly schema: GraphQLSchema;
  readonly rules: readonly ValidationRule[];
  readonly config: Config;
  readonly logger: Logger;
}

/** The HTTP server: GraphQL over POST, its WebSocket, and headers that every answer has. Nothing listens yet. */
export async function createHttpServer(serving: HttpServing): Promise<FastifyInstance> {
  const { config, logger, contexts, sessions, cookies, socketServer } = serving;
  const app = await createListener(config, logger);
  mountCors(app, config.allowedOrigins);
  await app.register(cookie);
  await takeSockets(app, config, logger);

  const apollo = createApollo<Context>(serving);
  await apollo.start();
  app.addHook('onClose', () => apollo.stop());
  const http = fastifyApolloHandler<Context>(apollo, {
    context: async (request, reply) => {
      const client = contexts.client(request.ip, request.headers['accept-language']);
      // Authorization wins over cookies, which are another session's and stay as they are; and cookies count only where
      // the client asks for them.
      const bearer = tokenOfRequest(request.raw);
      const jar = bearer === null ? cookies.jarOf(request, reply) : null;
      const context = contexts.create(client, null, { cookies: jar });
      const token = bearer ?? (jar && cookies.sessionToken(request));
      const session = token ? await sessions.authenticate(context.db, token, client.ipAddress) : null;
      return { ...context, session };
    },
  });
  app.post('/graphql', { preHandler: refuseDifferentTokens }, http as never);
  app.route({
    method: 'GET',
    url: '/graphql',
    preValidation: async (request, reply) => {
      if (!request.ws) return isQueryByGet(request) ? undefined : refuseMethod(reply);
      const { origin } = request.headers;
      if (origin !== undefined && !config.allowedOrigins.includes(origin)) return refuseOrigin(reply);
    },
    ...socketRoute(socketServer, refuseDifferentTokens),
    handler: http as never,
  });
  app.route({
    method: ['PUT', 'PATCH', 'DELETE'],
    url: '/graphql',
    // Before a body is read, whatever is in it.
    onRequest: async (_request, reply) => refuseMethod(reply),
    handler: (_request, reply) => refuseMethod(reply),
  });
  return app;
}

/** A route's part in opening sockets. @param refuse what is looked at of other requests there */
export function socketRoute(
  socketServer: Pick<SocketServer<unknown>, 'open'>,
  refuse?: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>,
): Pick<RouteShorthandOptions, 'preHandler'> & Required<Pick<RouteOptions, 'wsHandler'>> {
  return {
    // Of the upgrade nothing is needed any more, and both it and its answer would be kept for as long as the socket is open:
    // the answer by its connection, the request by what listens for errors.
    preHandler: async (request, reply) => {
      if (!request.ws) return refuse?.(request, reply);
      reply.raw.detachSocket(request.raw.socket);
    },
    wsHandler(socket, request) {
      // The request itself would be kept with what listens.
      const { log } = request.server;
      socket.removeAllListeners('error').on('error', (error) => fail(error, socket, log));
      socketServer.open(socket, request);
    },
  };
}

function fail(error: Error, socket: WebSocket, logger: Pick<Logger, 'debug' | 'error'>): void {
  // A frame that breaks the protocol, a connection that was cut: these have a code, and are the peer's doing.
  logger['code' in error ? 'debug' : 'error']({ err: error }, 'a socket failed');
  socket.terminate();
}

/** Lets routes have a `wsHandler`: bounds of messages, and how sockets end with the server. */
export async function takeSockets(app: FastifyInstance, config: Config, logger: Logger): Promise<void> {
  await app.register(websocket, {
    options: {
      maxPayload: config.limits.WS_PAYLOAD_BYTES,
      maxFragments: WS_FRAGMENTS_MOST,
      maxBufferedChunks: WS_PIECES_MOST,
      handleProtocols: (protocols) => handleProtocols(protocols) || (protocols.has(FORMER_PROTOCOL) && FORMER_PROTOCOL),
    },
    preClose(done) {
      for (const client of this.websocketServer.clients) closeSocket(client, GOING_AWAY, 'Going away');
      this.websocketServer.close(done);
    },
    errorHandler: (error, socket) => fail(error, socket, logger),
  });
  refuseSocketsElsewhere(app);
}

export function refuseMethod(reply: FastifyReply): FastifyReply {
  return reply
    .code(405)
    .header('allow', 'POST')
    .send({
      errors: [
        {
          message: 'Use POST; a query may come by GET with the header apollo-require-preflight.',
          extensions: { code: 'BAD_REQUEST' },
        },
      ],
    });
}

async function refuseDifferentTokens(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
  try {
    tokenOfRequest(request.raw);
  } catch (error) {
    if (!(error instanceof DifferentTokens)) throw error;
    return reply.code(400).send({ errors: [{ message: error.message, extensions: { code: 'BAD_REQUEST' } }] });
  }
}

const socketPaths: readonly (string | undefined)[] = ['/graphql', '/backend/graphql'];

/** The library opens a socket on any route and then asks its peer to close it: one that does not would stay, uncounted. */
function refuseSocketsElsewhere(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.ws && !socketPaths.includes(request.routeOptions.url)) return reply.code(404).send();
  });
}

/** Runs queries and mutations under the rules that hold at every endpoint. */
export function createApollo<C extends BaseContext>({
  schema,
  rules,
  config,
  logger,
}: DocumentServing): ApolloServer<C> {
  return new ApolloServer<C>({
    schema,
    validationRules: [...rules],
    // Whether it is on is for a rule to say, over HTTP and WebSocket alike.
    introspection: true,
    // Without its place in the text for each node: to tell a line, all before it is read again, for each node of an error.
    parseOptions: { maxTokens: config.limits.GRAPHQL_TOKENS, noLocation: true },
    validationOptions,
    executionOptions,
    documentStore: new InMemoryLRUCache<DocumentNode>({ maxSize: DOCUMENTS_BYTES }),
    hideSchemaDetailsFromClientErrors: config.production,
    includeStacktraceInErrorResponses: false,
    persistedQueries: false,
    allowBatchedHttpRequests: false,
    csrfPrevention: { requestHeaders: preflightHeaders },
    stopOnTerminationSignals: false,
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      // For subgraphs of a federation alone; it would be loaded all the same.
      ApolloServerPluginInlineTraceDisabled(),
      refuseSubscriptions,
      keepSecretsOutOfAddresses,
      blameDocument,
    ],
    logger,
    formatError: (formatted, error) =>
      formatError(formatted, error, { logger, production: config.production, requestId: randomUUID() }),
  });
}

/** Over HTTP there is nothing to keep sending to; Apollo would run it like a query. */
const refuseSubscriptions: ApolloServerPlugin<BaseContext> = {
  requestDidStart: async () => ({
    async didResolveOperation({ operation }) {
      if (operation?.operation !== OperationTypeNode.SUBSCRIPTION) return;
      throw new GraphQLError('Subscriptions are served over WebSocket.', {
        extensions: { code: 'BAD_REQUEST', http: { status: 400 } },
      });
    },
  }),
};

/** A rule of graphql-js may throw over a document instead of reporting it, which Apollo would call a fault of ours. */
const blameDocument: ApolloServerPlugin<BaseContext> = {
  async unexpectedErrorProcessingRequest({ error }) {
    if (!(error instanceof GraphQLError)) return;
    throw new GraphQLError(error.message, {
      nodes: error.nodes,
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED', http: { status: 400 } },
    });
  },
};
