import { Readable } from 'node:stream';

/**
 * One mail on its way to the mail server: how long it may take, and whether anything of the mail itself has left. Until
 * then a silent mail server has not taken it; from then on nobody can know.
 */
export class HandOver {
  private readonly late = new AbortController();
  private timer: NodeJS.Timeout;
  private opening: Promise<void> | null = null;
  private isOpen = false;
  private isOver = false;

  /**
   * @param envelopeMs how long it may take until the mail server waits for the mail itself
   * @param dataMs how long from then on, its answer included
   * @param beforeData awaited in between
   */
  constructor(
    envelopeMs: number,
    private readonly dataMs: number,
    private readonly beforeData: (() => Promise<void>) | undefined,
  ) {
    this.timer = this.lateIn(envelopeMs);
  }

  /** Aborted when it takes too long, however slowly the mail server still says something. */
  get tooLate(): AbortSignal {
    return this.late.signal;
  }

  private lateIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.late.abort(), ms).unref();
  }

  /** The mail as the mail server is given it: read first when it waits for it, which is when DATA has begun. */
  gate(mail: Readable): Readable {
    return Readable.from(this.pass(mail), { objectMode: false });
  }

  private async *pass(mail: Readable): AsyncGenerator<Buffer> {
    this.opening = this.open();
    await this.opening;
    // At once: of each of its parts, down to the lines between them, it would be a write to the socket.
    if (this.isOpen) yield Buffer.concat(await mail.toArray());
  }

  private async open(): Promise<void> {
    await this.beforeData?.();
    // The connection may be gone by now, and then nothing leaves.
    if (this.isOver || this.late.signal.aborted) return;
    this.isOpen = true;
    clearTimeout(this.timer);
    this.timer = this.lateIn(this.dataMs);
  }

  /**
   * Whether the mail server may have the mail, of one that was cut short; nothing leaves after this.
   * @throws what `beforeData` threw
   */
  async hasBegun(): Promise<boolean> {
    this.isOver = true;
    await this.opening;
    return this.isOpen;
  }

  /** No time runs any more. */
  end(): void {
    this.isOver = true;
    clearTimeout(this.timer);
  }
}
