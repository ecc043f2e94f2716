import type { FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';

/** Decides whether a request may see what it asks for; the caller answers a refused one like an unknown page. */
export type RequestGuard = (request: FastifyRequest) => boolean;

/**
 * A guard for what shows secrets or counts people: it lets through only what comes from this very machine, from its
 * user or from our own pages. The peer's address alone does not tell: behind a local proxy or tunnel every peer is
 * loopback, and so is the browser of someone who is visiting a hostile page.
 * @param port where the server listens, asked for each request: with `PORT=0` it is known only then
 */
export function createLocalOnly(port: () => number): RequestGuard {
  return (request) =>
    isLoopback(request.socket.remoteAddress) &&
    !Object.keys(request.headers).some((name) => forwardingHeader.test(name)) &&
    isOurHost(request.headers.host, port()) &&
    isOurPageOrNone(request);
}

/** What proxies, tunnels and content networks add; their mere presence tells, whatever they say. */
const forwardingHeader =
  /^(forwarded|via|cdn-loop|cf-.+|tailscale-.+|x-forwarded.*|x-original-.+|x-envoy-.+|x-real-ip|x-proxyuser-ip|(.+-)?client-?ip|x-appengine-.+)$/;

function isLoopback(address: string | undefined): boolean {
  // `process` turns an IPv4 address mapped into IPv6 (::ffff:127.0.0.1) back into IPv4.
  return address !== undefined && ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback';
}

/** A name that somebody else's DNS points at 127.0.0.1 (DNS rebinding) still arrives in Host. */
function isOurHost(host: string | undefined, port: number): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].some(
    (name) => host === `${name}:${port}` || (port === 80 && host === name),
  );
}

/** Fetch Metadata and Origin, where they are sent: a page of another origin gets nothing, though its link may lead here. */
function isOurPageOrNone({ headers }: FastifyRequest): boolean {
  if (headers.origin !== undefined && headers.origin !== `http://${headers.host}`) return false;
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return true;
  return headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
}
