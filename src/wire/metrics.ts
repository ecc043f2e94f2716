import { timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Config } from '../config/config.js';
import { createLocalOnly } from './local-only.js';

/**
 * `/metrics` in Prometheus' text format, for whoever brings the token, and outside production for this very machine. No
 * label holds what a client sent: routes are named by their patterns. Where nobody may ask, nothing is counted, and what
 * counts is not loaded.
 * @param openSockets how many WebSockets of this process are open; left out where it takes none
 */
export async function mountMetrics(
  app: FastifyInstance,
  { metricsToken, production }: Pick<Config, 'metricsToken' | 'production'>,
  openSockets?: () => number,
): Promise<void> {
  if (production && metricsToken === null) return;
  const { collectDefaultMetrics, Gauge, Histogram, Registry } = await import('prom-client');
  const isLocal = createLocalOnly(() => (app.server.address() as AddressInfo).port);
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from a request to its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  if (openSockets) {
    new Gauge({
      name: 'doorstep_sockets',
      help: 'Open WebSockets.',
      registers: [registry],
      collect() {
        this.set(openSockets());
      },
    });
  }
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown';
    duration.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
  });
  app.get('/metrics', async (request, reply) => {
    if (!hasToken(request, metricsToken) && (production || !isLocal(request))) return reply.callNotFound();
    return reply.type(registry.contentType).send(await registry.metrics());
  });
}

function hasToken(request: FastifyRequest, token: string | null): boolean {
  if (token === null) return false;
  const given = Buffer.from(request.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
