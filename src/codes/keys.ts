import { createHmac } from 'node:crypto';

/** A secret that codes are derived from, and the name under which challenges remember it. */
export interface CodeKey {
  readonly id: string;
  /** At least 32 bytes. */
  readonly secret: Buffer;
}

const MIN_SECRET_BYTES = 32;

/**
 * The keys in `CODE_KEYS`: `id:base64`, comma-separated, the newest first. New challenges use the first; the others
 * only answer for challenges that name them, so a key may go once its last challenge is over.
 * @throws RangeError that says what is wrong, never quoting a secret
 */
export function parseCodeKeys(text: string): CodeKey[] {
  const keys = text
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean)
    .map(parseCodeKey);
  if (keys.length === 0) throw new RangeError('names no key');
  const twice = keys.find((key, index) => keys.findIndex((other) => other.id === key.id) !== index);
  if (twice) throw new RangeError(`names the key '${twice.id}' twice`);
  return keys;
}

function parseCodeKey(entry: string): CodeKey {
  const colon = entry.indexOf(':');
  const id = entry.slice(0, colon);
  if (!/^[A-Za-z0-9_.-]{1,32}$/.test(id)) {
    throw new RangeError('wants id:base64, the id of 1 to 32 letters, digits, dots, dashes or underscores');
  }
  const base64 = entry.slice(colon + 1);
  const secret = Buffer.from(base64, 'base64');
  // Buffer.from skips what is not base64; a mistyped key must not pass as a shorter one.
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(base64) || secret.length < MIN_SECRET_BYTES) {
    throw new RangeError(`key '${id}' is not base64 of at least ${MIN_SECRET_BYTES} bytes`);
  }
  return { id, secret };
}

/**
 * What tells two keys of one id apart without telling anything of them: HMAC-SHA-256 of the id under the key. Codes are made
 * of other input, so that no fingerprint is ever one.
 */
export function fingerprintOf({ id, secret }: CodeKey): Buffer {
  return createHmac('sha256', secret).update('fingerprint').update(id).digest();
}
