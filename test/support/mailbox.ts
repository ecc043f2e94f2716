import { EventEmitter, on } from 'node:events';
import type { Inbox, InboxMail } from '../../src/embedded/inbox.js';
import { DEADLINE_MS } from './waiting.js';

/** Every mail that a test's mail server took, and a way to wait for the next one. */
export class Mailbox {
  private readonly kept: InboxMail[] = [];
  private readonly read = new Set<InboxMail>();
  private readonly arrivals = new EventEmitter().setMaxListeners(0);

  constructor(inbox: Pick<Inbox, 'onMail'>) {
    inbox.onMail((mail) => {
      this.kept.push(mail);
      this.arrivals.emit('mail');
    });
  }

  /** The mails to an address so far, the oldest first. */
  to(address: string): InboxMail[] {
    return this.kept.filter(({ envelope }) => envelope.to.includes(address));
  }

  /** The oldest mail to the address that no test has taken yet and that fits; waits for it if need be. */
  async next(address: string, fits: (mail: InboxMail) => boolean = () => true): Promise<InboxMail> {
    const deadline = AbortSignal.timeout(DEADLINE_MS);
    const arrivals = on(this.arrivals, 'mail', { signal: deadline });
    try {
      for (;;) {
        const found = this.to(address).find((mail) => !this.read.has(mail) && fits(mail));
        if (found) {
          this.read.add(found);
          return found;
        }
        await arrivals.next();
      }
    } catch (cause) {
      if (!deadline.aborted) throw cause;
      const subjects = this.to(address).map(({ subject }) => subject);
      throw new Error(`no such mail came to ${address}; it has: ${subjects.join(' | ') || 'none'}`, { cause });
    } finally {
      await arrivals.return?.();
    }
  }

  /** The code in the next mail to the address that has one. */
  async code(address: string): Promise<string> {
    const mail = await this.next(address, (candidate) => codeIn(candidate) !== null);
    return codeIn(mail) ?? '';
  }
}

/** The code that a mail's text part holds alone on its line; null if there is none. */
export function codeIn({ text }: InboxMail): string | null {
  return codeInText(text ?? '');
}

/** The digits that stand alone on a line of a text, as codes do; null if there are none. */
export function codeInText(text: string): string | null {
  return /^\s*(\d{6,12})\s*$/m.exec(text)?.[1] ?? null;
}
