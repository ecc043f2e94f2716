import { createHash } from 'node:crypto';
import { BadUserInput } from '../api/errors.js';

/** How far the feed was read. */
export interface Place {
  /** Names the copy of the database that the number is of: `DATABASE_BYTES`, in base64url. */
  readonly database: string;
  /** Everything up to this number was read. */
  readonly number: number;
  /**
   * The event of that number, where it was known: a database that was put back to an earlier moment, where it stood, has
   * another one there by and by.
   */
  readonly eventId: string | null;
}

const VERSION = 1;
export const DATABASE_BYTES = 12;
const MARK_BYTES = 8;
const CHECK_BYTES = 6;
const NUMBER_AT = 1 + DATABASE_BYTES;
const MARK_AT = NUMBER_AT + 6;
const CHECK_AT = MARK_AT + MARK_BYTES;
const LENGTH = CHECK_AT + CHECK_BYTES;
const TEXT_LENGTH = Math.ceil((LENGTH * 4) / 3);

/** A place as it is written into a cursor. */
export interface Written extends Omit<Place, 'eventId'> {
  readonly mark: string;
}

/** The cursor of a place: opaque to whoever keeps it. */
export function cursorOf({ database, number, eventId }: Place): string {
  const bytes = Buffer.alloc(LENGTH);
  bytes.writeUInt8(VERSION);
  bytes.write(database, 1, DATABASE_BYTES, 'base64url');
  bytes.writeUIntBE(number, NUMBER_AT, 6);
  bytes.write(markOf(eventId), MARK_AT, MARK_BYTES, 'hex');
  bytes.write(checkOf(bytes), CHECK_AT, CHECK_BYTES, 'hex');
  return bytes.toString('base64url');
}

/** @throws BadUserInput if it is none of ours: what was cut off or mistyped is told from what is too old */
export function readCursor(cursor: string): Written {
  const bytes = cursor.length === TEXT_LENGTH ? Buffer.from(cursor, 'base64url') : Buffer.alloc(0);
  const isWhole = bytes.length === LENGTH && bytes.toString('base64url') === cursor && bytes[0] === VERSION;
  if (!isWhole || bytes.toString('hex', CHECK_AT) !== checkOf(bytes)) {
    throw new BadUserInput('after', 'is not a cursor of this feed');
  }
  return {
    database: bytes.toString('base64url', 1, NUMBER_AT),
    number: bytes.readUIntBE(NUMBER_AT, 6),
    mark: bytes.toString('hex', MARK_AT, CHECK_AT),
  };
}

/** What a cursor remembers of an event; nothing but zeros where it is not known. */
export function markOf(eventId: string | null): string {
  return (eventId ?? '')
    .replaceAll('-', '')
    .slice(0, 2 * MARK_BYTES)
    .padEnd(2 * MARK_BYTES, '0');
}

function checkOf(bytes: Buffer): string {
  const hash = createHash('sha256').update('doorstep feed').update(bytes.subarray(0, CHECK_AT));
  return hash.digest('hex').slice(0, 2 * CHECK_BYTES);
}
