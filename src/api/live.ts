import type { Alarm } from '../pubsub.js';

/**
 * A subscription's stream that ends at once when its client leaves. A generator alone would first wait for its next
 * wake-up: `return()` queues behind the `next()` that is under way.
 */
export function liveStream<T>(alarm: Alarm, source: AsyncGenerator<T>): AsyncIterableIterator<T> {
  const end = () => {
    alarm[Symbol.dispose]();
    return source.return(undefined);
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => source.next(),
    return: end,
    throw: end,
  };
}

/** The milliseconds from now until an instant that the database gave, and a little more, so that it has passed there too. */
export function msUntil(instant: Date): number {
  return Math.max(0, instant.getTime() - Date.now()) + 50;
}
