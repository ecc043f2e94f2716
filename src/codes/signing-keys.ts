import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { bytesOf, ENTRY_FORM, keyEntry, type RingKey } from './keys.js';

/** A key that access tokens are signed with (ES256), and the name under which they say so. */
export interface SigningKey extends RingKey {
  /** The number that is secret in it: all texts of one key have the same. */
  readonly secret: Buffer;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/**
 * The keys in `SIGNING_KEYS`: `id:base64` of PKCS #8 (RFC 5958) with a P-256 key, comma-separated. The first one signs; what
 * any of them has signed is good.
 * @throws RangeError that says what is wrong with each that is wrong, never quoting a key
 */
export function parseSigningKeys(text: string): SigningKey[] {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean)
    .map(parseEntry);
  const ids = entries.flatMap(({ id }) => id ?? []);
  const faults = entries.flatMap(({ fault }) => fault ?? []);
  const twice = new Set(ids.filter((id, nth) => ids.indexOf(id) !== nth));
  for (const id of twice) faults.push(`names the key '${id}' twice`);
  if (entries.length === 0) faults.push('names no key');
  if (faults.length > 0) throw new RangeError(faults.join('; '));
  return entries.flatMap(({ key }) => key ?? []);
}

/** A new key, as `SIGNING_KEYS` lists one. */
export function newSigningKey(id: string): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return `${id}:${privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')}`;
}

interface Entry {
  readonly id?: string;
  readonly key?: SigningKey;
  readonly fault?: string;
}

function parseEntry(text: string): Entry {
  const entry = keyEntry(text);
  if (!entry) return { fault: ENTRY_FORM };
  const { id, base64 } = entry;
  const key = signingKey(id, bytesOf(base64));
  return key ? { id, key } : { id, fault: `key '${id}' is not base64 of a P-256 private key in PKCS #8` };
}

function signingKey(id: string, der: Buffer | null): SigningKey | null {
  // OpenSSL skips what follows a key.
  if (!der || der.length !== lengthOfSequence(der)) return null;
  try {
    return keyIn(id, der);
  } catch {
    return null;
  }
}

/** @throws what is no private key, or none that can be used */
function keyIn(id: string, der: Buffer): SigningKey | null {
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return null;
  const publicKey = createPublicKey(privateKey);
  // PKCS #8 may carry a public key beside the private one: with another's, nobody would find good what is signed here.
  const probe = Buffer.from(id);
  if (!verify('sha256', probe, publicKey, sign('sha256', probe, privateKey))) return null;
  const { d = '' } = privateKey.export({ format: 'jwk' });
  return { id, privateKey, publicKey, secret: Buffer.from(d, 'base64url') };
}

/** How long a DER SEQUENCE is, its head included; a P-256 key is one of less than 256 bytes. */
function lengthOfSequence(der: Buffer): number {
  const [tag, length = 0, long = 0] = der;
  if (tag !== 0x30) return 0;
  return length === 0x81 ? 3 + long : 2 + length;
}
