import { createHmac } from 'node:crypto';

/** A key under a name that means the same key to every process. */
export interface RingKey {
  readonly id: string;
  /** At least 32 bytes. */
  readonly secret: Buffer;
}

/** A secret that codes are derived from, and the name under which challenges remember it. */
export type CodeKey = RingKey;

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

/**
 * An entry `id:base64` of a list of keys.
 * @returns null for what has no such id: it may be a secret that lacks its name, and is quoted nowhere
 */
export function keyEntry(entry: string): { readonly id: string; readonly base64: string } | null {
  const [, id, base64] = /^([A-Za-z0-9_.-]{1,32}):(.*)$/s.exec(entry) ?? [];
  return id === undefined || base64 === undefined ? null : { id, base64 };
}

/** What is said of an entry that is none. */
export const ENTRY_FORM = 'wants id:base64, the id of 1 to 32 letters, digits, dots, dashes or underscores';

// Buffer.from skips what is not base64; a mistyped key must not pass as a shorter one.
const base64Form = /^[A-Za-z0-9+/_-]+={0,2}$/;

/** @returns null for what is not base64 */
export function bytesOf(base64: string): Buffer | null {
  return base64Form.test(base64) ? Buffer.from(base64, 'base64') : null;
}

function parseCodeKey(text: string): CodeKey {
  const entry = keyEntry(text);
  if (!entry) throw new RangeError(ENTRY_FORM);
  const secret = bytesOf(entry.base64);
  if (!secret || secret.length < MIN_SECRET_BYTES) {
    throw new RangeError(`key '${entry.id}' is not base64 of at least ${MIN_SECRET_BYTES} bytes`);
  }
  return { id: entry.id, secret };
}

/**
 * What tells two keys of one id apart without telling anything of them: HMAC-SHA-256 of the id under the key. Codes are made
 * of other input, so that no fingerprint is ever one.
 */
export function fingerprintOf({ id, secret }: RingKey): Buffer {
  return createHmac('sha256', secret).update('fingerprint').update(id).digest();
}
