import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { Handset } from './handset.js';
import { within } from './waiting.js';

/** Names and values by turns, so that a name may come twice, and as it is written. */
export type RawHeaders = readonly string[];

/** What was answered to a proxy, or to whoever asks like one. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends a request with these headers exactly, those between two hops included. */
export async function sendRaw(
  url: string,
  headers: RawHeaders,
  { method = 'GET', body = '' } = {},
): Promise<RawAnswer> {
  const { host } = new URL(url);
  const named = headers.some((name, nth) => nth % 2 === 0 && name.toLowerCase() === 'host');
  const sent = request(url, { method, headers: [...(named ? [] : ['host', host]), ...headers], agent: false });
  sent.end(body);
  const [answer] = (await within(once(sent, 'response'), 'the answer')) as [IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of answer) pieces.push(piece as Buffer);
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(pieces).toString() };
}

/** The cookie that a browser keeps the session of a device in, where everything is plain http. */
export function cookieOf({ sessionToken }: Pick<Handset, 'sessionToken'>): RawHeaders {
  return ['cookie', `doorstep-session=${sessionToken}`];
}

/** The ids in an answer; each null where it has none. */
export function idsIn({ headers }: RawAnswer): Record<'accountId' | 'id' | 'deviceId', string | null> {
  const one = (name: string) => (headers[name] as string | undefined) ?? null;
  return {
    accountId: one('doorstep-account'),
    id: one('doorstep-session'),
    deviceId: one('doorstep-device'),
  };
}
