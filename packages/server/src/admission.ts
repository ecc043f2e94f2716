import { isIP } from 'node:net';
import type { Doorstep } from './doorstep.js';
import { DoorstepError } from './errors.js';
import type { LiveSession } from './operations.js';

/** How a middleware knows who asks. `Request` is that of the framework. */
export interface AdmissionOptions<Request> {
  /**
   * The session's id that your own session of this request stands for (a `redeemReturn` has told it). Asked where the
   * request brings no `Authorization: Bearer`.
   */
  readonly sessionId?: (request: Request) => MaybePromise<string | null | undefined>;
  /** A cookie that holds a session's token, for a backend that shares Doorstep's host: see there what that means. */
  readonly cookie?: CookieOptions;
  /** From where the person came. Behind a proxy it is the framework that has to know whom to believe. */
  readonly usedFrom?: (request: Request) => string | null | undefined;
  /** Lets everybody in: where nobody is signed in, the session is null. */
  readonly optional?: boolean;
}

/** A browser sends a cookie whoever asked it to: who may, is said by the page's origin. */
export interface CookieOptions {
  /** `__Host-doorstep-session`; over plain http, in development, `doorstep-session`. */
  readonly name: string;
  /** The origins of your pages, such as `https://shop.example`. What may change something has to come from there. */
  readonly origins: readonly string[];
}

type MaybePromise<T> = T | Promise<T>;

/** What a request says of itself, whatever the framework. */
export interface Asking {
  readonly method: string;
  header(name: string): string | null | undefined;
}

/** What is answered to who is not let in. */
export interface Refusal {
  readonly status: 401 | 403 | 503;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Who is signed in, or why the request goes no further. */
export type Admission = { readonly session: LiveSession | null } | { readonly refusal: Refusal };

const READING = ['GET', 'HEAD', 'OPTIONS'];

/** Lets a request in, or not. @throws what is no fault of Doorstep's, such as that of a lookup of yours */
export async function admit<Request>(
  door: Doorstep,
  request: Request,
  asking: Asking,
  options: AdmissionOptions<Request>,
): Promise<Admission> {
  try {
    const session = await sessionOf(door, request, asking, options);
    if (session === 'foreign') return { refusal: refusal(403, 'forbidden') };
    return session || options.optional ? { session } : { refusal: refusal(401, 'unauthenticated') };
  } catch (error) {
    if (!(error instanceof DoorstepError)) throw error;
    door.problems.tell('checks', error);
    return { refusal: refusal(503, 'unavailable', Math.ceil(error.retryInSeconds ?? 1)) };
  }
}

async function sessionOf<Request>(
  door: Doorstep,
  request: Request,
  asking: Asking,
  { cookie, sessionId, usedFrom }: AdmissionOptions<Request>,
): Promise<LiveSession | null | 'foreign'> {
  const from = { usedFrom: addressIn(usedFrom?.(request)) };
  const bearer = bearerIn(asking.header('authorization'));
  if (bearer !== null) return door.check(bearer, from);
  const token = cookie ? cookieIn(asking.header('cookie'), cookie.name) : null;
  if (cookie && token !== null) return isForeign(asking, cookie) ? 'foreign' : door.check(token, from);
  return sessionId ? door.checkId(await sessionId(request), from) : null;
}

/** Whether a page that is not on the list may have made a browser send this. */
function isForeign(asking: Asking, { origins }: CookieOptions): boolean {
  const origin = asking.header('origin');
  if (origin) return !origins.includes(origin);
  return !READING.includes(asking.method) || Boolean(asking.header('upgrade'));
}

/** What follows the scheme, whatever it is: who says Bearer asks by that alone. */
function bearerIn(authorization: string | null | undefined): string | null {
  const found = /^bearer(?: +(.*))?$/i.exec(authorization?.trim() ?? '');
  return found && (found[1] ?? '');
}

/** Two of one name, such as one that another host of the domain has planted, are none. */
function cookieIn(header: string | null | undefined, name: string): string | null {
  const values = (header ?? '').split(';').flatMap((pair) => {
    const [key = '', ...rest] = pair.split('=');
    return key.trim() === name ? [rest.join('=').trim()] : [];
  });
  return values.length === 1 ? (values[0] ?? null) : null;
}

/** What a client wrote into a header may be anything: who comes from nowhere is let in all the same. */
function addressIn(text: string | null | undefined): string | null {
  return text && isIP(text) !== 0 ? text : null;
}

function refusal(status: Refusal['status'], error: string, retryInSeconds?: number): Refusal {
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...(retryInSeconds ? { 'retry-after': String(retryInSeconds) } : {}),
    },
    body: JSON.stringify({ error }),
  };
}
