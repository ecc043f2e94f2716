import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 15_000;

/** What a subscription brings, for someone who waits for one thing after another. It listens from the start. */
export class Events<T> {
  private coming: Promise<IteratorResult<T>>;

  constructor(private readonly stream: AsyncIterator<T>) {
    this.coming = this.listen();
  }

  /**
   * The first event from now on that matches; those before it are passed over.
   * @param what names it where it does not come
   * @throws if it does not come within 15 seconds, and if the subscription ends without it
   */
  async until(what: string, matches: (event: T) => boolean = () => true): Promise<T> {
    for (;;) {
      const { done, value } = await inTime(this.coming, what);
      if (done) throw new Error(`The subscription ended before ${what} came.`);
      this.coming = this.listen();
      if (matches(value)) return value;
    }
  }

  private listen(): Promise<IteratorResult<T>> {
    const coming = this.stream.next();
    // Whoever waits for it is told what went wrong; it may also be that nobody does any more.
    coming.catch(() => undefined);
    return coming;
  }
}

async function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  const settled = new AbortController();
  const late = sleep(PATIENCE_MS, undefined, { signal: settled.signal }).then(() => {
    throw new Error(`Waited ${PATIENCE_MS / 1000} s, but ${what} did not come.`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    settled.abort();
  }
}
