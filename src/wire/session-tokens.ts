import type { IncomingMessage } from 'node:http';

const BEARER = /^Bearer(?:\s+|$)/i;
/** What opens no session: it was named all the same. */
const NO_TOKEN = '';

/** Two places of one request, or of one socket, name different sessions: whose it is nobody can tell. */
export class DifferentTokens extends Error {
  constructor() {
    super('Two different tokens came with it.');
  }
}

/**
 * The one token that Authorization names, however often; any other scheme is not ours, such as that of a proxy in front.
 * @returns null where it names none
 * @throws DifferentTokens
 */
export function tokenOfRequest(request: IncomingMessage): string | null {
  return oneOf(tokensOfUpgrade(request));
}

/**
 * The one token of a socket: in the payload of connection_init under `authorization`, in whatever case, there or within
 * `headers`, with `Bearer` or alone; or in Authorization of the upgrade.
 * @returns null where none is named
 * @throws DifferentTokens
 */
export function tokenOfSocket(payload: Record<string, unknown> | undefined, upgrade: readonly string[]): string | null {
  return oneOf([...membersOf(payload, 'authorization').flatMap(tokensIn), ...upgrade]);
}

/**
 * The one token of a request that may name its session in Authorization or in a cookie.
 * @param cookies the tokens in its cookies
 * @returns null where none is named; `isByCookie`: nothing but cookies names it, which a browser sends unasked
 * @throws DifferentTokens
 */
export function tokenOfVisit(
  request: IncomingMessage,
  cookies: readonly string[],
): { readonly token: string; readonly isByCookie: boolean } | null {
  const bearers = tokensOfUpgrade(request);
  const token = oneOf([...bearers, ...cookies]);
  return token === null ? null : { token, isByCookie: bearers.length === 0 };
}

/** The tokens of an upgrade, which connection_init may name too. */
export function tokensOfUpgrade({ headersDistinct }: IncomingMessage): string[] {
  return (headersDistinct.authorization ?? []).flatMap(bearersIn);
}

/** The members of this name, in whatever case, of a payload and of `headers` in it. */
export function membersOf(payload: Record<string, unknown> | undefined, name: string): unknown[] {
  const own = Object.entries(payload ?? {});
  const within = own.flatMap(([key, value]) =>
    key.toLowerCase() === 'headers' && typeof value === 'object' && value !== null ? Object.entries(value) : [],
  );
  return [...own, ...within].flatMap(([key, value]) => (key.toLowerCase() === name ? [value] : []));
}

function oneOf(tokens: readonly string[]): string | null {
  if (new Set(tokens).size > 1) throw new DifferentTokens();
  return tokens[0] ?? null;
}

function bearersIn(authorization: string): string[] {
  return BEARER.test(authorization) ? [authorization.replace(BEARER, '').trim()] : [];
}

/** In a payload nothing but a session is meant: what is no token opens nothing, and was not left out. */
function tokensIn(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  if (typeof value !== 'string') return [NO_TOKEN];
  const [bearer] = bearersIn(value);
  return [bearer ?? (/\s/.test(value.trim()) ? NO_TOKEN : value.trim())];
}
