import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * Where requests of ours may go besides https at public addresses: an entry of a list such as `WEBHOOK_ALLOW`. What it names
 * may be private, in clear, and at any port.
 */
export type Allowed =
  /** A host by its name, in lower case, wherever it is. */
  | { readonly host: string }
  /** A scheme, a host and a port, wherever that host is. */
  | { readonly origin: string }
  /** In CIDR form: whatever host is there. */
  | { readonly network: string };

/**
 * Reads an entry that is no origin.
 * @throws RangeError in words that follow the entry
 */
export function allowedHost(entry: string): Allowed {
  const address = /^\[(.*)\]$/.exec(entry)?.[1] ?? entry;
  if (isIP(address)) return { network: `${address}/${isIP(address) === 4 ? 32 : 128}` };
  if (ipaddr.isValidCIDR(entry)) return { network: entry };
  // Read as the address will be that it is compared with: names beyond ASCII in punycode.
  const name = URL.canParse(`http://${entry}/`) ? new URL(`http://${entry}/`).hostname : '';
  if (/[\s/:@?#*\\]/.test(entry) || !name || isIP(name)) {
    throw new RangeError(
      'must be a host, an address, a network in CIDR form, or an origin such as http://shop.internal:8080',
    );
  }
  return { host: withoutLastDot(name) };
}

/** `shop.example.` is `shop.example`. */
export function withoutLastDot(host: string): string {
  return host.replace(/\.$/, '');
}
