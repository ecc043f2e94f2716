/** A browser that is slow to read its own database must not cost a push its notification. */
const LONGEST_MS = 2_000;

/** What a promise comes to, if it does so soon; undefined if not. */
export function inTime<T>(promise: Promise<T>): Promise<T | undefined> {
  return Promise.race([promise, new Promise<undefined>((resolve) => setTimeout(resolve, LONGEST_MS))]);
}
