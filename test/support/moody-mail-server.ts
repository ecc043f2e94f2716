import { EventEmitter, once } from 'node:events';
import { codeInText } from './mailbox.js';
import { type MailServer, refusal, startMailServer } from './smtp.js';
import { until, within } from './waiting.js';

/** One try to hand a mail over, whatever became of it. */
export interface Attempt {
  readonly to: string;
  /** `performance.now()`. */
  readonly at: number;
  readonly messageId: string;
  readonly code: string | null;
  readonly isTaken: boolean;
}

/** What a mail server answers to the next mail for an address, and to which command. */
export interface Mood {
  readonly command: 'RCPT TO' | 'DATA';
  readonly replyCode: number;
  readonly text: string;
}

/** A mail server that refuses what it is told to refuse, and remembers each try. */
export class MoodyMailServer implements AsyncDisposable {
  readonly attempts: Attempt[] = [];
  private readonly moods = new Map<string, Mood[]>();
  private readonly events = new EventEmitter().setMaxListeners(0);
  private isOpen = true;
  private server: MailServer | null = null;

  static async start(): Promise<MoodyMailServer> {
    const moody = new MoodyMailServer();
    moody.server = await startMailServer({
      onRcptTo: ({ address }, _session, answer) => answer(moody.refusalOf(address, 'RCPT TO')),
      onData: (stream, { envelope }, answer) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () =>
          moody.receive(envelope.rcptTo[0]?.address ?? '', Buffer.concat(chunks).toString(), answer),
        );
      },
    });
    return moody;
  }

  /** For `SMTP_URL`. */
  get url(): string {
    return `smtp://127.0.0.1:${this.server?.port}`;
  }

  /** Answers the next mails for the address so, one after the other; then takes them again. */
  refuse(address: string, ...moods: readonly Mood[]): void {
    this.moods.set(address, [...moods]);
  }

  /** Lets every mail wait for its answer, until the door is opened again. */
  shut(): void {
    this.isOpen = false;
  }

  open(): void {
    this.isOpen = true;
    this.events.emit('open');
  }

  /** The tries for an address so far. */
  triesFor(address: string): Attempt[] {
    return this.attempts.filter(({ to }) => to === address);
  }

  /** The nth mail that was taken for the address, counted from 0; waits for it. */
  taken(address: string, nth = 0): Promise<Attempt> {
    return until(() => this.triesFor(address).filter(({ isTaken }) => isTaken)[nth], `mail ${nth} for ${address}`);
  }

  private async receive(to: string, source: string, answer: (error?: Error | null) => void): Promise<void> {
    if (!this.isOpen) await within(once(this.events, 'open'), 'the opening of the door');
    const refused = this.refusalOf(to, 'DATA');
    const messageId = /^message-id:\s*(\S+)/im.exec(source)?.[1] ?? '';
    this.attempts.push({ to, at: performance.now(), messageId, code: codeInText(source), isTaken: !refused });
    answer(refused);
  }

  private refusalOf(address: string, command: Mood['command']): Error | null {
    const moods = this.moods.get(address) ?? [];
    if (moods[0]?.command !== command) return null;
    const mood = moods.shift();
    return mood ? refusal(mood.replyCode, mood.text) : null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.open();
    await this.server?.[Symbol.asyncDispose]();
  }
}
