import type { Alarm, Bus } from '../bus/bus.js';
import type { Limits } from '../config/limits.js';

/** How old the check of a session may be when an event is written. */
export const CHECK_VALID_MS = 1000;

/** A wake-up that got lost with its server is made up for by then. */
const LOST_WAKE_UP_MS = 60_000;

/** When rows are read again although nobody woke the stream: sooner while other servers cannot. */
export function msToNextLook(bus: Pick<Bus, 'isConnected'>, limits: Limits): number {
  return bus.isConnected ? LOST_WAKE_UP_MS : limits.WS_RECHECK_SECONDS * 1000;
}

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

/**
 * How long to wait for the end of what has so many milliseconds left, by the database's clock: a little more, so that it
 * has passed there. By its own clock, were that wrong, a server would look again without a pause, or late.
 */
export function msUntilOver(msLeft: number): number {
  return Math.max(0, msLeft) + 50;
}
