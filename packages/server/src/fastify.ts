import type { FastifyReply, FastifyRequest } from 'fastify';
import { type AdmissionOptions, admit } from './admission.js';
import type { Doorstep } from './doorstep.js';
import type { LiveSession } from './operations.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is signed in; null where `optional` let somebody else through. */
    doorstep?: LiveSession | null;
  }
}

/**
 * A hook for Fastify 5, as `onRequest` of an app or of a route: `request.doorstep` is who is signed in. Others get 401, and
 * where Doorstep cannot be asked, 503 with Retry-After.
 */
export function requireSession(
  door: Doorstep,
  options: AdmissionOptions<FastifyRequest> = {},
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined> {
  return async (request, reply) => {
    const header = (name: string) => {
      const value = request.headers[name];
      return typeof value === 'string' ? value : value?.join();
    };
    const admission = await admit(door, request, { method: request.method, header }, options);
    if ('refusal' in admission) {
      const { status, headers, body } = admission.refusal;
      return reply.code(status).headers(headers).send(body);
    }
    request.doorstep = admission.session;
    return undefined;
  };
}
