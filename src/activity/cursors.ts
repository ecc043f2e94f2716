import { BadUserInput } from '../api/errors.js';

/** The cursor of an entry: opaque to clients, its number within the account to us. */
export function cursorOf(number: number): string {
  return Buffer.from(`activity:${number}`).toString('base64url');
}

/** The number behind a cursor. @throws BadUserInput if it is none of ours */
export function numberOf(cursor: string): number {
  const number = /^activity:(\d{1,9})$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1];
  if (number === undefined) throw new BadUserInput('after', 'is not a cursor of this list');
  return Number(number);
}
