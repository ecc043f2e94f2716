import { BadUserInput } from '../api/errors.js';

/** Above the length of any of ours. */
const CURSOR_LENGTH_MOST = 32;

/** The cursor of an entry: opaque to clients, its number within the account to us. */
export function cursorOf(number: number): string {
  return Buffer.from(`activity:${number}`).toString('base64url');
}

/** The number behind a cursor. @throws BadUserInput if it is none of ours */
export function numberOf(cursor: string): number {
  const text = cursor.length > CURSOR_LENGTH_MOST ? '' : Buffer.from(cursor, 'base64url').toString();
  const number = /^activity:(\d{1,9})$/.exec(text)?.[1];
  if (number === undefined) throw new BadUserInput('after', 'is not a cursor of this list');
  return Number(number);
}
