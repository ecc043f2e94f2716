import { type AdmissionOptions, admit } from './admission.js';
import type { Doorstep } from './doorstep.js';
import type { LiveSession } from './operations.js';

/**
 * For what takes a `Request` and gives a `Response` (Hono, route handlers of Next): who is signed in, or the answer to give
 * instead: 401, and where Doorstep cannot be asked, 503 with Retry-After.
 * @returns a Response, or the session; null where `optional` lets somebody else through
 */
export async function sessionOrResponse(
  door: Doorstep,
  request: Request,
  options: AdmissionOptions<Request> & { readonly optional: true },
): Promise<LiveSession | Response | null>;
export async function sessionOrResponse(
  door: Doorstep,
  request: Request,
  options?: AdmissionOptions<Request>,
): Promise<LiveSession | Response>;
export async function sessionOrResponse(
  door: Doorstep,
  request: Request,
  options: AdmissionOptions<Request> = {},
): Promise<LiveSession | Response | null> {
  const asking = { method: request.method, header: (name: string) => request.headers.get(name) };
  const admission = await admit(door, request, asking, options);
  if (!('refusal' in admission)) return admission.session;
  const { status, headers, body } = admission.refusal;
  return new Response(body, { status, headers });
}

/** A handler that only those who are signed in reach. `rest` is what the framework passes besides. */
export function withSession<Rest extends readonly unknown[]>(
  door: Doorstep,
  handler: (request: Request, session: LiveSession, ...rest: Rest) => Response | Promise<Response>,
  options: Omit<AdmissionOptions<Request>, 'optional'> = {},
): (request: Request, ...rest: Rest) => Promise<Response> {
  return async (request, ...rest) => {
    const admitted = await sessionOrResponse(door, request, options);
    return admitted instanceof Response ? admitted : handler(request, admitted, ...rest);
  };
}
