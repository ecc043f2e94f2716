import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { within } from './waiting.js';

/** A peer that takes nothing for so long takes nothing any more. */
const STALLED_MS = 1_000;

/** A bare connection to a server, for what no HTTP client would send. */
export class RawConnection implements Disposable {
  private received = '';
  /** A reset is an end like any other. */
  private readonly whenClosed: Promise<void>;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('latin1');
    });
    this.whenClosed = new Promise((resolve) => {
      socket.once('close', () => resolve());
    });
  }

  static async open(url: string): Promise<RawConnection> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await within(once(socket, 'connect'), 'the connection');
    return new RawConnection(socket);
  }

  write(text: string | Buffer): void {
    if (!this.socket.destroyed) this.socket.write(text);
  }

  /** Resolves when the first of an answer has come, before any more of it is read. */
  async begun(): Promise<void> {
    if (this.received === '') await within(once(this.socket, 'data'), 'the beginning of an answer');
  }

  /** Whether the connection is over. */
  get isOver(): boolean {
    return this.socket.destroyed;
  }

  /** Writes, and resolves when the other side has taken it; false where it never will: nothing is kept here for it then. */
  sent(bytes: Buffer): Promise<boolean> {
    if (this.socket.destroyed) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (isTaken: boolean) => {
        clearTimeout(timer);
        this.socket.off('close', lose);
        resolve(isTaken);
      };
      const lose = () => end(false);
      const timer = setTimeout(lose, STALLED_MS);
      this.socket.once('close', lose);
      this.socket.write(bytes, (error) => end(!error));
    });
  }

  /** Ends the connection at once, with a reset where that is asked for. */
  cut(how: 'destroy' | 'reset'): void {
    if (how === 'reset') this.socket.resetAndDestroy();
    else this.socket.destroy();
  }

  /** Reads no more: what comes is left to the server's side. */
  deafen(): void {
    this.socket.pause();
  }

  /** Everything that came so far. */
  get heard(): string {
    return this.received;
  }

  /** The status of each answer so far. */
  get statuses(): number[] {
    return [...this.received.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));
  }

  /** Resolves when the server has ended the connection; with all that came until then. */
  async ended(deadlineMs?: number): Promise<string> {
    await within(this.whenClosed, 'the end of the connection', deadlineMs);
    return this.received;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
