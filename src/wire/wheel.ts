/** Short, so that what is visited in one turn of thousands holds up nothing else. */
const TURN_MS = 50;
const TURNS_A_SECOND = 1000 / TURN_MS;

/** Visits each of many after a time that is the same for all, again and again: one timer, and a share of them at a time. */
export class Wheel<Visited> implements Disposable {
  private readonly shares: readonly Set<Visited>[];
  private readonly timer: NodeJS.Timeout;
  private turns = 0;

  constructor(everySeconds: number, visit: (visited: Visited) => void) {
    this.shares = Array.from({ length: everySeconds * TURNS_A_SECOND }, () => new Set<Visited>());
    this.timer = setInterval(() => {
      this.turns += 1;
      for (const visited of this.share) visit(visited);
    }, TURN_MS).unref();
  }

  private get share(): Set<Visited> {
    // There is at least one.
    return this.shares[this.turns % this.shares.length] as Set<Visited>;
  }

  /** @returns the share that it belongs to, from which it is taken out when it has ended */
  add(visited: Visited): Set<Visited> {
    const { share } = this;
    share.add(visited);
    return share;
  }

  [Symbol.dispose](): void {
    clearInterval(this.timer);
  }
}
