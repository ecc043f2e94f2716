import type { IncomingHttpHeaders } from 'node:http';

/** Where proxies ask. */
export const FORWARD_AUTH_PATH = '/forward-auth';

/** Whether that is the path of an address, as a request names it, below whatever base path. */
export function isForwardAuth(url: string): boolean {
  return url.split('?', 1)[0]?.endsWith(FORWARD_AUTH_PATH) ?? false;
}

/** What changes nothing (RFC 9110, 9.2.1). Names of methods are case-sensitive. TRACE is left out: it echoes cookies. */
const safeMethods: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

/** What `X-Forwarded-Proto` says, and what origins begin with there. Traefik says of a WebSocket that it is one. */
const schemes: Readonly<Record<string, string>> = { http: 'http', https: 'https', ws: 'http', wss: 'https' };

/**
 * A request that a proxy asks about, by the headers that came along with the question: `X-Forwarded-*` as the proxy has set
 * them, the others as the client sent them. Whoever asks directly may say what he likes there: all that it decides is
 * whether the cookie that he holds himself counts, so it is believed from anywhere. No page of another origin can have
 * a browser send these headers; a name that comes twice says both, and is neither.
 */
export class Forwarded {
  constructor(private readonly headers: IncomingHttpHeaders) {}

  /**
   * Whether it may change something, so that a page of somebody else may have had it sent for that. Where the proxy does
   * not say the method it may; over a socket that it opens anything may follow.
   */
  get mayChange(): boolean {
    return !safeMethods.includes(this.read('x-forwarded-method')) || this.isUpgrade;
  }

  /** Proxies may leave out Upgrade, which is between two hops, and keep the rest of a WebSocket's handshake (RFC 6455, 4.1). */
  private get isUpgrade(): boolean {
    return (
      this.read('upgrade') !== '' ||
      this.read('sec-fetch-mode') === 'websocket' ||
      ['ws', 'wss'].includes(this.read('x-forwarded-proto')) ||
      Object.keys(this.headers).some((name) => name.startsWith('sec-websocket-'))
    );
  }

  /** The origin of the pages of the host that it goes to; null where the proxy does not say, or not in one word. */
  private get origin(): string | null {
    const scheme = schemes[this.read('x-forwarded-proto')];
    const host = this.read('x-forwarded-host');
    return scheme && host ? `${scheme}://${host}` : null;
  }

  /** Whether a page of the host itself has it sent, or one of ours. Origins compare as text. */
  isFromOwnPage(publicOrigin: string): boolean {
    const origin = this.read('origin');
    return origin !== '' && (origin === this.origin || origin === publicOrigin);
  }

  /** The address of a page that a person opens; null where it is anything else, or is not told. */
  get page(): URL | null {
    const isOpened =
      ['', 'navigate'].includes(this.read('sec-fetch-mode')) && this.read('accept').includes('text/html');
    const uri = this.read('x-forwarded-uri');
    if (this.mayChange || this.read('x-forwarded-method') === 'OPTIONS' || !isOpened || !uri.startsWith('/'))
      return null;
    const url = URL.parse(`${this.origin}${uri}`);
    return url && url.origin === this.origin ? url : null;
  }

  /** Empty where there is none. */
  private read(name: string): string {
    const value = this.headers[name];
    return typeof value === 'string' ? value : '';
  }
}
