import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Logger } from 'pino';
import { withoutBasePath } from '../config/base-path.js';
import type { Config } from '../config/config.js';
import { boundConnections } from './connection-bounds.js';
import { isForwardAuth } from './forwarded.js';
import { mountHeaders } from './http-headers.js';

const BODY_BYTES = 65_536;
const HEADER_BYTES = 16_384;
/** How long a shutdown waits for requests to come in whole and for answers to be read; after it their connections are cut. */
const LAST_ANSWERS_MS = 5_000;

/** An HTTP server without an address to answer at: bounds, headers and errors, and how it ends. Nothing listens yet. */
export async function createListener(config: Config, logger: Logger): Promise<FastifyInstance> {
  const app: FastifyInstance = fastify({
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    // A logger for each request would be told anew what is secret; what is logged names its request.
    childLoggerFactory: (parent) => parent,
    rewriteUrl: ({ url = '/' }) => (isDecodable(url) ? withoutBasePath(url, config.basePath) : '/%25'),
    trustProxy: config.trustProxy.length > 0 ? [...config.trustProxy] : false,
    bodyLimit: BODY_BYTES,
    // Documents are what bodies are held to. Unless others stand in for them, compilers of JSON schemas are loaded: a
    // hundred files at each start.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    requestTimeout: 15_000,
    // Node exchanges the two timeouts where this one is longer, as its own of a minute is, and looks every 30 s.
    http: {
      headersTimeout: 10_000,
      connectionsCheckingInterval: 5_000,
      maxHeaderSize: HEADER_BYTES,
      // Some clients (Java's) offer HTTP/2 in clear with each request; nothing but a WebSocket is worth an upgrade. Proxies
      // that ask about one (Caddy) pass its headers on as they are: that question is answered, not upgraded.
      shouldUpgradeCallback: ({ headers, url }) =>
        headers.upgrade?.toLowerCase() === 'websocket' && !isForwardAuth(url ?? '/'),
    },
    // A client that leaves a connection open must not hold up the end.
    forceCloseConnections: 'idle',
    return503OnClosing: false,
  });
  boundConnections(app, config.limits);
  mountHeaders(app, config);
  mountErrors(app);
  closeAnsweredConnections(app);
  cutStalledConnections(app);
  return app;
}

function noSchemas(): never {
  throw new Error('no route has a JSON schema');
}

/** What cannot be decoded is an address that is not there: the answer that Fastify has for it lacks every header of ours. */
function isDecodable(url: string): boolean {
  try {
    decodeURI(url.split(/[?;#]/, 1)[0] ?? '');
    return true;
  } catch {
    return false;
  }
}

/** How a stream of ours ends whose other end was cut. */
const cutCodes: readonly string[] = ['ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED', 'ECONNRESET', 'EPIPE'];

function mountErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: { statusCode?: number; code?: string; message: string }, request, reply) => {
    const status = error.statusCode ?? 500;
    const isGone = request.raw.socket.destroyed && cutCodes.includes(error.code ?? '');
    if (isGone) request.log.debug({ err: error, requestId: request.id }, 'a client is gone');
    else if (status >= 500) request.log.error({ err: error, requestId: request.id }, 'a request failed');
    const [code, message] =
      status >= 500 ? ['INTERNAL_SERVER_ERROR', 'Something went wrong on our side.'] : ['BAD_REQUEST', error.message];
    return reply.code(status).send({ errors: [{ message, extensions: { code, requestId: request.id } }] });
  });
}

/** A connection whose request was under way at the close would stay open, with nothing to do, for its keep-alive time. */
function closeAnsweredConnections(app: FastifyInstance): void {
  let isClosing = false;
  app.addHook('preClose', async () => {
    isClosing = true;
  });
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('connection', 'close');
  });
}

/** Node's own timeouts end with the server: who is slow to send or to read would hold up the end for ever. */
function cutStalledConnections(app: FastifyInstance): void {
  const open = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  app.addHook('preClose', async () => {
    // Browsers open some in advance.
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
    setTimeout(() => app.server.closeAllConnections(), LAST_ANSWERS_MS).unref();
  });
}
