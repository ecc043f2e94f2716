import type { Caller, Callers } from '../api/caller.js';
import type { SocketHandle } from '../api/context.js';
import { LiveStream, type Sight } from '../api/live.js';
import type { Bus } from '../bus/bus.js';
import type { EventTypeName } from '../events/event.entity.js';
import { EVENTS_TOPIC } from '../events/events.js';
import type { Sql } from '../sql/database.js';
import type { Place } from './cursors.js';
import { FeedEvent } from './feed.types.js';
import { type Reading, readAfter } from './feed-log.js';
import { FEED_TOPIC } from './sequencer.js';

/** What is sent between two looks at the key. */
const MOST_AT_ONCE = 200;
const HEARTBEAT_MS = 1_000;

/** The feed as it grows, from a place on, for as long as the key may read it. */
export class FeedStream extends LiveStream<FeedEvent> {
  /** When the last heartbeat was told. */
  private beatAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly events: Pick<Bus, 'subscribe' | 'publish'>,
    private readonly db: Sql,
    private readonly callers: Callers,
    private readonly types: readonly EventTypeName[] | null,
    private caller: Caller,
    /** Everything up to here was told. */
    private place: Place,
    handle: SocketHandle,
  ) {
    super(events, [FEED_TOPIC], handle);
  }

  protected override async look(): Promise<Sight<FeedEvent>> {
    const checkedAt = performance.now();
    const { current, reading } = await this.read();
    if (!current?.scopes.includes('events')) return { news: [], checkedAt, isLast: true };
    // The wake-up may have been lost with the server that wrote them.
    if (reading.head.standsStill) this.events.publish(EVENTS_TOPIC);
    const isSeenAsBefore = current.ownAccounts === this.caller.ownAccounts;
    this.caller = current;
    // What was read is what it may see no more, or not all of it.
    if (!isSeenAsBefore) return { news: [], checkedAt, hasMore: true };
    const news = this.newsOf(reading);
    // Nothing that was looked through is told: it is behind the reader all the same.
    if (news.length === 0) this.place = reading.place;
    return { news, checkedAt, hasMore: reading.place.number < reading.head.number, changesInMs: this.msToNextBeat() };
  }

  /** The key as it stands, and what comes after the place; in one round trip. */
  private read(): Promise<{ current: Caller | undefined; reading: Reading }> {
    return this.db.together(async (connection) => {
      const [[current], reading] = await Promise.all([
        this.callers.check(connection, [this.caller.keyId]),
        readAfter(connection, this.caller, this.place, this.types, MOST_AT_ONCE),
      ]);
      return { current, reading };
    });
  }

  private newsOf({ events, place, head }: Reading): FeedEvent[] {
    const news = events.map((event) => FeedEvent.of(event, place.database));
    // The first goes ahead of all.
    if (this.beatAt === Number.NEGATIVE_INFINITY) return [FeedEvent.heartbeat(this.place, head.at), ...news];
    // It says that nothing is kept back: while events wait for their numbers, or to be read, that would not be true.
    const isAtHead = !head.standsStill && place.number >= head.number;
    const isDue = isAtHead && performance.now() - this.beatAt >= HEARTBEAT_MS;
    return isDue ? [...news, FeedEvent.heartbeat(place, head.at)] : news;
  }

  /** Where the heartbeat is held back, a look each second tells whether it may go. */
  private msToNextBeat(): number {
    const left = this.beatAt + HEARTBEAT_MS - performance.now();
    return left > 0 ? left : HEARTBEAT_MS;
  }

  protected override tell(event: FeedEvent): void {
    this.place = event.place;
    if (event.type === 'HEARTBEAT') this.beatAt = performance.now();
  }
}
