import type { FastifyInstance } from 'fastify';
import { NotReady } from '../api/not-ready.js';

/** Asked by load balancers and by what watches over containers. */
export interface Health {
  /** Resolves if the process can do its work now; rejects with what is amiss. */
  check(): Promise<void>;
  /** Whether the process is on its way out. */
  isClosing(): boolean;
}

/**
 * `/livez`: the process runs; restart it if not. `/readyz`: it can do its work; send it no requests if not. Why it cannot
 * is said in our own words alone.
 */
export function mountHealth(app: FastifyInstance, health: Health): void {
  app.get('/livez', async () => ({ status: 'ok' }));
  app.get('/readyz', async (request, reply) => {
    if (health.isClosing()) return reply.code(503).send({ status: 'closing' });
    try {
      await health.check();
      return { status: 'ok' };
    } catch (error) {
      request.log.debug({ err: error }, 'not ready');
      const reason = error instanceof NotReady ? error.message : 'a store does not answer';
      return reply.code(503).send({ status: 'not ready', reason });
    }
  });
}
