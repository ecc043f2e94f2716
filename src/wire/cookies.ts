import { createHash } from 'node:crypto';
import type { CookieSerializeOptions } from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CookieJar } from '../api/cookie-jar.js';
import type { Limits } from '../config/limits.js';

/** The header by which a browser asks for tokens in cookies; a page of another origin cannot send it unasked. */
export const TRANSPORT_HEADER = 'session-transport';

const DAY_SECONDS = 86_400;
/** Browsers keep no cookie longer (RFC 6265bis, 5.5). */
const COOKIE_DAYS_MOST = 400;
/** Device cookies of one browser; past that the oldest goes. */
const DEVICE_COOKIES_MOST = 10;

/**
 * Keeps tokens in cookies out of a script's reach: `__Host-`, HttpOnly, Secure, SameSite=Strict. On plain http, which
 * only development allows, without prefix and Secure. The public URL decides which of the two names is read, never Host.
 */
export class Cookies {
  private readonly prefix: string;
  private readonly options: CookieSerializeOptions;

  constructor(
    publicUrl: URL,
    private readonly limits: Limits,
  ) {
    const secure = publicUrl.protocol === 'https:';
    this.prefix = secure ? '__Host-doorstep' : 'doorstep';
    this.options = { path: '/', httpOnly: true, secure, sameSite: 'strict' };
  }

  /** The session token that a request brings in a cookie. */
  sessionToken(request: FastifyRequest): string | null {
    return request.cookies[this.sessionName] || null;
  }

  /**
   * Every session token that a request brings in cookies, whether or not it asks for them. There is one, unless a
   * neighbouring host has set another beside it, which on plain http nothing tells from ours.
   */
  sessionTokens({ headers }: Pick<FastifyRequest, 'headers'>): string[] {
    const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim());
    const start = `${this.sessionName}=`;
    return pairs.filter((pair) => pair.startsWith(start) && pair !== start).map((pair) => pair.slice(start.length));
  }

  /** The cookies of a request that asks for them; null if it does not. */
  jarOf(request: FastifyRequest, reply: FastifyReply): CookieJar | null {
    if (request.headers[TRANSPORT_HEADER] !== 'cookie') return null;
    return {
      deviceToken: (account) => deviceTokenIn(request.cookies[this.deviceName(account)]),
      keep: ({ account, sessionToken, deviceToken }) => {
        this.setSession(reply, sessionToken);
        this.setDevice(request, reply, account, deviceToken);
      },
      keepSession: (sessionToken) => this.setSession(reply, sessionToken),
      challengeId: () => request.cookies[this.challengeName] || null,
      keepChallenge: (id) => {
        reply.setCookie(this.challengeName, id, { ...this.options, maxAge: this.limits.CHALLENGE_SECONDS });
      },
      dropSession: () => void reply.clearCookie(this.sessionName, this.options),
    };
  }

  private get sessionName(): string {
    return `${this.prefix}-session`;
  }

  private get challengeName(): string {
    return `${this.prefix}-challenge`;
  }

  private get devicePrefix(): string {
    return `${this.prefix}-device-`;
  }

  /** One per account, so that two accounts in one browser do not cost each other their trust. */
  private deviceName(account: string): string {
    return `${this.devicePrefix}${createHash('sha256').update(account).digest('hex').slice(0, 16)}`;
  }

  /** For as long as a session may last at all: whether it is still live, the server decides. */
  private setSession(reply: FastifyReply, token: string): void {
    const { SESSION_MAX_DAYS, TRUSTED_SESSION_MAX_DAYS } = this.limits;
    reply.setCookie(this.sessionName, token, this.lasting(Math.max(SESSION_MAX_DAYS, TRUSTED_SESSION_MAX_DAYS)));
  }

  private setDevice(request: FastifyRequest, reply: FastifyReply, account: string, token: string): void {
    const name = this.deviceName(account);
    const others = Object.entries(request.cookies)
      .filter(([other]) => other.startsWith(this.devicePrefix) && other !== name)
      .sort(([, a], [, b]) => setAt(b) - setAt(a));
    // A header of the size that is taken holds hundreds; the next sign-in finds the rest.
    const tooMany = others.slice(DEVICE_COOKIES_MOST - 1, 2 * DEVICE_COOKIES_MOST);
    for (const [oldest] of tooMany) reply.clearCookie(oldest, this.options);
    const value = `${token}.${Math.floor(Date.now() / 1000)}`;
    reply.setCookie(name, value, this.lasting(this.limits.TRUST_MAX_DAYS));
  }

  private lasting(days: number): CookieSerializeOptions {
    return { ...this.options, maxAge: Math.min(days, COOKIE_DAYS_MOST) * DAY_SECONDS };
  }
}

/** A device cookie is the token, a dot, and the second in which it was set. */
function deviceTokenIn(value: string | undefined): string | null {
  return value?.split('.')[0] || null;
}

function setAt(value: string | undefined): number {
  return Number(value?.split('.')[1]) || 0;
}
