import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type BackendContext, type Caller, WrongKey } from '../api/caller.js';
import { ApiError, RateLimited } from '../api/errors.js';
import type { Contexts } from './contexts.js';
import { createApollo, type DocumentServing, refuseMethod, socketRoute } from './http.js';
import type { KeyDoor, KeyServing } from './key-door.js';
import { DifferentTokens, tokenOfRequest } from './session-tokens.js';
import type { SocketServer } from './websocket.js';

const PATH = '/backend/graphql';

/** What the backend's API is served with. */
export interface BackendServing extends DocumentServing, Pick<KeyServing, 'db' | 'callers'> {
  readonly contexts: Pick<Contexts, 'client'>;
  readonly door: KeyDoor;
  readonly socketServer: Pick<SocketServer<Caller>, 'open'>;
}

/**
 * `/backend/graphql`: GraphQL over POST and WebSocket for whoever has the key of an API client. No cookie counts and no
 * page may ask: browsers send Origin, and whoever sends it is refused.
 */
export async function mountBackend(app: FastifyInstance, serving: BackendServing): Promise<void> {
  const { contexts, callers, db, door, socketServer } = serving;
  const apollo = createApollo<BackendContext>(serving);
  await apollo.start();
  app.addHook('onClose', () => apollo.stop());
  const admitted = new WeakMap<FastifyRequest, BackendContext>();
  const handler = fastifyApolloHandler<BackendContext>(apollo, {
    context: async (request) => {
      const context = admitted.get(request);
      // The library runs this behind the hook below.
      if (!context) throw new WrongKey();
      return context;
    },
  });
  app.route({
    method: 'POST',
    url: PATH,
    // Before the body is read: nobody without a key has one looked at.
    onRequest: async (request, reply) => {
      if (request.headers.origin !== undefined) return refuseOrigin(reply);
      const client = contexts.client(request.ip, request.headers['accept-language']);
      try {
        const caller = await callers.admit(db, keyOf(request), client.ipAddress);
        admitted.set(request, door.contextOf(caller, client));
      } catch (error) {
        return refuseKey(reply, error);
      }
    },
    handler: handler as never,
  });
  const otherwise = {
    url: PATH,
    // Before a body is read, whatever is in it.
    onRequest: async (request: FastifyRequest, reply: FastifyReply) => {
      if (request.headers.origin !== undefined) return refuseOrigin(reply);
      if (!request.ws) return refuseMethod(reply);
    },
    handler: (_request: FastifyRequest, reply: FastifyReply) => refuseMethod(reply),
  };
  app.route({ ...otherwise, ...socketRoute(socketServer), method: 'GET' });
  app.route({ ...otherwise, method: ['PUT', 'PATCH', 'DELETE', 'OPTIONS'] });
}

/** Of two different ones nobody can tell which is meant. */
function keyOf(request: FastifyRequest): string | null {
  try {
    return tokenOfRequest(request.raw);
  } catch (error) {
    if (error instanceof DifferentTokens) throw new WrongKey();
    throw error;
  }
}

function refuseOrigin(reply: FastifyReply): FastifyReply {
  return refuse(reply.code(403), new ApiError('FORBIDDEN', 'No page of a browser may use this API.'));
}

/** @throws what is no fault of the key */
function refuseKey(reply: FastifyReply, error: unknown): FastifyReply {
  if (error instanceof RateLimited) return refuse(reply.code(429), error);
  if (!(error instanceof WrongKey)) throw error;
  return refuse(reply.code(401).header('www-authenticate', 'Bearer'), error);
}

function refuse(reply: FastifyReply, error: ApiError): FastifyReply {
  return reply.send({ errors: [error] });
}
