import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What is counted besides the process itself. */
export interface Counted {
  /** Open WebSockets of this server. */
  sockets(): number;
}

/**
 * `/metrics` in Prometheus' text format. No label holds what a client sent: routes are named by their patterns.
 * @param token whoever brings it as a bearer token may read; null: nobody may by token
 * @param isLocal whether a request without the token may read all the same
 */
export function mountMetrics(
  app: FastifyInstance,
  counted: Counted,
  token: string | null,
  isLocal: (request: FastifyRequest) => boolean,
): void {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from a request to its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  new Gauge({
    name: 'doorstep_sockets',
    help: 'Open WebSockets.',
    registers: [registry],
    collect() {
      this.set(counted.sockets());
    },
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown';
    duration.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
  });
  app.get('/metrics', async (request, reply) => {
    if (!hasToken(request, token) && !isLocal(request)) return reply.callNotFound();
    return reply.type(registry.contentType).send(await registry.metrics());
  });
}

function hasToken(request: FastifyRequest, token: string | null): boolean {
  if (token === null) return false;
  const given = Buffer.from(request.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
