import type { FeedEvent } from '../feed/feed.types.js';

/**
 * What a webhook says (Standard Webhooks 1.0): the event as the feed has it, and where it stands in the order of all, since
 * webhooks come in none.
 */
export function bodyOf(event: FeedEvent): string {
  const { place, ...data } = event;
  return JSON.stringify({
    type: event.type,
    timestamp: event.occurredAt,
    data: { ...data, sequence: place.number },
  });
}
