import type { Backend } from './backend.js';
import type { GraphqlError } from './client.js';
import type { Handset } from './handset.js';
import type { Servers } from './servers.js';
import type { Subscription } from './subscription.js';

const event = `id cursor type occurredAt accountId externalId sessionId deviceId deviceIds promptId requestId purpose
  expiresAt`;

export const EVENTS = `subscription ($after: ID, $types: [EventType!]) { events(after: $after, types: $types) { ${event} } }`;

export const EVENT_PAGE = `query ($after: ID, $first: Int, $types: [EventType!]) {
  result: events(after: $after, first: $first, types: $types) { events { ${event} } cursor hasMore } }`;

/** An event as a backend reads it. */
export interface FeedEvent {
  readonly id: string;
  readonly cursor: string;
  readonly type: string;
  readonly occurredAt: string;
  readonly accountId: string | null;
  readonly externalId: string | null;
  readonly sessionId: string | null;
  readonly deviceId: string | null;
  readonly deviceIds: readonly string[] | null;
  readonly promptId: string | null;
  readonly requestId: string | null;
  readonly purpose: string | null;
  readonly expiresAt: string | null;
}

export interface EventPage {
  readonly events: readonly FeedEvent[];
  readonly cursor: string;
  readonly hasMore: boolean;
}

/** Where in the feed to begin, and what to be told. */
export interface FeedAsked {
  readonly after?: string;
  readonly types?: readonly string[];
}

/** The feed of a backend, on a socket of its own. */
export function feedOf(backend: Backend, asked: FeedAsked = {}): Subscription<FeedEvent> {
  return backend.subscribe(EVENTS, { ...asked });
}

/** A feed that is open: what happens from now on will be told. @returns its first heartbeat too */
export async function openFeed(
  backend: Backend,
  asked: FeedAsked = {},
): Promise<{ feed: Subscription<FeedEvent>; opened: FeedEvent }> {
  const feed = feedOf(backend, asked);
  return { feed, opened: await feed.next() };
}

/** The next event that is no heartbeat. */
export function happened(feed: Subscription<FeedEvent>): Promise<FeedEvent> {
  return feed.nextThat(({ type }) => type !== 'HEARTBEAT');
}

export function pageOf(backend: Backend, asked: FeedAsked & { readonly first?: number } = {}): Promise<EventPage> {
  return backend.ask(EVENT_PAGE, { ...asked });
}

/** The code with which a page is refused. */
export async function refusalOf(
  backend: Backend,
  asked: FeedAsked & { readonly first?: number } = {},
): Promise<GraphqlError['extensions']['code']> {
  return (await backend.error(EVENT_PAGE, { ...asked })).extensions.code;
}

/** Everything of an account that has a place in the feed, in that order. */
export function feedRows(servers: Servers, { owner }: Handset): Promise<{ id: string; type: string }[]> {
  return servers.database.query(
    `select e.id, e.type from event e join account a on a.id = e.account_id
     where a.email = $1 and e.number is not null order by e.number`,
    [owner.email],
  );
}
