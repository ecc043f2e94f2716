import type { BackendContext, Caller, Callers } from '../api/caller.js';
import type { SocketHandle } from '../api/context.js';
import { ApiError, BadUserInput } from '../api/errors.js';
import { requireCount } from '../api/ids.js';
import type { Bus } from '../bus/bus.js';
import type { Limits } from '../config/limits.js';
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
  /** By client: feeds that are open on this server. */
  private readonly openOf = new Map<string, number>();

  constructor(
    private readonly bus: Bus,
    private readonly callers: Callers,
    private readonly limits: Limits,
  ) {}

  /** From a cursor on, or from the oldest that is kept. @throws BadUserInput, CursorLost */
  async page(db: Sql, caller: Caller, first: number, { after, types }: FeedQuery): Promise<EventPage> {
    requireCount('first', first, MOST_PER_PAGE);
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
   * @throws BadUserInput, CursorLost; ApiError RATE_LIMITED past `FEEDS_PER_CLIENT`
   */
  async open({ db, caller }: BackendContext, { after, types }: FeedQuery): Promise<AsyncGenerator<FeedEvent>> {
    const wanted = eventsAmong(types);
    const from = after === null ? await readHead(db) : await placeAfter(db, after);
    const hasPlace = (this.openOf.get(caller.clientId) ?? 0) < this.limits.FEEDS_PER_CLIENT;
    if (!hasPlace) throw new ApiError('RATE_LIMITED', 'This client has as many feeds open here as it may.');
    // Only once nothing can refuse it: nobody would end the subscription of a stream that never began.
    return new FeedStream(this.bus, db, this.callers, wanted, caller, from, this.placeOf(caller.clientId));
  }

  /** Counts a feed for as long as it is open; its socket has other ways to end. */
  private placeOf(clientId: string): SocketHandle {
    const change = (by: number) => {
      const left = (this.openOf.get(clientId) ?? 0) + by;
      if (left > 0) this.openOf.set(clientId, left);
      else this.openOf.delete(clientId);
    };
    return { endSession: () => undefined, subscribed: () => change(1), unsubscribed: () => change(-1) };
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
