import { Arg, Ctx, ID, Int, Query, Resolver, Root, Subscription } from 'type-graphql';
import { type BackendContext, requireScope } from '../api/caller.js';
import type { EventTypeName } from '../events/event.entity.js';
import type { Feed } from './feed.js';
import { EventPage, EventType, FeedEvent } from './feed.types.js';

type Types = readonly (EventTypeName | 'HEARTBEAT')[] | null;

@Resolver()
export class FeedResolver {
  constructor(readonly feed: Feed) {}

  @Query(() => EventPage, {
    name: 'events',
    description:
      'The feed page by page, for backends without sockets; without `after`, from the oldest that is kept. At most 500. Scope events.',
  })
  eventPage(
    @Ctx() context: BackendContext,
    @Arg('after', () => ID, { nullable: true }) after: string | null,
    @Arg('first', () => Int, { defaultValue: 100 }) first: number,
    @Arg('types', () => [EventType], { nullable: true }) types: Types,
  ): Promise<EventPage> {
    const caller = requireScope(context, 'events');
    return this.feed.page(context.db, caller, first, { after: after ?? null, types: types ?? null });
  }

  @Subscription(() => FeedEvent, {
    name: 'events',
    description:
      "What happened to your people, at least once, an account's events in the order of their commits; with `after`, first what came since. A HEARTBEAT at the start and each second carries the head: all before it was sent; it comes whatever `types` says. Over graphql-transport-ws with the key in connection_init. Scope events.",
    subscribe: ({ context, args }: { context: BackendContext; args: { after?: string | null; types?: Types } }) => {
      requireScope(context, 'events');
      return context
        .resolver(FeedResolver)
        .feed.open(context, { after: args.after ?? null, types: args.types ?? null });
    },
  })
  eventHappened(
    @Root() event: FeedEvent,
    @Arg('after', () => ID, { nullable: true }) _after: string | null,
    @Arg('types', () => [EventType], { nullable: true }) _types: Types,
  ): FeedEvent {
    return event;
  }
}
