import { limitTable } from '../config/limits.js';

/**
 * Past this a text is longer than any password may be, however it is composed: canonical decomposition makes at most four
 * UTF-16 units of one (U+1F82). Looked at first, since composing takes a time that grows with the square of the marks.
 */
const TYPED_LENGTH_MOST = 4 * limitTable.PASSWORD_MAX_LENGTH.max;

/**
 * A password in the form in which it is measured and hashed: NFKC (NIST SP 800-63B-4 3.1.1.2).
 * @returns null if the text is far too long to be one
 */
export function normalisedPassword(typed: string): string | null {
  return typed.length > TYPED_LENGTH_MOST ? null : typed.normalize('NFKC');
}
