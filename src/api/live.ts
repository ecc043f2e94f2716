import type { Bus, Topic } from '../bus/bus.js';
import type { SocketHandle } from './context.js';

/** How old the check of a right may be when an event is written. */
const CHECK_VALID_MS = 1000;

/** What a look at the rows has found for a subscription. */
export interface Sight<Item> {
  /** What was not told yet, in order. */
  readonly news: readonly Item[];
  /** When it was asked whether this may be told (`performance.now()`). */
  readonly checkedAt: number;
  /** Whether nothing comes after these. */
  readonly isLast?: boolean;
  /** Whether a look takes no more than these, and more may be there. */
  readonly hasMore?: boolean;
  /** In how many milliseconds something changes by itself. */
  readonly changesInMs?: number;
}

/**
 * A subscription: it looks at the rows when it begins, when one of its topics wakes it, and when time has changed what is
 * seen; and tells what is new for as long as the look that found it counts. While its client reads nothing it looks at
 * nothing. It ends at once when its client leaves.
 */
export abstract class LiveStream<Item> implements AsyncGenerator<Item, undefined, undefined> {
  private readonly unsubscribes: readonly (() => void)[];
  private seen: Sight<Item> = nothing;
  /** How many of what was seen have been told. */
  private toldOfSeen = 0;
  private mustLook = true;
  private rings = 0;
  private isAtWork = false;
  private isOver = false;
  private reader: Reader<Item> | null = null;
  private timer: NodeJS.Timeout | undefined;

  protected constructor(
    bus: Pick<Bus, 'subscribe'>,
    topics: readonly Topic[],
    private readonly socket: SocketHandle | null,
  ) {
    const ring = () => this.ring();
    this.unsubscribes = topics.map((topic) => bus.subscribe(topic, ring));
    socket?.subscribed();
  }

  protected abstract look(): Promise<Sight<Item>>;

  /** Asked right before an item is written, where that is checked by itself. */
  protected mayTell(_item: Item): boolean | Promise<boolean> {
    return true;
  }

  /** It is written now. */
  protected abstract tell(item: Item): void;

  /** The first look, so that it can refuse. Whoever calls it ends the stream if it throws. */
  protected async begin(): Promise<Sight<Item>> {
    await this.lookAgain();
    return this.seen;
  }

  next(): Promise<IteratorResult<Item, undefined>> {
    if (this.isOver) return Promise.resolve(over);
    return new Promise((resolve, reject) => {
      this.reader = { resolve, reject };
      this.advance();
    });
  }

  return(): Promise<IteratorResult<Item, undefined>> {
    this.end();
    return Promise.resolve(over);
  }

  throw(): Promise<IteratorResult<Item, undefined>> {
    return this.return();
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
  }

  private ring(): void {
    this.rings += 1;
    this.mustLook = true;
    this.advance();
  }

  private advance(): void {
    if (!this.reader || this.isAtWork || !this.hasWork()) return;
    this.isAtWork = true;
    this.serve().then(
      (result) => {
        this.isAtWork = false;
        if (result) this.answer((reader) => reader.resolve(result));
        // It was woken after it had found that there is nothing to do.
        else this.advance();
      },
      (error) => {
        this.isAtWork = false;
        this.end((reader) => reader.reject(error));
      },
    );
  }

  private hasWork(): boolean {
    return this.mustLook || this.toldOfSeen < this.seen.news.length || this.seen.isLast === true;
  }

  /** @returns null if there is nothing to tell now */
  private async serve(): Promise<IteratorResult<Item, undefined> | null> {
    while (!this.isOver && this.hasWork()) {
      const item = this.seen.news[this.toldOfSeen];
      if (item === undefined && this.seen.isLast) this.end();
      else if (item === undefined || !(await this.mayTellNow(item))) await this.lookAgain();
      else {
        this.tell(item);
        this.toldOfSeen += 1;
        return { value: item, done: false };
      }
    }
    return this.isOver ? over : null;
  }

  /** Whoever reads slowly is checked again, and so is who had to wait for the answer: the right to it may be gone since. */
  private async mayTellNow(item: Item): Promise<boolean> {
    if (performance.now() - this.seen.checkedAt > CHECK_VALID_MS) return false;
    const askedAt = performance.now();
    const answer = this.mayTell(item);
    if (typeof answer === 'boolean') return answer;
    const { rings } = this;
    if (!(await answer)) return false;
    return !this.isOver && performance.now() - askedAt <= CHECK_VALID_MS && rings === this.rings;
  }

  private async lookAgain(): Promise<void> {
    clearTimeout(this.timer);
    // A ring up to this point is answered by what is read now.
    this.mustLook = false;
    const seen = await this.look();
    this.seen = seen;
    this.toldOfSeen = 0;
    this.mustLook ||= seen.hasMore === true;
    if (seen.changesInMs !== undefined && !this.isOver) this.timer = setTimeout(() => this.ring(), seen.changesInMs);
  }

  private end(tell: (reader: Reader<Item>) => void = ({ resolve }) => resolve(over)): void {
    if (!this.isOver) {
      this.isOver = true;
      clearTimeout(this.timer);
      for (const unsubscribe of this.unsubscribes) unsubscribe();
      this.socket?.unsubscribed();
    }
    this.answer(tell);
  }

  private answer(tell: (reader: Reader<Item>) => void): void {
    const { reader } = this;
    this.reader = null;
    if (reader) tell(reader);
  }
}

/** Who waits for what comes next. */
interface Reader<Item> {
  readonly resolve: (result: IteratorResult<Item, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

const nothing: Sight<never> = { news: [], checkedAt: Number.NEGATIVE_INFINITY };
const over = { value: undefined, done: true } as const;

/**
 * How long to wait for the end of what has so many milliseconds left, by the database's clock: a little more, so that it
 * has passed there. By its own clock, were that wrong, a server would look again without a pause, or late.
 */
export function msUntilOver(msLeft: number): number {
  return Math.max(0, msLeft) + 50;
}
