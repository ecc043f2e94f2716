import { randomUUID } from 'node:crypto';
import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { InMemoryLRUCache } from '@apollo/utils.keyvaluecache';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import cookie from '@fastify/cookie';
import websocket from '@fastify/websocket';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type DocumentNode, GraphQLError, OperationTypeNode } from 'graphql';
import { handleProtocols } from 'graphql-ws';
import type { WebSocket } from 'ws';
import type { Context } from '../api/context.js';
import type { Config } from '../config/config.js';
import { closeSocket } from './connection.js';
import { executionOptions, validationOptions } from './document-rules.js';
import { formatError } from './format-error.js';
import { mountCors } from './http-headers.js';
import { createListener } from './listener.js';
import type { SocketServer, SocketServing } from './websocket.js';

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
export interface HttpServing
  extends Pick<SocketServing, 'schema' | 'rules' | 'contexts' | 'sessions' | 'cookies' | 'logger'> {
  readonly config: Config;
  readonly socketServer: SocketServer;
}

/** The HTTP server: GraphQL over POST, its WebSocket, and headers that every answer has. Nothing listens yet. */
export async function createHttpServer(serving: HttpServing): Promise<FastifyInstance> {
  const { config, logger, contexts, sessions, cookies, socketServer } = serving;
  const app = await createListener(config, logger);
  mountCors(app, config.allowedOrigins);
  await app.register(cookie);
  const fail = (error: Error, socket: WebSocket) => {
    // A frame that breaks the protocol, a connection that was cut: these have a code, and are the peer's doing.
    logger['code' in error ? 'debug' : 'error']({ err: error }, 'a socket failed');
    socket.terminate();
  };
  await app.register(websocket, {
    options: {
      maxPayload: config.limits.WS_PAYLOAD_BYTES,
      maxFragments: WS_FRAGMENTS_MOST,
      maxBufferedChunks: WS_PIECES_MOST,
      handleProtocols: (protocols) => handleProtocols(protocols),
    },
    preClose(done) {
      for (const client of this.websocketServer.clients) closeSocket(client, GOING_AWAY, 'Going away');
      this.websocketServer.close(done);
    },
    errorHandler: fail,
  });
  refuseSocketsElsewhere(app);

  const apollo = createApollo(serving);
  await apollo.start();
  app.addHook('onClose', () => apollo.stop());
  const http = fastifyApolloHandler<Context>(apollo, {
    context: async (request, reply) => {
      const client = contexts.client(request.ip, request.headers['accept-language']);
      // Authorization wins over cookies, which are another session's and stay as they are; and cookies count only where
      // the client asks for them.
      const bearer = bearerOf(request);
      const jar = bearer === null ? cookies.jarOf(request, reply) : null;
      const context = contexts.create(client, null, { cookies: jar });
      const token = bearer ?? (jar && cookies.sessionToken(request));
      const session = token ? await sessions.authenticate(context.db, token, client.ipAddress) : null;
      return { ...context, session };
    },
  });
  app.post('/graphql', http as never);
  app.route({
    method: 'GET',
    url: '/graphql',
    preValidation: async (request, reply) => {
      if (!request.ws) return refuseMethod(reply);
      const { origin } = request.headers;
      if (origin !== undefined && !config.allowedOrigins.includes(origin)) return reply.code(403).send();
    },
    // Of the upgrade nothing is needed any more, and both it and its answer would be kept for as long as the socket is open:
    // the answer by its connection, the request by what listens for errors.
    preHandler: async (request, reply) => {
      if (request.ws) reply.raw.detachSocket(request.raw.socket);
    },
    wsHandler(socket, request) {
      socket.removeAllListeners('error').on('error', (error) => fail(error, socket));
      socketServer.open(socket, request);
    },
    handler: (_request, reply) => refuseMethod(reply),
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

function refuseMethod(reply: FastifyReply): FastifyReply {
  return reply
    .code(405)
    .header('allow', 'POST')
    .send({ errors: [{ message: 'Use POST.', extensions: { code: 'BAD_REQUEST' } }] });
}

/** The library opens a socket on any route and then asks its peer to close it: one that does not would stay, uncounted. */
function refuseSocketsElsewhere(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.ws && request.routeOptions.url !== '/graphql') return reply.code(404).send();
  });
}

function createApollo({ schema, rules, config, logger }: HttpServing): ApolloServer<Context> {
  return new ApolloServer<Context>({
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
    csrfPrevention: true,
    stopOnTerminationSignals: false,
    plugins: [refuseSubscriptions, blameDocument],
    logger,
    formatError: (formatted, error) =>
      formatError(formatted, error, { logger, production: config.production, requestId: randomUUID() }),
  });
}

/** Over HTTP there is nothing to keep sending to; Apollo would run it like a query. */
const refuseSubscriptions: ApolloServerPlugin<Context> = {
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
const blameDocument: ApolloServerPlugin<Context> = {
  async unexpectedErrorProcessingRequest({ error }) {
    if (!(error instanceof GraphQLError)) return;
    throw new GraphQLError(error.message, {
      nodes: error.nodes,
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED', http: { status: 400 } },
    });
  },
};

function bearerOf(request: FastifyRequest): string | null {
  return /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? null;
}
