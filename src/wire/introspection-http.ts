import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Caller, requireScope, WrongKey } from '../api/caller.js';
import { ApiError, RateLimited } from '../api/errors.js';
import { ipOf } from '../places/client-network.js';
import type { Sql } from '../sql/database.js';
import type { BackendServing } from './backend-http.js';
import { type ClientCredentials, clientCredentials } from './client-credentials.js';

const PATH = '/introspect';
/** An access token, and what else the standard has, many times over. */
const BODY_BYTES = 16_384;
const FORM = 'application/x-www-form-urlencoded';

/** What introspection is served with. */
export interface IntrospectionServing extends Pick<BackendServing, 'contexts' | 'callers' | 'db'> {
  readonly introspections: {
    introspect(db: Sql, caller: Caller, asked: { token: string; usedFrom: string | null }): Promise<object>;
  };
}

/**
 * `POST /introspect` (RFC 7662) for whoever has the key of an API client, as a bearer token or by Basic. No cookie counts,
 * and no page may ask. Refusals are those of RFC 6749, 5.2, and RFC 6750, 3.
 */
export async function mountIntrospection(app: FastifyInstance, serving: IntrospectionServing): Promise<void> {
  const admitted = new WeakMap<FastifyRequest, Caller>();
  await app.register(async (scope) => {
    takeFormsAlone(scope);
    scope.route({
      method: 'POST',
      url: PATH,
      // Before the body is read: nobody without a key has one looked at.
      onRequest: async (request, reply) => {
        if (request.headers.origin !== undefined) return refuseOrigin(reply);
        const credentials = clientCredentials(request.raw);
        try {
          admitted.set(request, await admit(serving, request, credentials));
        } catch (error) {
          return refuseKey(reply, error, credentials);
        }
      },
      handler: async (request) => {
        const caller = admitted.get(request);
        if (!caller) throw new WrongKey();
        return serving.introspections.introspect(serving.db, caller, askedIn(request.body));
      },
    });
    scope.route({
      method: ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
      url: PATH,
      // Before a body is read, whatever is in it.
      onRequest: async (request, reply) => {
        if (request.headers.origin !== undefined) return refuseOrigin(reply);
        return refuseMethod(reply);
      },
      handler: (_request, reply) => refuseMethod(reply),
    });
  });
}

async function admit(
  { callers, contexts, db }: IntrospectionServing,
  request: FastifyRequest,
  { clientId, key }: ClientCredentials,
): Promise<Caller> {
  const { ipAddress } = contexts.client(request.ip, request.headers['accept-language']);
  const caller = await callers.admit(db, key, ipAddress);
  if (clientId !== null && clientId !== caller.clientId) throw new WrongKey();
  return requireScope({ caller }, 'check');
}

/** A request that cannot be understood (RFC 6749, 5.2). */
class InvalidRequest extends Error {
  readonly statusCode = 400;
}

function takeFormsAlone(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(FORM, { parseAs: 'string', bodyLimit: BODY_BYTES }, (_request, body, done) =>
    done(null, body),
  );
  scope.setErrorHandler((error: Error & { readonly statusCode?: number }, _request, reply) => {
    const { statusCode = 500 } = error;
    // What is no fault of the request is answered and logged as everywhere.
    if (statusCode >= 500) throw error;
    return refuse(reply.code(statusCode), 'invalid_request', error.message);
  });
}

/** @throws InvalidRequest */
function askedIn(body: unknown): { token: string; usedFrom: string | null } {
  const form = new URLSearchParams(typeof body === 'string' ? body : '');
  const names = [...form.keys()];
  // RFC 6749, 3.2: none may come twice, and one without a value has not come.
  if (new Set(names).size < names.length) throw new InvalidRequest('A parameter came more than once.');
  if (form.get('client_secret') || form.get('client_assertion')) {
    throw new InvalidRequest('The key comes in Authorization, and nowhere else.');
  }
  const token = form.get('token');
  if (!token) throw new InvalidRequest('The parameter token is missing.');
  const usedFrom = form.get('used_from') || null;
  const ip = usedFrom === null ? null : ipOf(usedFrom);
  if (usedFrom !== null && ip === null) throw new InvalidRequest('used_from is not an IPv4 or IPv6 address.');
  return { token, usedFrom: ip };
}

function refuseOrigin(reply: FastifyReply): FastifyReply {
  return refuse(reply.code(403), 'access_denied', 'No page of a browser may use this API.');
}

function refuseMethod(reply: FastifyReply): FastifyReply {
  return refuse(reply.code(405).header('allow', 'POST'), 'invalid_request', 'Use POST.');
}

/** @throws what is no fault of the key */
function refuseKey(reply: FastifyReply, error: unknown, { scheme, key }: ClientCredentials): FastifyReply {
  if (error instanceof RateLimited) {
    reply.code(429).header('retry-after', error.retry.seconds);
    return refuse(reply, 'temporarily_unavailable', error.message);
  }
  if (error instanceof WrongKey) {
    const bearer = scheme === 'Bearer' && key !== null ? 'Bearer error="invalid_token"' : 'Bearer';
    const basic = 'Basic realm="introspection", charset="UTF-8"';
    const challenges = { Basic: basic, Bearer: bearer, none: `${basic}, ${bearer}` };
    reply.code(401).header('www-authenticate', challenges[scheme ?? 'none']);
    return refuse(reply, 'invalid_client', 'This needs the key of an API client in Authorization.');
  }
  if (error instanceof ApiError && error.extensions.code === 'FORBIDDEN') {
    reply.code(403).header('www-authenticate', 'Bearer error="insufficient_scope", scope="check"');
    return refuse(reply, 'insufficient_scope', error.message);
  }
  throw error;
}

function refuse(reply: FastifyReply, error: string, description: string): FastifyReply {
  return reply.send({ error, error_description: description });
}
