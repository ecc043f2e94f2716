import { EventEmitter, once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** How bytes pass, in both directions and on every connection, old or new. */
type Passage =
  | { readonly kind: 'normal' }
  | { readonly kind: 'late'; readonly ms: number }
  | { readonly kind: 'drip'; readonly everyMs: number }
  | { readonly kind: 'held' };

/** A text on its way to the server, whose answer is to be lost. */
interface Doomed extends Loss {
  readonly text: string;
  /** How many more times it has to pass; the answer to the last is lost. */
  times: number;
}

/**
 * Stands between the product and a store or a mail server, and does to their connections what networks do. What is set
 * holds until `heal`. It goes by bytes, not by what they mean.
 */
export class FaultProxy implements Disposable {
  private readonly pairs = new Set<Pair>();
  private readonly changes = new EventEmitter().setMaxListeners(0);
  private passage: Passage = { kind: 'normal' };
  private answerBytes: number | null = null;
  private doomed: Doomed | null = null;
  private server: Server | null = null;
  private listenedOn = 0;

  private constructor(private target: URL) {}

  /** @param url of what it stands in front of; host and port are all that counts */
  static async start(url: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(new URL(url));
    await proxy.listen();
    return proxy;
  }

  get port(): number {
    return this.listenedOn;
  }

  /** The URL that the proxy was given, through the proxy. */
  get url(): string {
    const url = new URL(this.target);
    url.hostname = '127.0.0.1';
    url.port = String(this.listenedOn);
    return url.href;
  }

  /** How many connections there are now. */
  get connections(): number {
    return this.pairs.size;
  }

  /** Everything as it should be: what was held goes on, new connections are taken. What was cut stays cut. */
  async heal(): Promise<void> {
    this.answerBytes = null;
    this.doomed = null;
    this.set({ kind: 'normal' });
    if (!this.server) await this.listen();
  }

  /** Every piece of data, in either direction, comes so much later. */
  delay(ms: number): void {
    this.set({ kind: 'late', ms });
  }

  /** Data passes byte by byte. */
  drip(everyMs: number): void {
    this.set({ kind: 'drip', everyMs });
  }

  /** Connections stay open, new ones are taken, and nothing passes: a host that has vanished, a process that hangs. */
  blackHole(): void {
    this.set({ kind: 'held' });
  }

  /** Each connection is reset once so many more bytes have come from the server; what is beyond them is lost. */
  resetAfter(bytes: number): void {
    this.answerBytes = bytes;
    for (const pair of this.pairs) pair.answerBytes = bytes;
  }

  /**
   * The connection that carries this text to the server as the nth one hears nothing more, and is reset when the server
   * has answered with `done`: it has done it, and whoever asked cannot know. Resolves then.
   * @param done empty: whatever it answers
   */
  loseAnswerTo(text: string, nth = 1, done = ''): Promise<void> {
    return new Promise((resolve) => {
      this.doomed = { text, times: nth, done, lost: resolve };
    });
  }

  /** On every connection the server's direction ends, orderly; the client's stays open and nobody reads it. */
  halfClose(): void {
    for (const pair of this.pairs) pair.halfClose();
  }

  /** New connections lead to another server; those that stand stay where they are. */
  lead(url: string): void {
    this.target = new URL(url);
  }

  /** Resets every connection; new ones are taken. */
  cut(): void {
    for (const pair of this.pairs) pair.reset();
  }

  /** Refuses new connections; those that stand go on. */
  refuse(): void {
    this.server?.close();
    this.server = null;
  }

  [Symbol.dispose](): void {
    this.refuse();
    this.cut();
    this.set({ kind: 'normal' });
  }

  private set(passage: Passage): void {
    this.passage = passage;
    this.changes.emit('change');
  }

  private async listen(): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => this.take(near));
    server.listen(this.listenedOn, '127.0.0.1');
    await once(server, 'listening');
    this.listenedOn = (server.address() as AddressInfo).port;
    this.server = server;
  }

  private take(near: Socket): void {
    const far = connect({
      host: this.target.hostname,
      port: Number(this.target.port),
      allowHalfOpen: true,
      noDelay: true,
    });
    const pair = new Pair(near, far, {
      pass: (chunk, write) => this.pass(chunk, write),
      isDoomed: (chunk) => this.takeDoomed(chunk),
    });
    pair.answerBytes = this.answerBytes;
    this.pairs.add(pair);
    pair.onEnd(() => this.pairs.delete(pair));
  }

  /** Hands a piece on as the passage is at this moment. */
  private async pass(chunk: Buffer, write: (piece: Buffer) => void): Promise<void> {
    while (this.passage.kind === 'held') await once(this.changes, 'change');
    const { passage } = this;
    if (passage.kind === 'late') await sleep(passage.ms);
    if (passage.kind !== 'drip' || chunk.length === 0) return write(chunk);
    for (let at = 0; at < chunk.length; at += 1) {
      if (this.passage !== passage) return this.pass(chunk.subarray(at), write);
      write(chunk.subarray(at, at + 1));
      await sleep(passage.everyMs);
    }
  }

  private takeDoomed(chunk: Buffer): Loss | null {
    if (!this.doomed || !chunk.includes(this.doomed.text)) return null;
    this.doomed.times -= 1;
    if (this.doomed.times > 0) return null;
    const { done, lost } = this.doomed;
    this.doomed = null;
    return { done, lost };
  }
}

const nothing = Buffer.alloc(0);

/** An answer that is lost. */
interface Loss {
  /** What it holds once the server has done what it was told. */
  readonly done: string;
  readonly lost: () => void;
}

interface Rules {
  /** Calls `write` when, and as often as, something of the chunk may go on. */
  pass(chunk: Buffer, write: (piece: Buffer) => void): Promise<void>;
  /** Null: the answer to this chunk may come. */
  isDoomed(chunk: Buffer): Loss | null;
}

/** One connection: the product's side is near, the server's far. */
class Pair {
  /** How many bytes may still come from the server; null for any number. */
  answerBytes: number | null = null;
  private loss: Loss | null = null;
  private unheard = nothing;
  private isHalfClosed = false;

  constructor(
    private readonly near: Socket,
    private readonly far: Socket,
    private readonly rules: Rules,
  ) {
    this.join(near, far, (chunk) => this.request(chunk));
    this.join(far, near, (chunk) => this.answer(chunk));
  }

  onEnd(listener: () => void): void {
    this.near.once('close', listener);
  }

  reset(): void {
    this.near.resetAndDestroy();
    this.far.resetAndDestroy();
  }

  halfClose(): void {
    this.isHalfClosed = true;
    this.near.end();
    this.near.pause();
  }

  private join(from: Socket, to: Socket, forward: (chunk: Buffer) => Promise<void>): void {
    let passing = Promise.resolve();
    from.on('data', (chunk: Buffer) => {
      // One piece after the other, and no more is read than can go on.
      from.pause();
      passing = forward(chunk).then(() => {
        if (!this.isHalfClosed) from.resume();
      });
    });
    // An end travels like data: what holds that, holds it too.
    from.on('end', () => void passing.then(() => this.rules.pass(nothing, () => to.end())));
    from.on('error', () => this.reset());
  }

  private async request(chunk: Buffer): Promise<void> {
    await this.rules.pass(chunk, (piece) => {
      this.loss ??= this.rules.isDoomed(chunk);
      write(this.far, piece);
    });
  }

  private async answer(chunk: Buffer): Promise<void> {
    await this.rules.pass(chunk, (piece) => {
      if (this.loss) {
        this.unheard = Buffer.concat([this.unheard, piece]);
        if (!this.unheard.includes(this.loss.done)) return;
        this.reset();
        this.loss.lost();
        return;
      }
      const allowed = this.answerBytes === null ? piece : piece.subarray(0, this.answerBytes);
      if (allowed.length > 0) write(this.near, allowed);
      if (this.answerBytes === null) return;
      this.answerBytes -= allowed.length;
      // In order: what may pass, and then the reset.
      if (this.answerBytes === 0) this.near.write('', () => this.reset());
    });
  }
}

function write(to: Socket, piece: Buffer): void {
  if (to.writable) to.write(piece);
}
