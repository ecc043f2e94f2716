import type { BackendContext, Caller, Callers } from '../api/caller.js';
import { BadUserInput } from '../api/errors.js';
import type { Bus } from '../bus/bus.js';
import { type EventTypeName, eventTypes } from '../events/event.entity.js';
import type { Sql } from '../sql/database.js';
import type { Place } from './cursors.js';
import { EventPage, FeedEvent } from './feed.types.js';
import { placeAfter, readAfter, readHead } from './feed-log.js';
import { FeedStream } from './feed-stream.js';

const MOST_PER_PAGE = 500;
/** Windows of the feed that one page looks through; a filter that matches little brings an empty page after that. */
const LOOKS_PER_PAGE = 20;

/** Which events are asked for. */
export interface FeedQuery {
  readonly after: string | null;
  readonly types: readonly (EventTypeName | 'HEARTBEAT')[] | null;
}

/** What happened to an API client's people, in the order in which it was numbered. */
export class Feed {
  constructor(
    private readonly bus: Bus,
    private readonly callers: Callers,
  ) {}

  /** From a cursor on, or from the oldest that is kept. @throws BadUserInput, CursorLost */
  async page(db: Sql, caller: Caller, first: number, { after, types }: FeedQuery): Promise<EventPage> {
    if (first < 1 || first > MOST_PER_PAGE) throw new BadUserInput('first', `must be 1 to ${MOST_PER_PAGE}`);
    const wanted = eventsAmong(types);
    const events: FeedEvent[] = [];
    let place = after === null ? await oldestPlace(db) : await placeAfter(db, after);
    for (let look = 0; look < LOOKS_PER_PAGE; look += 1) {
      const reading = await readAfter(db, caller, place, wanted, first - events.length);
      events.push(...reading.events.map((event) => FeedEvent.of(event, place.database)));
      place = reading.place;
      const hasMore = place.number < reading.head.number;
      if (!hasMore || events.length === first) return new EventPage(events, place, hasMore);
    }
    return new EventPage(events, place, true);
  }

  /**
   * What happens from now on; with a cursor, first what came since.
   * @throws BadUserInput, CursorLost
   */
  async open({ db, caller }: BackendContext, { after, types }: FeedQuery): Promise<AsyncGenerator<FeedEvent>> {
    const wanted = eventsAmong(types);
    const from = after === null ? await readHead(db) : await placeAfter(db, after);
    // Only once nothing can refuse it: nobody would end the subscription of a stream that never began.
    return new FeedStream(this.bus, db, this.callers, wanted, caller, from);
  }
}

async function oldestPlace(db: Sql): Promise<Place> {
  const { database, oldest } = await readHead(db);
  return { database, number: oldest - 1, eventId: null };
}

/** Heartbeats come whatever is asked for: they say how far the feed was read. */
function eventsAmong(types: FeedQuery['types']): readonly EventTypeName[] | null {
  if (types === null) return null;
  if (types.length > 2 * eventTypes.length) throw new BadUserInput('types', 'names some more than once');
  return types.filter((type) => type !== 'HEARTBEAT');
}
