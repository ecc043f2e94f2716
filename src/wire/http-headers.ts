import type { FastifyInstance, FastifyReply } from 'fastify';
import helmet from 'helmet';
import { ApiError } from '../api/errors.js';
import type { Config } from '../config/config.js';
import { TRANSPORT_HEADER } from './cookies.js';

const YEAR_SECONDS = 31_536_000;

const OUR_HEADERS = `content-type, authorization, accept-language, ${TRANSPORT_HEADER}`;

/** What tells that a proxy stands in front; each says who the client is. */
const forwardingHeaders = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'cf-connecting-ip', 'true-client-ip'];

/** Headers of every answer, and JSON as the only kind of body. */
export function mountHeaders(app: FastifyInstance, config: Config): void {
  // Made once: the plugin for Fastify works them out anew for each request.
  const protect = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'object-src': ["'none'"],
        'script-src': ["'self'"],
        'style-src': ["'self'"],
        'img-src': ["'self'", 'data:'],
        'connect-src': ["'self'"],
        'manifest-src': ["'self'"],
        'base-uri': ["'none'"],
        'form-action': ["'none'"],
        'frame-ancestors': ["'none'"],
      },
    },
    hsts: config.production ? { maxAge: YEAR_SECONDS, includeSubDomains: true } : false,
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
  });
  app.addHook('onRequest', (request, reply, done) => protect(request.raw, reply.raw, done as () => void));
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });
  warnOfProxy(app, config);
  app.removeContentTypeParser('text/plain');
}

/** Origins on the list may use the API from their pages, with cookies; from any other no cookie counts. */
export function mountCors(app: FastifyInstance, allowedOrigins: readonly string[]): void {
  app.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers;
    if (request.routeOptions.url !== '/graphql' || origin === undefined) return;
    reply.header('vary', 'Origin');
    if (allowedOrigins.includes(origin)) {
      reply.header('access-control-allow-origin', origin).header('access-control-allow-credentials', 'true');
    } else if (request.method === 'OPTIONS' || request.headers[TRANSPORT_HEADER] !== undefined) {
      return refuseOrigin(reply);
    }
  });
  app.options('/graphql', (request, reply) =>
    reply
      .header('vary', 'Origin, Access-Control-Request-Headers')
      .header('access-control-allow-methods', 'GET, POST')
      // Whatever a page that may use the API sends along: its client's name, the ids of its traces.
      .header('access-control-allow-headers', request.headers['access-control-request-headers'] ?? OUR_HEADERS)
      .header('access-control-max-age', '600')
      .code(204)
      .send(),
  );
}

/** Says it in words: in a browser's console it would be but a failed request. */
export function refuseOrigin(reply: FastifyReply): FastifyReply {
  const refusal = new ApiError('FORBIDDEN', 'This origin is not in ALLOWED_ORIGINS.');
  return reply.code(403).send({ errors: [refusal] });
}

/** Behind a proxy that is not in `TRUST_PROXY` all clients are one, and share the limits of one: that is said once. */
function warnOfProxy(app: FastifyInstance, { trustProxy }: Config): void {
  if (trustProxy.length > 0) return;
  let isSaid = false;
  app.addHook('onRequest', async (request) => {
    const header = isSaid ? undefined : forwardingHeaders.find((name) => request.headers[name] !== undefined);
    if (header === undefined) return;
    isSaid = true;
    request.log.warn({ header }, 'a forwarding header came and is ignored: name the proxies in TRUST_PROXY');
  });
}
