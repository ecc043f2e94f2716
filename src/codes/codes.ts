import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { CodeKey } from './keys.js';
import { tokenOf } from './tokens.js';

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
  /** Null or absent: the code stands for its challenge alone. */
  readonly action?: BoundAction | null;
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
 * @param action what it stands for, which enters the MAC under a label of its own: another text, another code
 * @throws RangeError if `digits` is not 6 to 12, or id or salt have another length
 */
export function codeOf(
  key: CodeKey,
  challengeId: string,
  salt: Uint8Array,
  digits: number,
  action: BoundAction | null = null,
): string {
  if (!Number.isInteger(digits) || digits < 6 || digits > 12) throw new RangeError('a code has 6 to 12 digits');
  const id = Buffer.from(challengeId.replaceAll('-', ''), 'hex');
  if (id.length !== 16) throw new RangeError('a challenge id is a UUID');
  if (salt.length !== 32) throw new RangeError('a salt has 32 bytes');
  const labelled = createHmac('sha256', key.secret)
    .update(action ? 'confirm' : 'code')
    .update(id)
    .update(salt);
  const mac = (action ? labelled.update(digestOf(action)) : labelled).digest('hex');
  const code = BigInt(`0x${mac}`) % 10n ** BigInt(digits);
  return code.toString().padStart(digits, '0');
}

/** SHA-256 of an action in its one canonical form (RFC 8785), composed (NFC): however it is stored, its code is the same. */
function digestOf({ client, purpose, title, fields }: BoundAction): Buffer {
  const nfc = (text: string) => text.normalize('NFC');
  const composed = fields.map(({ label, value }) => ({ label: nfc(label), value: nfc(value) }));
  const json = canonicalize({ client: nfc(client), purpose, title: nfc(title), fields: composed });
  return createHash('sha256').update(String(json)).digest();
}

/**
 * What names the push of a challenge for one device to its push service, which knows neither by it: 32 characters of
 * base64url (RFC 8030, 5.4). The same for all that is sent for the two, so that the last one takes the place of the others.
 */
export function topicOf({ secret }: CodeKey, challengeId: string, deviceId: string): string {
  const mac = createHmac('sha256', secret).update('topic').update(uuidBytes(challengeId)).update(uuidBytes(deviceId));
  return mac.digest('base64url').slice(0, 32);
}

function uuidBytes(uuid: string): Buffer {
  const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex');
  if (bytes.length !== 16) throw new RangeError('not a UUID');
  return bytes;
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
    return codeOf(this.key(challenge), challenge.id, challenge.salt, challenge.codeLength, challenge.action);
  }

  /**
   * The token of a challenge that a product's backend asked for: whoever asks again for the same is told the same.
   * @param source names the key, and holds 32 random bytes that were made with the request
   * @throws UnknownCodeKey
   */
  challengeTokenOf(source: Pick<CodeSource, 'keyId' | 'salt'>, clientId: string, requestId: string): string {
    const client = Buffer.from(clientId.replaceAll('-', ''), 'hex');
    if (client.length !== 16) throw new RangeError("a client's id is a UUID");
    const mac = createHmac('sha256', this.key(source).secret);
    // Each part but one has one length, so that no two lists of parts are the same bytes.
    return tokenOf('chl', mac.update('token').update(client).update(requestId).update(source.salt).digest());
  }

  private key({ keyId }: Pick<CodeSource, 'keyId'>): CodeKey {
    const key = this.keys.get(keyId);
    if (!key) throw new UnknownCodeKey(keyId);
    return key;
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
