import { createHash, randomBytes } from 'node:crypto';

/**
 * What a token opens: a session, a device's next sign-in, a challenge, the API of products' backends; once, a way back to a
 * product (`ret`) or into the pages (`hof`); once, a proof for the backend that asked for it (`rcp`).
 */
export type TokenKind = 'ses' | 'dev' | 'chl' | 'key' | 'ret' | 'hof' | 'rcp';

const TOKEN_BYTES = 32;
const BASE64URL_LENGTH = 43;

/** A new token: 256 random bits as base64url, behind a prefix that tells its kind (`ses_`, `dev_`, `chl_`, `key_`, `ret_`, `hof_`, `rcp_`). */
export function newToken(kind: TokenKind): string {
  return tokenOf(kind, randomBytes(TOKEN_BYTES));
}

/** The token that 256 bits make. */
export function tokenOf(kind: TokenKind, bytes: Buffer): string {
  return `${kind}_${bytes.toString('base64url')}`;
}

/**
 * SHA-256 of a token: all of it that is stored. A plain hash is enough for 256 random bits (no dictionary to try).
 * @returns null if the text cannot be a token of that kind
 */
export function tokenHash(kind: TokenKind, text: string): Buffer | null {
  if (text.length !== kind.length + 1 + BASE64URL_LENGTH || !text.startsWith(`${kind}_`)) return null;
  return createHash('sha256').update(text).digest();
}

export const TIE_BYTES = 16;

/**
 * What ties something to a token and tells nothing of it: the first 16 bytes of SHA-256 of a salt and the token's hash.
 * @param salt random bytes, kept beside it
 */
export function tieTo(hash: Buffer, salt: Buffer): Buffer {
  return createHash('sha256').update(salt).update(hash).digest().subarray(0, TIE_BYTES);
}
