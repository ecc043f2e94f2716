import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { Checks } from '../checks/checks.js';
import { ChecksResolver } from '../checks/checks.resolver.js';
import { ClientKeys } from '../clients/client-keys.js';
import type { Config } from '../config/config.js';
import type { RateLimits } from '../rate-limits/rate-limits.js';
import { LiveSessions } from '../sessions/live-sessions.js';
import { Sessions } from '../sessions/sessions.js';
import { mountBackend } from '../wire/backend-http.js';
import type { Contexts } from '../wire/contexts.js';
import { documentRules } from '../wire/document-rules.js';
import { takeSockets } from '../wire/http.js';
import { KeyDoor } from '../wire/key-door.js';
import { createListener } from '../wire/listener.js';
import type { Sockets } from '../wire/sockets.js';
import { SocketServer } from '../wire/websocket.js';
import type { Foundation } from './foundation.js';
import { createBackendSchema, resolverOf } from './schema.js';

/** What the API of products' backends shares with that of people. */
export interface BackendSharing {
  readonly foundation: Foundation;
  readonly rateLimits: RateLimits;
  readonly contexts: Contexts;
  /** Sockets that nobody is known on yet count together. */
  readonly sockets: Sockets;
}

/** A listener for backends alone: nothing but their API will be there. */
export async function createBackendHttp(config: Config, logger: Logger): Promise<FastifyInstance> {
  const app = await createListener(config, logger);
  await takeSockets(app, config, logger);
  return app;
}

/** Serves backends at a listener. @returns ends what it does by itself */
export async function serveBackend(
  app: FastifyInstance,
  { foundation, rateLimits, contexts, sockets }: BackendSharing,
): Promise<{ close(): void }> {
  const { config, logger, db, texts } = foundation;
  const { limits, production } = config;
  const resolver = resolverOf(createBackendResolvers(foundation));
  const schema = await createBackendSchema(resolver);
  const rules = documentRules(limits, config.introspection);
  const callers = new ClientKeys(rateLimits);
  const door = new KeyDoor({ db, callers, texts, resolver, limits, logger });
  const socketServer = new SocketServer({ schema, rules, contexts, door, sockets, production, limits, logger });
  await mountBackend(app, { schema, rules, config, logger, db, callers, contexts, door, socketServer });
  return door;
}

function createBackendResolvers({ config }: Foundation): object[] {
  const { limits } = config;
  return [new ChecksResolver(new Checks(new LiveSessions(limits), new Sessions(limits)))];
}
