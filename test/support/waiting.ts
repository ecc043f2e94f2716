import { setTimeout as sleep } from 'node:timers/promises';

/** What a test waits for comes well within this; what takes longer is a failure, not a slow machine. */
export const DEADLINE_MS = 10_000;

/**
 * What the sweeper has to find comes within this: it looks every six seconds, and what was due less than two seconds before
 * waits for its next turn.
 */
export const SWEPT_MS = 20_000;

const LOOK_AGAIN_MS = 20;

/** The promise's result, or an error that says what did not come. */
export async function within<T>(promise: Promise<T>, what: string, deadlineMs = DEADLINE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come within ${deadlineMs} ms`)), deadlineMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Looks again and again until there is something to be found; for what tells nobody when it comes. */
export async function until<T>(
  look: () => T | Promise<T>,
  what: string,
  deadlineMs = DEADLINE_MS,
): Promise<Exclude<T, null | undefined | false | 0>> {
  const end = performance.now() + deadlineMs;
  while (performance.now() < end) {
    const found = await look();
    if (found) return found as Exclude<T, null | undefined | false | 0>;
    await sleep(LOOK_AGAIN_MS);
  }
  throw new Error(`${what} did not come within ${deadlineMs} ms`);
}
