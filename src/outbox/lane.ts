import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Turns } from '../mail/turns.js';

/** The longest that a timer of Node's can be set for is more than this; then the lane looks again. */
const SLEEP_MAX_MS = 3_600_000;

/** What was taken up, and when there is more for that address. */
export interface Claim<Item> {
  readonly items: readonly Item[];
  /** Until the next of the rest is due, which may be now; null: nobody has to look for more. */
  readonly dueInMs: number | null;
}

/** What a try says of the address. */
export interface Tried {
  /** What was wrong with it, in one word; null: nothing. */
  readonly fault: string | null;
  /** The answer's status; null: there was none. */
  readonly statusCode: number | null;
  /** For how long it wants to be left alone; null: it does not say. */
  readonly restMs: number | null;
}

/** What is sent to one address. */
export interface Errand<Item> {
  /** Takes up what is due. */
  claim(most: number): Promise<Claim<Item>>;
  /** Sends them all at once, and writes down what became of each. */
  run(items: readonly Item[]): Promise<readonly Tried[]>;
}

/** What the lanes of a sender have in common. */
export interface LaneTools {
  readonly turns: Turns;
  readonly logger: Logger;
  /** What they send, for the log. */
  readonly what: string;
  /** How many are taken up together, and wait for each other. */
  readonly width: number;
  /** How many times that is done at the same time. */
  readonly abreast: number;
}

/**
 * What goes to one address, so that none waits for another: a few at once, one while it fails, none while it asks to be left
 * alone. It ends when nothing is left for it to do.
 */
export class Lane<Item> {
  private readonly lines = new Set<Promise<void>>();
  private restsUntil = 0;
  private mustLook = false;
  private isOver = false;
  /** All that was tried last was in vain. */
  private isFailing = false;
  private isTold = false;
  private timer: NodeJS.Timeout | null = null;

  /**
   * @param names the address, for the log
   * @param ended is told when there is nothing left; it may be woken again all the same
   */
  constructor(
    private readonly errand: Errand<Item>,
    private readonly tools: LaneTools,
    private readonly names: Readonly<Record<string, string>>,
    private readonly ended: () => void,
  ) {}

  /** Something may be due. */
  look(): void {
    this.mustLook = true;
    if (this.lines.size >= (this.isFailing ? 1 : this.tools.abreast)) return;
    const line = this.work().finally(() => {
      this.lines.delete(line);
      if (this.lines.size > 0) return;
      if (this.mustLook && !this.isOver) this.look();
      else if (!this.timer) this.ended();
    });
    this.lines.add(line);
  }

  private async work(): Promise<void> {
    this.sleep(null);
    while (this.mustLook && !this.isOver) {
      // What was written up to this point is found by what is read next.
      this.mustLook = false;
      const restMs = this.restsUntil - performance.now();
      if (restMs > 0) return this.sleep(restMs);
      try {
        await this.tools.turns.take(() => this.sendSome());
      } catch (error) {
        // The sweeper finds what is left.
        this.mustLook = false;
        this.tools.logger.warn({ err: error }, `${this.tools.what}: the outbox cannot be read or written now`);
      }
    }
  }

  private async sendSome(): Promise<void> {
    const most = this.isFailing ? 1 : this.tools.width;
    const { items, dueInMs } = await this.errand.claim(most);
    if (items.length === 0) {
      // What is due and cannot be taken up is somebody else's.
      if (dueInMs !== null && dueInMs > 0 && !this.mustLook) this.sleep(dueInMs);
      return;
    }
    // There may be more than can be taken up together.
    if (items.length === most) this.look();
    this.heed(await this.errand.run(items));
    this.mustLook = true;
  }

  private heed(tried: readonly Tried[]): void {
    const faults = tried.filter(({ fault }) => fault !== null);
    this.isFailing = faults.length === tried.length;
    for (const { restMs } of faults) {
      if (restMs !== null) this.restsUntil = Math.max(this.restsUntil, performance.now() + restMs);
    }
    const [first] = faults;
    if (first && !this.isTold && !this.isOver) {
      const { fault, statusCode } = first;
      const { logger, what } = this.tools;
      logger.warn({ ...this.names, fault, statusCode }, `${what}: an address does not take them now`);
    }
    this.isTold = first !== undefined;
  }

  private sleep(ms: number | null): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    if (ms === null || this.isOver) return;
    this.timer = setTimeout(
      () => {
        this.timer = null;
        this.look();
      },
      Math.min(Math.ceil(ms), SLEEP_MAX_MS),
    ).unref();
  }

  /** Begins nothing more. Resolves when what is under way is over, and written down. */
  async close(): Promise<void> {
    this.isOver = true;
    this.sleep(null);
    await Promise.all(this.lines);
  }
}

/** The lanes of a sender, by address. */
export class Lanes<Item> {
  private readonly open = new Map<string, Lane<Item>>();
  private readonly cut = new AbortController();
  private isOver = false;

  constructor(private readonly tools: LaneTools) {}

  /** Ends what is under way. */
  get cutOff(): AbortSignal {
    return this.cut.signal;
  }

  /** Something may be due for an address. @param errand what is sent to it, where nothing is at this moment */
  look(address: string, names: Readonly<Record<string, string>>, errand: () => Errand<Item>): void {
    if (this.isOver) return;
    const lane = this.open.get(address) ?? new Lane(errand(), this.tools, names, () => this.open.delete(address));
    this.open.set(address, lane);
    lane.look();
  }

  /**
   * Begins nothing more.
   * @param runningMs how long what is under way may take; then it is cut off, and due again
   * @param lastWordsMs how long it may then take to write that down
   */
  async close(runningMs: number, lastWordsMs: number): Promise<void> {
    this.isOver = true;
    const ended = Promise.all([...this.open.values()].map((lane) => lane.close()));
    await orAfter(ended, runningMs);
    this.cut.abort();
    await orAfter(ended, lastWordsMs);
  }
}

async function orAfter(work: Promise<unknown>, ms: number): Promise<void> {
  const over = new AbortController();
  const late = sleep(ms, undefined, { signal: over.signal, ref: false }).catch(() => undefined);
  await Promise.race([work, late]);
  over.abort();
}
