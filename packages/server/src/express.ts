import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AdmissionOptions, admit } from './admission.js';
import type { Doorstep } from './doorstep.js';
import type { LiveSession } from './operations.js';

declare global {
  namespace Express {
    interface Request {
      /** Who is signed in; null where `optional` let somebody else through. */
      doorstep?: LiveSession | null;
    }
  }
}

/** A request of Express, as far as it is needed here. */
export type ExpressRequest = IncomingMessage & { doorstep?: LiveSession | null };

/**
 * Middleware for Express 5 (Connect too): `request.doorstep` is who is signed in. Others get 401, and where Doorstep cannot
 * be asked, 503 with Retry-After.
 */
export function requireSession<Request extends ExpressRequest = ExpressRequest>(
  door: Doorstep,
  options: AdmissionOptions<Request> = {},
): (request: Request, response: ServerResponse, next: (error?: unknown) => void) => void {
  return (request, response, next) => {
    const asking = { method: request.method ?? '', header: (name: string) => textOf(request.headers[name]) };
    admit(door, request, asking, options).then((admission) => {
      if ('refusal' in admission) {
        const { status, headers, body } = admission.refusal;
        response.writeHead(status, headers).end(body);
        return;
      }
      request.doorstep = admission.session;
      next();
    }, next);
  };
}

function textOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.join();
}
