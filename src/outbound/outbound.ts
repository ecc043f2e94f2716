import { lookup, Resolver } from 'node:dns/promises';
import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Allowed } from '../config/allow-list.js';
import { hostOf, isNamed, mayReach, refusalOf } from './destinations.js';

/** What is read of an answer at most: of its headers, and of what follows them. */
const ANSWER_BYTES = 4_096;

/** Several times within any deadline: a server for names that says nothing is asked again, or the next one is. */
const DNS_OPTIONS = { timeout: 1_000, tries: 2 };

/** Why something that was to be posted somewhere did not get an answer. */
export type SendFaultKind =
  /** Its host has an address that nothing may be sent to. */
  | 'NOT_ALLOWED'
  | 'UNKNOWN_HOST'
  | 'NO_CONNECTION'
  /** The other side is not who it has to be, or speaks no TLS. */
  | 'TLS'
  | 'NO_ANSWER_IN_TIME'
  | 'BAD_ANSWER';

/** What was to be posted got no answer. */
export class SendFault extends Error {
  override readonly name = 'SendFault';

  constructor(
    readonly kind: SendFaultKind,
    cause?: unknown,
  ) {
    super(`nothing was sent, or nothing answered: ${kind}`, { cause });
  }
}

/** What is posted. */
export interface Message {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** What came back; nothing of its text is kept. */
export interface Answer {
  readonly status: number;
  /** When to come again, as it asks (RFC 9110, 10.2.3); null: it does not say. Anything from 0 on: bound it. */
  readonly retryAfterMs: number | null;
}

type Address = { readonly address: string; readonly family: number };

/**
 * Posts to addresses that others chose. The host's addresses are looked up once, all of them are judged, and no other is
 * connected to; redirects are not followed, and proxies not used.
 */
export class Outbound {
  /**
   * @param allowed where it may go besides https at public addresses
   * @param resolver finds the hosts that are not on the list. Asked directly: the system's own way holds up one of Node's
   *   few threads for each host that does not answer
   */
  constructor(
    private readonly allowed: readonly Allowed[],
    private readonly resolver: Pick<Resolver, 'resolve4' | 'resolve6'> = new Resolver(DNS_OPTIONS),
  ) {}

  /**
   * @param deadline ends it, however far it has come
   * @throws SendFault
   */
  async post(address: string, message: Message, deadline: AbortSignal): Promise<Answer> {
    const url = new URL(address);
    const addresses = await beforeEnd(this.addressesOf(url), deadline);
    return new Promise((resolve, reject) => {
      const request = (url.protocol === 'https:' ? https : http).request(url, {
        method: 'POST',
        headers: { ...message.headers, 'content-length': Buffer.byteLength(message.body) },
        // An agent of its own: that of the process may have been told of a proxy.
        agent: false,
        lookup: only(addresses),
        // Whatever the environment says of it.
        rejectUnauthorized: true,
        maxHeaderSize: ANSWER_BYTES,
        signal: deadline,
      });
      let answer: Answer | null = null;
      request.once('response', (response) => {
        answer = { status: response.statusCode ?? 0, retryAfterMs: retryAfterMs(response.headers) };
        letEnd(response);
      });
      // What befalls the rest of an answer takes nothing from it.
      request.on('error', (error) => (answer ? resolve(answer) : reject(faultOf(error))));
      // Also where there was neither, as after an upgrade that nobody asked for.
      request.once('close', () => (answer ? resolve(answer) : reject(new SendFault('BAD_ANSWER'))));
      request.end(message.body);
    });
  }

  /** @throws SendFault unless all of the host's addresses may be reached */
  private async addressesOf(url: URL): Promise<Address[]> {
    if (refusalOf(url, this.allowed) !== null) throw new SendFault('NOT_ALLOWED');
    const found = await this.lookUp(url);
    if (found.length === 0) throw new SendFault('UNKNOWN_HOST');
    if (!found.every((address) => mayReach(url, address, this.allowed))) throw new SendFault('NOT_ALLOWED');
    return found.map((address) => ({ address, family: isIP(address) }));
  }

  private async lookUp(url: URL): Promise<string[]> {
    const host = hostOf(url);
    if (isIP(host)) return [host];
    // What the operator has named may be known to this machine alone.
    if (isNamed(url, this.allowed)) {
      const known = await lookup(host, { all: true }).catch(() => []);
      return known.map(({ address }) => address);
    }
    const answers = await Promise.allSettled([this.resolver.resolve6(host), this.resolver.resolve4(host)]);
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  }
}

/** Resolves any name to these. */
function only(addresses: readonly Address[]): LookupFunction {
  return (_host, { all }, found) => {
    const [first] = addresses;
    if (all) found(null, [...addresses]);
    else found(null, first?.address ?? '', first?.family);
  };
}

/** Reads to the end, that the other side may finish; unless that is too far. */
function letEnd(response: IncomingMessage): void {
  let bytes = 0;
  // The answer is there, whatever becomes of its rest.
  response.on('error', () => undefined);
  response.on('data', (data: Buffer) => {
    bytes += data.length;
    if (bytes > ANSWER_BYTES) response.destroy();
  });
}

async function beforeEnd<T>(work: Promise<T>, deadline: AbortSignal): Promise<T> {
  const ended = new Promise<never>((_resolve, reject) => {
    const end = () => reject(new SendFault('NO_ANSWER_IN_TIME'));
    if (deadline.aborted) end();
    else deadline.addEventListener('abort', end, { once: true });
  });
  return Promise.race([work, ended]);
}

function faultOf(error: Error & { readonly code?: string }): SendFault {
  const code = error.code ?? '';
  if (error.name === 'AbortError') return new SendFault('NO_ANSWER_IN_TIME');
  if (code.startsWith('HPE_')) return new SendFault('BAD_ANSWER', error);
  // The codes of certificates are OpenSSL's names: SELF_SIGNED_CERT_IN_CHAIN, CERT_HAS_EXPIRED ...
  if (/TLS|SSL|CERT|EPROTO|ISSUER|SIGNATURE/.test(code)) return new SendFault('TLS', error);
  return new SendFault('NO_CONNECTION', error);
}

/** In seconds, or as a date, of which the answer's own is the beginning. */
function retryAfterMs({ 'retry-after': text, date }: IncomingHttpHeaders): number | null {
  if (text === undefined) return null;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // Whatever else is written, some date can be made of much of it.
  const until = text.endsWith(' GMT') ? Date.parse(text) : Number.NaN;
  return Number.isNaN(until) ? null : Math.max(0, until - (Date.parse(date ?? '') || Date.now()));
}
