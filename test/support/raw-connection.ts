import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { within } from './waiting.js';

/** A bare connection to a server, for what no HTTP client would send. */
export class RawConnection implements Disposable {
  private received = '';
  /** A reset is an end like any other. */
  private readonly whenClosed: Promise<void>;

  private constructor(private readonly socket: Socket) {
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
