import type { Logger } from 'pino';
import type { Sql } from './database.js';

const TICK_MS = 1000;

/** Something that is done again and again. */
export interface Repeated {
  /** What cannot be done while the store is away, for the log. */
  readonly what: string;
  readonly everySeconds: number;
  /** Whether there is nothing to do now: then nothing is asked. */
  isIdle(): boolean;
  /** What it sends before it waits goes out with what others send at that second. */
  run(db: Sql): Promise<unknown>;
}

/**
 * Does what repeats, on one timer: what is due at the same second shares a connection, and so a round trip. While the
 * store is away that is said once, and tried again when it is due again.
 */
export class Pulse {
  /** What is repeated, and at which second it is due. */
  private readonly dueAt = new Map<Repeated, number>();
  private readonly away = new Set<Repeated>();
  private readonly timer: NodeJS.Timeout;
  private seconds = 0;
  private running: Promise<void> | null = null;

  constructor(
    private readonly db: Sql,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {
    this.timer = setInterval(() => this.tick(), TICK_MS).unref();
  }

  add(task: Repeated): void {
    this.dueAt.set(task, this.nextAfter(this.seconds, task));
  }

  /** At the same second as others that are as frequent, whenever they were added. */
  private nextAfter(seconds: number, { everySeconds }: Repeated): number {
    return (Math.floor(seconds / everySeconds) + 1) * everySeconds;
  }

  private tick(): void {
    this.seconds += 1;
    // What is due meanwhile has its turn right after that.
    if (this.running) return;
    const due = [...this.dueAt].filter(([, at]) => at <= this.seconds).map(([task]) => task);
    for (const task of due) this.dueAt.set(task, this.nextAfter(this.seconds, task));
    const busy = due.filter((task) => !task.isIdle());
    if (busy.length === 0) return;
    this.running = this.runAll(busy).finally(() => {
      this.running = null;
    });
  }

  private async runAll(due: readonly Repeated[]): Promise<void> {
    try {
      await this.db.together((connection) => Promise.all(due.map((task) => this.run(task, connection))));
    } catch (error) {
      // There was no connection to run them on.
      for (const task of due) this.note(task, error);
    }
  }

  private async run(task: Repeated, connection: Sql): Promise<void> {
    try {
      await task.run(connection);
      this.away.delete(task);
    } catch (error) {
      this.note(task, error);
    }
  }

  private note(task: Repeated, error: unknown): void {
    if (!this.away.has(task)) this.logger.warn({ err: error }, `${task.what} now`);
    this.away.add(task);
  }

  /** Resolves when nothing is under way any more. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }
}
