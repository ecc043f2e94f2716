/** The most mails that one worker has under way. */
export const MAILS_AT_ONCE = 50;

/**
 * Bounds how much is done at once. What takes long counts apart: the mail server may take ten minutes to answer for one
 * mail, and the others must not wait for that.
 */
export class Turns {
  private quick = 0;
  private all = 0;
  private readonly waiting: (() => void)[] = [];

  /**
   * @param atOnce how many may be under way that have not taken long yet
   * @param most how many in all
   * @param longMs from when on one has taken long
   */
  constructor(
    private readonly atOnce: number,
    private readonly most: number,
    private readonly longMs: number,
  ) {}

  /** Does the work when it is its turn; in the order of the calls. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    await new Promise<void>((resolve) => {
      this.waiting.push(resolve);
      this.admit();
    });
    let isQuick = true;
    const countApart = () => {
      if (isQuick) this.quick -= 1;
      isQuick = false;
      this.admit();
    };
    const timer = setTimeout(countApart, this.longMs).unref();
    try {
      return await work();
    } finally {
      clearTimeout(timer);
      this.all -= 1;
      countApart();
    }
  }

  private admit(): void {
    while (this.quick < this.atOnce && this.all < this.most) {
      const next = this.waiting.shift();
      if (!next) return;
      this.quick += 1;
      this.all += 1;
      next();
    }
  }
}
