import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import PostalMime, { type Address } from 'postal-mime';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerEnvelope } from 'smtp-server';
import type { Mailbox } from '../config/config.js';

const MAILS_KEPT = 200;
const MAIL_MAX_BYTES = 1_048_576;
const CLOSE_GRACE_MS = 200;

/** A mail that arrived, as its recipient would find it. */
export interface InboxMail {
  readonly id: string;
  readonly receivedAt: Date;
  /** Whom the SMTP dialogue named, which decides where a mail goes; `from` is empty for bounces. */
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  readonly from: Mailbox | null;
  readonly to: readonly Mailbox[];
  readonly subject: string;
  readonly text: string | null;
  readonly html: string | null;
  /** In the order of the mail, repeated ones included. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** Bytes of `raw`. */
  readonly size: number;
  readonly raw: Buffer;
}

type Unsubscribe = () => void;

/** A mail server for development: it takes every mail, delivers none, and keeps the newest 200 in memory. */
export class Inbox {
  /** The oldest first: a Map keeps the order of insertion. */
  private readonly kept = new Map<string, InboxMail>();
  // One listener per open page, any number of them.
  private readonly events = new EventEmitter().setMaxListeners(0);
  private readonly smtp: SMTPServer;

  constructor(private readonly logger: Logger) {
    this.smtp = new SMTPServer({
      name: 'localhost',
      banner: 'Doorstep development inbox',
      disabledCommands: ['AUTH', 'STARTTLS'],
      disableReverseLookup: true,
      size: MAIL_MAX_BYTES,
      rejectOversized: true,
      closeTimeout: CLOSE_GRACE_MS,
      onData: (stream, { envelope }, answer) => void this.receive(stream, envelope).then(() => answer(), answer),
    });
    this.smtp.on('error', (err) => logger.warn({ err }, 'inbox: SMTP connection failed'));
  }

  /** For `SMTP_URL`. */
  get smtpUrl(): string {
    const { address, port } = this.smtp.server.address() as AddressInfo;
    return `smtp://${address}:${port}`;
  }

  /** The mails kept, the newest first. */
  mails(): InboxMail[] {
    return [...this.kept.values()].reverse();
  }

  mail(id: string): InboxMail | null {
    return this.kept.get(id) ?? null;
  }

  clear(): void {
    this.kept.clear();
    this.events.emit('clear');
  }

  onMail(listener: (mail: InboxMail) => void): Unsubscribe {
    return this.on('mail', listener);
  }

  onClear(listener: () => void): Unsubscribe {
    return this.on('clear', listener);
  }

  onClose(listener: () => void): Unsubscribe {
    return this.on('close', listener);
  }

  /** @throws if the port is taken */
  async listen(port: number): Promise<void> {
    // Loopback alone: whoever reaches this port could fill the inbox, and mails would cross the network in clear.
    const listening = once(this.smtp.server, 'listening');
    this.smtp.listen(port, '127.0.0.1');
    await listening;
  }

  /** Takes no more mail; connections that are busy have 200 ms to finish. */
  async close(): Promise<void> {
    this.events.emit('close');
    await new Promise<void>((resolve) => this.smtp.close(resolve));
  }

  private on(event: 'mail' | 'clear' | 'close', listener: (mail: InboxMail) => void): Unsubscribe {
    this.events.on(event, listener);
    return () => void this.events.off(event, listener);
  }

  private async receive(stream: SMTPServerDataStream, envelope: SMTPServerEnvelope): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) {
      if (!stream.sizeExceeded) chunks.push(chunk);
    }
    // The rest of a mail that is too long is read but not kept; smtp-server then answers 552 by itself.
    if (stream.sizeExceeded) return;
    const mail = await parseMail(Buffer.concat(chunks), envelope);
    this.kept.set(mail.id, mail);
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= MAILS_KEPT) break;
      this.kept.delete(oldest);
    }
    this.logger.debug({ mail: mail.id, size: mail.size }, 'inbox: mail received');
    this.events.emit('mail', mail);
  }
}

/**
 * Starts an inbox on 127.0.0.1.
 * @param options.port without it, a free one
 * @throws if the port is taken
 */
export async function startInbox(options: { readonly port?: number; readonly logger: Logger }): Promise<Inbox> {
  const inbox = new Inbox(options.logger);
  await inbox.listen(options.port ?? 0);
  return inbox;
}

async function parseMail(raw: Buffer, envelope: SMTPServerEnvelope): Promise<InboxMail> {
  const parsed = await PostalMime.parse(raw).catch((cause) => {
    // 554: without a code of ours the sender would be told 450 and try again for hours.
    throw Object.assign(new Error('The mail cannot be read', { cause }), { responseCode: 554 });
  });
  return {
    id: randomUUID(),
    receivedAt: new Date(),
    envelope: {
      from: envelope.mailFrom ? envelope.mailFrom.address : '',
      to: envelope.rcptTo.map(({ address }) => address),
    },
    from: mailboxes(parsed.from)[0] ?? null,
    to: (parsed.to ?? []).flatMap(mailboxes),
    subject: parsed.subject ?? '',
    text: parsed.text ?? null,
    html: parsed.html ?? null,
    headers: parsed.headers.map(({ originalKey, value }) => ({ name: originalKey, value })),
    size: raw.length,
    raw,
  };
}

function mailboxes(address: Address | undefined): Mailbox[] {
  if (!address) return [];
  return (address.group ?? [address]).map(({ name, address: mail }) => ({ name, address: mail }));
}
