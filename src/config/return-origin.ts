/** Schemes whose addresses run something, show a file, or lead nowhere. */
const neverBack = /^(?:about|blob|data|file|filesystem|ftp|javascript|mailto|view-source|vbscript|wss?):$/;

/** What browsers leave out of an address, or read as another character than the one that is written there. */
const isOdd = /[\p{Cc}\p{Cf}\p{Z}\\]/u;

const LENGTH_MOST = 2048;

/** An address that the pages might lead back to, as browsers read it (WHATWG URL). */
export interface ReturnAddress {
  readonly url: URL;
  /** Compared as text: that of a web page as browsers write it, of any other address its scheme and host. */
  readonly origin: string;
}

/** @returns null for what is no address, names a user, or is written so that a reader may take it for another one */
export function readReturnAddress(text: string): ReturnAddress | null {
  if (text.length > LENGTH_MOST || isOdd.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  const { protocol, host, hostname, username, password } = url;
  // Of `blob:` the origin would be that of what follows.
  if (neverBack.test(protocol) || hostname === '' || username !== '' || password !== '') return null;
  // `https://@host` names an empty one, which the parsed address does not show.
  if (/^[a-z][a-z\d+.-]*:\/*[^/?#]*@/i.test(text)) return null;
  return { url, origin: `${protocol}//${host}` };
}

/** An entry of `RETURN_ORIGINS`. @throws RangeError if it is no origin alone */
export function returnOrigin(text: string): string {
  const address = readReturnAddress(text);
  if (!address) throw new RangeError('must be an origin such as https://shop.example or myapp://home');
  const { url, origin } = address;
  if (!['', '/'].includes(url.pathname) || url.search || url.hash || /[?#]/.test(text)) {
    throw new RangeError('must be an origin alone: no path or query');
  }
  if (url.hostname.includes('*') || url.port === '0') throw new RangeError('must name one host, and a port if any');
  return origin;
}
