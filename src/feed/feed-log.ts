import { createHash } from 'node:crypto';
import { isOf } from '../accounts/reach.js';
import type { Caller } from '../api/caller.js';
import { CursorLost } from '../api/errors.js';
import { EventRow, type EventTypeName } from '../events/event.entity.js';
import type { Sql } from '../sql/database.js';
import { rowOf, rowsOf } from '../sql/rows.js';
import { columns, sql } from '../sql/statement.js';
import { namesIn } from '../sql/table.js';
import { DATABASE_BYTES, markOf, type Place, readCursor } from './cursors.js';

/** Numbers that are looked through at once, whoever the events are of: a bound on what one statement does. */
const WINDOW = 5_000;
/** Events that nobody numbers for so long show that the head stands still. */
const STANDSTILL_SECONDS = 1;

/** An event as it is read, with its number. */
export type NumberedEvent = Omit<EventRow, 'number'> & { readonly number: number };

/** How far there is anything to read, by the database's own word. */
export interface Head extends Place {
  readonly at: Date;
  /** The oldest number that is kept; the one after the head where none is. */
  readonly oldest: number;
  /** Whether events have waited so long for their number that the head does not tell of them. */
  readonly standsStill: boolean;
}

/** What was read of the feed. */
export interface Reading {
  readonly events: readonly NumberedEvent[];
  /** How far the feed was looked through for them. */
  readonly place: Place;
  readonly head: Head;
}

interface HeadColumns extends Omit<Head, 'database'> {
  readonly logId: string;
  readonly copy: string;
}

/** The head, and which copy of the database it is of. */
export async function readHead(db: Sql): Promise<Head> {
  // A copy has another cluster (a file-level one that goes its own way, another timeline), or is another database in it,
  // or was restored into tables of their own.
  const head = await rowOf<HeadColumns>(
    db,
    sql`select l.id as "logId", l.head::float8 as number, (select id from event where number = l.head) as "eventId",
          clock_timestamp() as at,
          coalesce((select min(number) from event where number is not null), l.head + 1)::float8 as oldest,
          exists (select from event where number is null
            and occurred_at < clock_timestamp() - make_interval(secs => ${STANDSTILL_SECONDS})) as "standsStill",
          concat_ws('/', c.system_identifier, left(pg_walfile_name(pg_current_wal_insert_lsn()), 8),
            d.oid, 'event_log'::regclass::oid) as copy
        from event_log l, pg_control_system() c, pg_database d where d.datname = current_database()`,
  );
  if (!head) throw new Error('the event log is gone');
  const { logId, copy, ...rest } = head;
  const database = createHash('sha256').update(`${logId}/${copy}`).digest().subarray(0, DATABASE_BYTES);
  return { ...rest, database: database.toString('base64url') };
}

/** Where to go on reading after a cursor. @throws BadUserInput, CursorLost */
export async function placeAfter(db: Sql, cursor: string): Promise<Place> {
  const { database, number, mark } = readCursor(cursor);
  const head = await readHead(db);
  requireKept(head, { database, number });
  const event = await rowOf<{ id: string }>(db, sql`select id from event where number = ${number}`);
  if (event && mark !== markOf(null) && mark !== markOf(event.id)) throw new CursorLost();
  return { database, number, eventId: event?.id ?? null };
}

/**
 * The caller's events after a place, in order.
 * @param most how many at most; there may be fewer although there are more further on, see `place`
 * @throws CursorLost where the place is no more: the database is another, or what came next is not kept any more
 */
export async function readAfter(
  db: Sql,
  caller: Caller,
  from: Place,
  types: readonly EventTypeName[] | null,
  most: number,
): Promise<Reading> {
  const until = from.number + WINDOW;
  // The head first: whatever has a number up to it is seen by what comes next.
  const [head, events] = await db.together((connection) =>
    Promise.all([
      readHead(connection),
      rowsOf<NumberedEvent>(
        connection,
        sql`select ${columns(EventRow, 'e', named)}, e.number::float8 as number from event e
            where e.number > ${from.number} and e.number <= ${until} and ${isOf(caller, 'e')}
              and ${types ? sql`e.type = any(${types})` : sql`true`}
            order by e.number limit ${most}`,
      ),
    ]),
  );
  requireKept(head, from);
  return { events, head, place: reached(events, most, until, head) };
}

/** Events by their ids, as far as they are kept, and the copy of the database that they are in. */
export async function readEvents(
  db: Sql,
  ids: readonly string[],
): Promise<{ events: readonly NumberedEvent[]; database: string }> {
  const [{ database }, events] = await db.together((connection) =>
    Promise.all([
      readHead(connection),
      rowsOf<NumberedEvent>(
        connection,
        sql`select ${columns(EventRow, 'e', named)}, e.number::float8 as number from event e
            where e.id = any(${ids}) and e.number is not null`,
      ),
    ]),
  );
  return { events, database };
}

/** What comes next must be there, in this database. @throws CursorLost */
function requireKept(head: Head, { database, number }: Omit<Place, 'eventId'>): void {
  if (database !== head.database || number > head.number || number + 1 < head.oldest) throw new CursorLost();
}

function reached(events: readonly NumberedEvent[], most: number, until: number, head: Head): Place {
  const { database } = head;
  const last = events.at(-1);
  const told = last ? { database, number: last.number, eventId: last.id } : null;
  if (told && events.length === most) return told;
  const looked = until < head.number ? { database, number: until, eventId: null } : head;
  return told && told.number > looked.number ? told : looked;
}

const named = namesIn(EventRow).flatMap(([name]) => (name === 'number' || name === 'serial' ? [] : [name]));
