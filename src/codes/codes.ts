import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { CodeKey } from './keys.js';

/** An action that a code stands for: it is right for this text of this client alone. */
export interface BoundAction {
  /** The API client's id. */
  readonly client: string;
  readonly purpose: 'CONFIRM' | 'DISABLE_TWO_STEP';
  readonly title: string;
  readonly fields: readonly { readonly label: string; readonly value: string }[];
}

/** What a challenge keeps so that its code can be derived again. */
export interface CodeSource {
  readonly id: string;
  readonly keyId: string;
  readonly salt: Uint8Array;
  readonly codeLength: number;
}

/** Thrown when a challenge names a key that `CODE_KEYS` no longer lists: its code can neither be shown nor compared. */
export class UnknownCodeKey extends Error {
  constructor(keyId: string) {
    super(`CODE_KEYS has no key named '${keyId}', which an open challenge needs`);
  }
}

/**
 * The code of a challenge: HMAC-SHA-256 under the key, read as an unsigned integer, modulo 10^digits, zeros in front.
 * Meets NIST SP 800-63B-4, 3.1.3 (at least six digits); nothing of it is stored.
 * @param challengeId a UUID; its 16 bytes enter the MAC
 * @param salt 32 random bytes, made with the challenge
 * @throws RangeError if `digits` is not 6 to 12, or id or salt have another length
 */
export function codeOf(key: CodeKey, challengeId: string, salt: Uint8Array, digits: number): string {
  if (!Number.isInteger(digits) || digits < 6 || digits > 12) throw new RangeError('a code has 6 to 12 digits');
  const id = Buffer.from(challengeId.replaceAll('-', ''), 'hex');
  if (id.length !== 16) throw new RangeError('a challenge id is a UUID');
  if (salt.length !== 32) throw new RangeError('a salt has 32 bytes');
  const mac = createHmac('sha256', key.secret).update('code').update(id).update(salt).digest('hex');
  const code = BigInt(`0x${mac}`) % 10n ** BigInt(digits);
  return code.toString().padStart(digits, '0');
}

/** Derives codes with the keys of `CODE_KEYS`, the newest first. */
export class Codes {
  private readonly keys: ReadonlyMap<string, CodeKey>;
  /** The key that new challenges name. */
  readonly currentKeyId: string;

  constructor(keys: readonly CodeKey[]) {
    const [newest] = keys;
    if (!newest) throw new RangeError('codes need a key');
    this.currentKeyId = newest.id;
    this.keys = new Map(keys.map((key) => [key.id, key]));
  }

  /** Whether `CODE_KEYS` still lists the challenge's key. */
  knows(challenge: Pick<CodeSource, 'keyId'>): boolean {
    return this.keys.has(challenge.keyId);
  }

  /** @throws UnknownCodeKey */
  of(challenge: CodeSource): string {
    const key = this.keys.get(challenge.keyId);
    if (!key) throw new UnknownCodeKey(challenge.keyId);
    return codeOf(key, challenge.id, challenge.salt, challenge.codeLength);
  }
}

/** 32 random bytes for a new challenge. */
export function newSalt(): Buffer {
  return randomBytes(32);
}

/** A code with all that people put around it is shorter. */
const TYPED_LENGTH_MOST = 100;

/** What people put around and between digits: blanks, dashes and the minus, and marks that cannot be seen. */
const betweenDigits = /[\s\p{Pd}\u2212\p{Default_Ignorable_Code_Point}\p{Cf}]/gu;

/**
 * The digits of a typed code, of whatever script and width they are, without what stands between them.
 * @returns null where it is anything but digits
 */
export function typedCode(text: string): string | null {
  if (text.length > TYPED_LENGTH_MOST) return null;
  const digits = text.replace(betweenDigits, '').replace(/\p{Nd}/gu, (digit) => String(valueOfDigit(digit)));
  return /^[0-9]+$/.test(digits) ? digits : null;
}

/** Digits of a script stand together, from its zero on; where scripts follow each other, so do their tens. */
function valueOfDigit(digit: string): number {
  const at = digit.codePointAt(0) ?? 0;
  let before = 0;
  while (/\p{Nd}/u.test(String.fromCodePoint(at - before - 1))) before += 1;
  return before % 10;
}

/** Whether two codes are equal, in a time that tells nothing of where they differ. */
export function sameCode(expected: string, given: string): boolean {
  const a = Buffer.from(expected);
  const b = Buffer.from(given);
  return a.length === b.length && timingSafeEqual(a, b);
}
