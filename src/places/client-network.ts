import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** An address in parsed form, as `ipaddr.js` has it. */
export type IpAddress = ReturnType<typeof ipaddr.process>;

/** What stands where no address is known: nobody's, and the same for all of them, so limits count them as one client. */
export const NO_ADDRESS = '0.0.0.0';

/** How long an address may be written: IPv6 in its longest form, in brackets, with zone and port. */
const WRITTEN_LENGTH_MOST = 80;

/** An address with the port that some proxies write behind it. */
const withPort = /^(?:\[([^\]]*)\]|([\d.]+))(?::\d{1,5})?$/;

/**
 * Parses an address as sockets and proxies write it; an IPv4-mapped one (`::ffff:192.0.2.1`) is the IPv4 address, and
 * a port behind it (`192.0.2.1:443`, `[2001:db8::1]:443`) is left out.
 * @returns null for anything else, short and octal forms of IPv4 (`127.1`, `010.0.0.1`) included
 */
export function parseIp(text: string): IpAddress | null {
  if (text.length > WRITTEN_LENGTH_MOST) return null;
  // The zone says which cable of ours it came through, not who came.
  const [, bracketed, plain] = withPort.exec(text) ?? [];
  const [address = ''] = (bracketed ?? plain ?? text).split('%');
  return isIP(address) === 0 ? null : ipaddr.process(address);
}

/**
 * The one form in which an address is stored, shown and compared: IPv4 where it is mapped, no zone, RFC 5952.
 * @returns `NO_ADDRESS` for what is no address: a request is never refused because of it
 */
export function canonicalIp(text: string): string {
  return parseIp(text)?.toString() ?? NO_ADDRESS;
}

/** The one form of a text that is an IPv4 or IPv6 address and nothing else. @returns null for any other */
export function ipOf(text: string): string | null {
  return text.length <= WRITTEN_LENGTH_MOST && isIP(text) !== 0 ? canonicalIp(text) : null;
}

/** The networks that a client counts under, in CIDR form. */
export interface ClientNetworks {
  /** What one client has: /32 of IPv4, /64 of IPv6. */
  readonly narrow: string;
  /** What one site may have: /48 of IPv6; null for IPv4. */
  readonly wide: string | null;
}

/** The networks of an address; what is no address counts under `NO_ADDRESS`. */
export function clientNetworks(ip: string): ClientNetworks {
  const address = parseIp(ip) ?? ipaddr.process(NO_ADDRESS);
  if (address.kind() === 'ipv4') return { narrow: `${address}/32`, wide: null };
  return { narrow: network(address, 64), wide: network(address, 48) };
}

/** Where a client is, as far as strangers there count as one for what protects a person. In CIDR form. */
export interface Surroundings {
  /** What one household or server may have: /32 of IPv4, /56 of IPv6. */
  readonly home: string;
  /** What one site may have: /24 of IPv4, /48 of IPv6. */
  readonly site: string;
}

/** The surroundings of an address; what is no address counts under `NO_ADDRESS`. */
export function surroundings(ip: string): Surroundings {
  const address = parseIp(ip) ?? ipaddr.process(NO_ADDRESS);
  if (address.kind() === 'ipv6') return { home: network(address, 56), site: network(address, 48) };
  return { home: `${address}/32`, site: `${ipaddr.IPv4.networkAddressFromCIDR(`${address}/24`)}/24` };
}

function network(address: IpAddress, prefix: number): string {
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/${prefix}`)}/${prefix}`;
}
