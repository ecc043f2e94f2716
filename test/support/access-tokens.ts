import { type JWTPayload, SignJWT } from 'jose';
import { newSigningKey, parseSigningKeys, type SigningKey } from '../../src/codes/signing-keys.js';
import type { Handset } from './handset.js';
import { CREATE_ACCESS_TOKEN } from './operations.js';

/** A token for a service, as a device is given it. */
export interface AccessToken {
  readonly token: string;
  readonly expiresAt: string;
  readonly expiresInSeconds: number;
}

/** Made for this run: no secret is written down anywhere. */
export const signingKeys = newSigningKey('test');

/** The first of the keys in a text of `SIGNING_KEYS`. */
export function signingKeyIn(text: string = signingKeys): SigningKey {
  const [key] = parseSigningKeys(text);
  if (!key) throw new Error('there is no key');
  return key;
}

/** A token for a service, for the session of a device. */
export function accessTokenFor(handset: Handset, audience: string): Promise<AccessToken> {
  return handset.ask<AccessToken>(CREATE_ACCESS_TOKEN, { audience });
}

/** A token that nobody but the holder of a key of the server could have made. */
export function signed(
  claims: JWTPayload,
  { header = {}, key = signingKeyIn().privateKey as SigningKey['privateKey'] | Uint8Array } = {},
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'test', ...header }).sign(key);
}
