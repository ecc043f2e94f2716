import { EventEmitter, once } from 'node:events';
import type { SMTPServerSession } from 'smtp-server';
import { codeInText } from './mailbox.js';
import { type MailServer, refusal, startMailServer } from './smtp.js';
import { DEADLINE_MS, until, within } from './waiting.js';

/** One try to hand a mail over, whatever became of it. */
export interface Attempt {
  readonly to: string;
  /** `performance.now()`. */
  readonly at: number;
  readonly messageId: string;
  readonly code: string | null;
  /** Whether the mail server has it, whatever it let the sender know. */
  readonly isTaken: boolean;
}

/** A refusal, and of which command. */
export interface Refusal {
  readonly command: 'RCPT TO' | 'DATA';
  readonly replyCode: number;
  readonly text: string;
}

/**
 * What a mail server does with a mail. Besides refusing it, it may take it and not say so: never answer (`hang`), cut the
 * connection (`drop`), or begin an answer that goes on for ever, a byte at a time (`drip`).
 */
export type Mood = Refusal | 'hang' | 'drop' | 'drip';

const DRIP_MS = 500;

/** A mail server that refuses what it is told to refuse, and remembers each try. */
export class MoodyMailServer implements AsyncDisposable {
  readonly attempts: Attempt[] = [];
  private readonly moods = new Map<string, Mood[]>();
  private mood: Mood | null = null;
  private readonly events = new EventEmitter().setMaxListeners(0);
  private isOpen = true;
  private server: MailServer | null = null;

  static async start(): Promise<MoodyMailServer> {
    const moody = new MoodyMailServer();
    moody.server = await startMailServer({
      onRcptTo: ({ address }, _session, answer) => answer(refusalOf(moody.moodFor(address, 'RCPT TO'))),
      onData: (stream, session, answer) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => moody.receive(session, Buffer.concat(chunks).toString(), answer));
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

  /** Does so with every mail for which nothing else was said, until the door is opened again. */
  refuseAll(mood: Mood): void {
    this.mood = mood;
  }

  /** Lets every mail wait for its answer, until the door is opened again. */
  shut(): void {
    this.isOpen = false;
  }

  open(): void {
    this.isOpen = true;
    this.mood = null;
    this.events.emit('open');
  }

  /** The tries for an address so far. */
  triesFor(address: string): Attempt[] {
    return this.attempts.filter(({ to }) => to === address);
  }

  /** The nth mail that was taken for the address, counted from 0; waits for it. */
  taken(address: string, nth = 0, deadlineMs = DEADLINE_MS): Promise<Attempt> {
    const look = () => this.triesFor(address).filter(({ isTaken }) => isTaken)[nth];
    return until(look, `mail ${nth} for ${address}`, deadlineMs);
  }

  private async receive(
    session: SMTPServerSession,
    source: string,
    answer: (error?: Error | null) => void,
  ): Promise<void> {
    if (!this.isOpen) await within(once(this.events, 'open'), 'the opening of the door');
    const to = session.envelope.rcptTo[0]?.address ?? '';
    const mood = this.moodFor(to, 'DATA');
    const refused = refusalOf(mood);
    const messageId = /^message-id:\s*(\S+)/im.exec(source)?.[1] ?? '';
    this.attempts.push({ to, at: performance.now(), messageId, code: codeInText(source), isTaken: !refused });
    if (mood === 'hang') return;
    if (mood === 'drop') this.server?.socketOf(session)?.destroy();
    else if (mood === 'drip') this.drip(session);
    else answer(refused);
  }

  /** What it does at this command; a mood of one address is over with it. */
  private moodFor(address: string, command: Refusal['command']): Mood | null {
    const moods = this.moods.get(address) ?? [];
    const mood = moods[0] ?? this.mood;
    if (!mood || commandOf(mood) !== command) return null;
    moods.shift();
    return mood;
  }

  private drip(session: SMTPServerSession): void {
    const socket = this.server?.socketOf(session);
    const timer = setInterval(() => socket?.write('2'), DRIP_MS);
    socket?.once('close', () => clearInterval(timer));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.open();
    await this.server?.[Symbol.asyncDispose]();
  }
}

function commandOf(mood: Mood): Refusal['command'] {
  return typeof mood === 'string' ? 'DATA' : mood.command;
}

function refusalOf(mood: Mood | null): Error | null {
  return mood === null || typeof mood === 'string' ? null : refusal(mood.replyCode, mood.text);
}
