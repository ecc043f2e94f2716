import type { FastifyInstance } from 'fastify';
import { issuerOf, metadataPath, publicAddress } from '../config/public-addresses.js';

const JWKS_PATH = '/.well-known/jwks.json';
const METADATA_PATH = '/.well-known/oauth-authorization-server';
/** For how long services may go on with the keys that they have: a new key stands last for at least as long before it signs. */
const KEY_SET_SECONDS = 300;

/** What a server says of itself to whoever verifies what it has signed. */
export interface WellKnown {
  readonly publicUrl: URL;
  /** Whether introspection is where the rest is. */
  readonly hasIntrospection: boolean;
  /** The public keys (RFC 7517, 5). */
  readonly keySet: object;
}

/** `/.well-known/jwks.json`, and `/.well-known/oauth-authorization-server` (RFC 8414), for anybody. */
export function mountWellKnown(app: FastifyInstance, { publicUrl, hasIntrospection, keySet }: WellKnown): void {
  const cacheControl = `public, max-age=${KEY_SET_SECONDS}`;
  app.get(JWKS_PATH, (_request, reply) => reply.header('cache-control', cacheControl).send(keySet));
  const metadata = {
    issuer: issuerOf(publicUrl),
    jwks_uri: publicAddress(publicUrl, JWKS_PATH),
    ...(hasIntrospection ? { introspection_endpoint: publicAddress(publicUrl, '/introspect') } : {}),
    introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'Bearer'],
    // Required, and without the second one others take for granted what there is not: people sign in with us alone.
    response_types_supported: [],
    grant_types_supported: [],
  };
  // At the root of a host it is looked for there; what hands on a path alone finds it under that.
  for (const path of new Set([METADATA_PATH, metadataPath(publicUrl)])) {
    app.get(path, (_request, reply) => reply.header('cache-control', cacheControl).send(metadata));
  }
}
