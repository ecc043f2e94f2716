import type { Endpoint } from './endpoint.js';
import type { DoorstepError } from './errors.js';
import { FeedLine } from './feed-line.js';
import type { EventType, FeedEvent } from './operations.js';
import type { Problems } from './problems.js';

/** How far a reader may fall behind before the line is put down until it has caught up. */
const MOST_WAITING = 1_000;

/** Where in the feed to begin, and what to be told. */
export interface FeedOptions {
  /** The cursor of the last event that was dealt with; without it, the feed begins with what happens from now on. */
  readonly after?: string | null;
  /** Without them, all. */
  readonly types?: readonly EventType[];
  /** Whether heartbeats are told too: their cursors may be kept as any other, and without them nothing is certain. */
  readonly heartbeats?: boolean;
  /** Ends the feed. */
  readonly signal?: AbortSignal;
}

/**
 * The feed, over as many connections as it takes: each goes on where the one before broke.
 * @throws DoorstepError that no retry heals, such as `CURSOR_LOST`: read anew what you hold, and go on without a cursor
 */
export async function* readFeed(
  endpoint: Endpoint,
  { after, types, heartbeats = false, signal }: FeedOptions,
  problems: Problems,
): AsyncGenerator<FeedEvent, void, undefined> {
  const waiting: FeedEvent[] = [];
  let failure: DoorstepError | null = null;
  let wake = () => {};
  const line = new FeedLine(
    endpoint,
    { after: after ?? null, types: types ?? null, resumes: true },
    {
      event: (event) => {
        problems.over('feed');
        const isHeartbeat = event.type === 'HEARTBEAT';
        if (isHeartbeat && !heartbeats) return;
        // To who reads slowly, of heartbeats in a row the last one tells all.
        if (isHeartbeat && waiting.at(-1)?.type === 'HEARTBEAT') waiting.pop();
        waiting.push(event);
        if (waiting.length >= MOST_WAITING) line.close();
        wake();
      },
      broke: (error, failures) => {
        if (!error.isTemporary) failure = error;
        else if (failures > 1) problems.tell('feed', error);
        wake();
      },
    },
  );
  const stop = () => {
    line.close();
    wake();
  };
  signal?.addEventListener('abort', stop);
  try {
    while (!signal?.aborted) {
      const next = waiting.shift();
      if (next) {
        yield next;
        continue;
      }
      if (failure) throw failure;
      line.open();
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    line.close();
  }
}
