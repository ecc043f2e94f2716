import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { type Allowed, withoutLastDot } from '../config/allow-list.js';

// Where requests of ours may go: https, at the usual port, to public addresses; and what the operator has listed.

/** IPv6 addresses that are given out to networks (RFC 4291, 2.4); what is elsewhere has a meaning of its own. */
const globalIpv6 = ipaddr.IPv6.parseCIDR('2000::/3');

/** Whether the operator has listed the host itself, or its origin: then it may be wherever it is. */
export function isNamed(url: URL, allowed: readonly Allowed[]): boolean {
  const host = withoutLastDot(url.hostname);
  return allowed.some(
    (entry) => ('host' in entry && entry.host === host) || ('origin' in entry && entry.origin === url.origin),
  );
}

/**
 * What is wrong with where a URL leads, as far as the URL tells; which addresses its host has is looked at whenever
 * something is sent.
 * @returns words that follow the URL; null: nothing is wrong
 */
export function refusalOf(url: URL, allowed: readonly Allowed[]): string | null {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'is not https';
  if (url.username || url.password) return 'names a user';
  if (isNamed(url, allowed)) return null;
  const host = hostOf(url);
  if (/(?:^|\.)localhost$/.test(host) || (isIP(host) && !mayReach(url, host, allowed))) {
    return isUsual(url) ? 'is not public, nor on the list of what is allowed' : notUsual;
  }
  // Where a network is listed, what the host resolves to decides.
  return isUsual(url) || allowed.some((entry) => 'network' in entry) ? null : notUsual;
}

const notUsual = 'is not https at port 443, nor on the list of what is allowed';

/** Whether a connection for a URL may go to one of the addresses that its host has. */
export function mayReach(url: URL, address: string, allowed: readonly Allowed[]): boolean {
  return isNamed(url, allowed) || isListed(address, allowed) || (isUsual(url) && isPublic(address));
}

/** The host as it is looked up: without the brackets of an IPv6 address. */
export function hostOf(url: URL): string {
  return withoutLastDot(/^\[(.*)\]$/.exec(url.hostname)?.[1] ?? url.hostname);
}

function isUsual({ protocol, port }: URL): boolean {
  return protocol === 'https:' && port === '';
}

function isListed(address: string, allowed: readonly Allowed[]): boolean {
  const parsed = ipaddr.parse(address);
  return allowed.some((entry) => {
    if (!('network' in entry)) return false;
    const [network, prefix] = ipaddr.parseCIDR(entry.network);
    return parsed.kind() === network.kind() && parsed.match(network, prefix);
  });
}

/**
 * Whether an address is anybody's to reach. What stands for another address is not, wherever that leads: IPv4 in IPv6,
 * NAT64, 6to4, Teredo.
 */
export function isPublic(address: string): boolean {
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  return parsed.kind() === 'ipv4' || parsed.match(globalIpv6);
}
