import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError, Unauthenticated } from '../api/errors.js';
import type { Visitor, VisitorLookup } from '../api/visitor.js';
import type { Config } from '../config/config.js';
import type { Sql } from '../sql/database.js';
import type { Cookies } from './cookies.js';
import { FORWARD_AUTH_PATH, Forwarded } from './forwarded.js';
import { DifferentTokens, tokenOfVisit } from './session-tokens.js';

/** What proxies are answered with. */
export interface ForwardAuthServing {
  readonly db: Sql;
  readonly visitors: VisitorLookup;
  readonly cookies: Pick<Cookies, 'sessionTokens'>;
  readonly config: Pick<Config, 'publicUrl' | 'returnOrigins'>;
}

/** What a proxy asks by the query, which its operator has written. */
interface Question {
  /** The API client whose people are let in; null: none is named. */
  readonly client: string | null;
  /** Whether a person who is not signed in is led to the sign-in page by the answer itself. */
  readonly redirects: boolean;
}

/** Whom a request comes from: STRANGER has no live session, REFUSED is not let in whoever it is. */
type Outcome = Visitor | 'STRANGER' | 'REFUSED';

/** Of the sign-in page's address, what it leads back to included: nginx takes 4 KiB of headers from what it asks. */
const SIGN_IN_LENGTH_MOST = 2048;

/**
 * `/forward-auth`: a proxy asks about each request that it has, whether somebody is signed in. 204 and the ids, or 401; a
 * database that is away is 503, never one of these. The session counts by its cookie, without the header that our own API
 * wants with it; so what may change something needs the Origin of a page of the host itself.
 */
export function mountForwardAuth(app: FastifyInstance, serving: ForwardAuthServing): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: FORWARD_AUTH_PATH,
    handler: async (request, reply) => {
      const question = questionOf(request);
      if (!question) {
        return reply.code(400).send({ errors: [new ApiError('BAD_USER_INPUT', 'Only client and redirect=1, once.')] });
      }
      const forwarded = new Forwarded(request.headers);
      try {
        const outcome = await outcomeOf(serving, request, forwarded, question);
        if (outcome === 'REFUSED') return refuse(reply);
        if (outcome !== 'STRANGER') return admit(reply, outcome);
      } catch (error) {
        request.log.error({ err: error, requestId: request.id }, 'a proxy could not be answered');
        return reply
          .code(503)
          .send({ errors: [new ApiError('INTERNAL_SERVER_ERROR', 'Try again later.', { requestId: request.id })] });
      }
      const signIn = signInAddress(forwarded.page, serving.config);
      if (signIn === null) return refuse(reply);
      reply.header('location', signIn);
      return question.redirects ? reply.code(302).send() : refuse(reply);
    },
  });
  app.route({
    method: ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    url: FORWARD_AUTH_PATH,
    // Before a body is read, whatever is in it.
    onRequest: async (_request, reply) => refuseMethod(reply),
    handler: (_request, reply) => refuseMethod(reply),
  });
}

/**
 * @returns null for what is not known, or comes twice: some proxies send the visitor's own query where theirs has none, and
 *   nothing that a visitor wrote may choose who is let in
 */
function questionOf({ query }: FastifyRequest): Question | null {
  const { client = null, redirect = '', ...others } = query as Record<string, unknown>;
  if (Object.keys(others).length > 0 || (client !== null && typeof client !== 'string')) return null;
  return redirect === '' || redirect === '1' ? { client, redirects: redirect === '1' } : null;
}

async function outcomeOf(
  { db, visitors, cookies, config }: ForwardAuthServing,
  request: FastifyRequest,
  forwarded: Forwarded,
  { client }: Question,
): Promise<Outcome> {
  const named = tokenIn(request, cookies);
  if (named === 'DIFFERENT') return 'REFUSED';
  if (named === null) return 'STRANGER';
  const { token, isByCookie } = named;
  if (isByCookie && forwarded.mayChange && !forwarded.isFromOwnPage(config.publicUrl.origin)) return 'REFUSED';
  const visitor = await visitors.find(db, token, client);
  if (visitor?.isAmong) return visitor;
  // Who is signed in, but as somebody else, would be led back at once, and so on; and no browser brings a header.
  return visitor || !isByCookie ? 'REFUSED' : 'STRANGER';
}

/** Of two different ones nobody can tell which is meant. */
function tokenIn(request: FastifyRequest, cookies: ForwardAuthServing['cookies']) {
  try {
    return tokenOfVisit(request.raw, cookies.sessionTokens(request));
  } catch (error) {
    if (error instanceof DifferentTokens) return 'DIFFERENT';
    throw error;
  }
}

/**
 * The sign-in page, which leads back to a page afterwards; to the first of its host where the address is too long, or has what
 * the pages put into addresses themselves, and so never lead to.
 * @returns null where it may not lead there, or where our cookies, which this host alone is sent, would not come along: who has
 *   just signed in would be asked to, again and again
 */
function signInAddress(page: URL | null, { publicUrl, returnOrigins }: ForwardAuthServing['config']): string | null {
  if (!page || !returnOrigins.includes(page.origin)) return null;
  if (page.hostname !== publicUrl.hostname || page.protocol !== publicUrl.protocol) return null;
  const address = leadingBackTo(page.href);
  const isTaken =
    address.length <= SIGN_IN_LENGTH_MOST && !['code', 'state'].some((name) => page.searchParams.has(name));
  return isTaken ? address : leadingBackTo(`${page.origin}/`);

  function leadingBackTo(href: string): string {
    const url = new URL(publicUrl);
    url.searchParams.set('return_to', href);
    return url.href;
  }
}

/** Each header is always there: what a client sent under its name never reaches whoever is behind the proxy. */
function admit(reply: FastifyReply, { accountId, sessionId, deviceId }: Visitor): FastifyReply {
  return reply
    .code(204)
    .header('doorstep-account', accountId)
    .header('doorstep-session', sessionId)
    .header('doorstep-device', deviceId)
    .send();
}

function refuse(reply: FastifyReply): FastifyReply {
  return reply
    .code(401)
    .header('www-authenticate', 'Bearer')
    .send({ errors: [new Unauthenticated()] });
}

function refuseMethod(reply: FastifyReply): FastifyReply {
  return reply
    .code(405)
    .header('allow', 'GET, HEAD')
    .send({ errors: [{ message: 'Ask by GET.', extensions: { code: 'BAD_REQUEST' } }] });
}
