import { type Clock, type Moment, msBetween, systemClock } from './clock.js';
import { Heartbeats } from './heartbeats.js';
import type { LiveSession } from './operations.js';

/** A feed that brought no heartbeat for so long tells nothing any more. */
const SILENCE_MS = 2_000;

interface Kept {
  readonly session: LiveSession;
  readonly usedFrom: string | null;
  readonly askedAt: Moment;
}

/** A time in which the feed was heard without a break. */
type Stretch = object;

/**
 * Answers of session checks, kept as `mayBeKept` allows: for so many seconds, where this process's own feed was heard
 * within 2 s and brought no event of that account and no break since the check was asked. Whatever is not certain is not
 * kept; checks that run at the same time share nothing, since the answer to an earlier one is not the truth of a later.
 */
export class KeptChecks {
  /** The one used longest ago first. */
  private readonly kept = new Map<string, Kept>();
  private readonly keysOf = new Map<string, Set<string>>();
  private heartbeats: Heartbeats;
  private stretch: Stretch | null = null;
  /** Counts what was learned, so that it can be told what came after a check was asked. */
  private lessons = 0;
  /** While checks are under way: when something was learned of an account, or that nobody is signed in by a key. */
  private readonly learnedOf = new Map<string, number>();
  private underWay = 0;

  /** @param most how many answers are kept at most */
  constructor(
    private readonly most: number,
    private readonly clock: Clock = systemClock,
  ) {
    this.heartbeats = new Heartbeats(clock);
  }

  get size(): number {
    return this.kept.size;
  }

  /** The feed brought a heartbeat. @param sentAt by the server's clock, in ms */
  beat(sentAt: number): void {
    if (this.heartbeats.silentMs() > SILENCE_MS) this.dropAll();
    this.heartbeats.heard(sentAt);
    this.stretch ??= {};
  }

  /** The feed brought an event of an account. */
  happened(accountId: string): void {
    this.dropAllOf(accountId);
    this.learn(accountId);
  }

  /** The feed has ended, or lost its connection. */
  broke(): void {
    this.dropAll();
    // Another connection may be a longer one.
    this.heartbeats = new Heartbeats(this.clock);
  }

  /**
   * The kept answer to a question, else that of Doorstep.
   * @param key what is asked about; the same for the same alone
   * @param usedFrom from where the person came: what Doorstep has not been told yet, it is asked with
   */
  async answer(
    key: string,
    usedFrom: string | null,
    ask: () => Promise<LiveSession | null>,
  ): Promise<LiveSession | null> {
    return this.find(key, usedFrom) ?? (await this.askAndKeep(key, usedFrom, ask));
  }

  private find(key: string, usedFrom: string | null): LiveSession | null {
    const found = this.isHeard() ? this.kept.get(key) : undefined;
    if (!found) return null;
    if (msBetween(found.askedAt, this.clock()) >= found.session.mayBeKept * 1000) {
      this.drop(key, found);
      return null;
    }
    if (usedFrom !== null && usedFrom !== found.usedFrom) return null;
    this.kept.delete(key);
    this.kept.set(key, found);
    return found.session;
  }

  private async askAndKeep(
    key: string,
    usedFrom: string | null,
    ask: () => Promise<LiveSession | null>,
  ): Promise<LiveSession | null> {
    const [askedAt, learnedBefore] = [this.clock(), this.lessons];
    const stretch = this.isHeard() ? this.stretch : null;
    this.underWay += 1;
    try {
      const session = await ask();
      const isUnbroken = stretch !== null && this.isHeard() && this.stretch === stretch;
      const isOvertaken = [key, session?.accountId ?? key].some((of) => (this.learnedOf.get(of) ?? 0) > learnedBefore);
      if (!session) this.nobody(key);
      else if (isUnbroken && !isOvertaken) this.keep(key, { session, usedFrom, askedAt });
      return session;
    } finally {
      this.underWay -= 1;
      if (this.underWay === 0) this.learnedOf.clear();
    }
  }

  /** Nobody is signed in by that key: known before the event comes, and against answers that were asked for earlier. */
  private nobody(key: string): void {
    const known = this.kept.get(key);
    if (known) this.happened(known.session.accountId);
    this.learn(key);
  }

  private learn(of: string): void {
    if (this.underWay === 0) return;
    // There are bounds to what is remembered for the sake of checks that never end.
    if (this.learnedOf.size >= this.most && !this.learnedOf.has(of)) this.broke();
    this.lessons += 1;
    this.learnedOf.set(of, this.lessons);
  }

  private keep(key: string, kept: Kept): void {
    if (kept.session.mayBeKept <= 0) return;
    const known = this.kept.get(key);
    if (known) this.drop(key, known);
    this.kept.set(key, kept);
    const { accountId } = kept.session;
    this.keysOf.set(accountId, (this.keysOf.get(accountId) ?? new Set()).add(key));
    for (const [oldest, value] of this.kept) {
      if (this.kept.size <= this.most) break;
      this.drop(oldest, value);
    }
  }

  private isHeard(): boolean {
    if (this.stretch && this.heartbeats.silentMs() > SILENCE_MS) this.dropAll();
    return this.stretch !== null;
  }

  private drop(key: string, { session: { accountId } }: Kept): void {
    this.kept.delete(key);
    const keys = this.keysOf.get(accountId);
    keys?.delete(key);
    if (keys?.size === 0) this.keysOf.delete(accountId);
  }

  private dropAllOf(accountId: string): void {
    for (const key of this.keysOf.get(accountId) ?? []) this.kept.delete(key);
    this.keysOf.delete(accountId);
  }

  /** No answer is kept that was asked for before. */
  private dropAll(): void {
    this.kept.clear();
    this.keysOf.clear();
    this.learnedOf.clear();
    this.stretch = null;
  }
}
