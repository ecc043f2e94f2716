import { EventEmitter, on } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from './child.js';
import type { TakenMail } from './mail-server.js';

const CODE_MS = 20_000;
/** A mail that has not come after so long without any other is not on its way. */
const STILL_MS = 2_000;
const LOOK_EVERY_MS = 10;

/** The mail server of a site, in a process of its own. */
export class Mail implements AsyncDisposable {
  private readonly codes = new Map<string, string>();
  private readonly arrivals = new EventEmitter();
  private lastAt = performance.now();
  /** How many mails it has taken. */
  count = 0;

  private constructor(private readonly child: Child) {}

  static async start(): Promise<{ mail: Mail; url: string }> {
    let take = (_mail: TakenMail) => {};
    const child = await Child.start('./mail-server.js', import.meta.url, (news) => take(news as TakenMail));
    const mail = new Mail(child);
    take = (taken) => mail.take(taken);
    return { mail, url: `smtp://127.0.0.1:${await child.call<number>('port')}` };
  }

  /** The newest code that was mailed to an address and not asked for before; waits for it. */
  async code(address: string): Promise<string> {
    const arrivals = on(this.arrivals, 'mail', { signal: AbortSignal.timeout(CODE_MS) });
    try {
      for (;;) {
        const code = this.codes.get(address);
        this.codes.delete(address);
        if (code) return code;
        await arrivals.next();
      }
    } finally {
      await arrivals.return?.();
    }
  }

  /** Resolves when so many mails were taken in all, or no more come. */
  async settled(count: number): Promise<void> {
    const since = performance.now();
    const isStill = () => performance.now() - Math.max(since, this.lastAt) > STILL_MS;
    while (this.count < count && !isStill()) await sleep(LOOK_EVERY_MS);
  }

  private take({ to, code }: TakenMail): void {
    this.count += 1;
    this.lastAt = performance.now();
    if (code) this.codes.set(to, code);
    this.arrivals.emit('mail');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.child[Symbol.asyncDispose]();
  }
}
