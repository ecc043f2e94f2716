import { createTransport, type SendMailOptions } from 'nodemailer';
import type { Logger } from 'pino';
import type { Mailbox, RunnableConfig } from '../config/config.js';
import { readSmtpUrl } from '../config/smtp-url.js';
import type { Locale } from '../texts/texts.js';
import { HandOver } from './hand-over.js';
import { MailFault, mailFaultOf, type SendError, type SmtpReply, smtpReplyOf } from './mail-fault.js';
import { MAILS_AT_ONCE, Turns } from './turns.js';

/** A mail, ready to leave, to one recipient. */
export interface OutgoingMail {
  /** One address, RFC 5321 mailbox: no name, no list. */
  readonly to: string;
  /** Who it comes from, where that is not what `MAIL_FROM` says; the address always is. */
  readonly senderName?: string | null;
  /** With its angle brackets; the same at each try, so that a mail sent twice is recognized as one. */
  readonly messageId: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly locale: Locale;
}

/** What the mail server answered when it took a mail: accepted, which is not yet delivered. */
export type MailAccepted = SmtpReply;

/** Mails handed over at the same time, as long as none takes long: mail servers bound connections too. */
const QUICK_AT_ONCE = 5;
const LONG_MS = 3_000;
/** Shorter than mail servers and what stands before them keep a connection on which nothing is said. */
const IDLE_MS = 30_000;

/** What nodemailer is given, with what this file adds to it. */
interface HandedOver extends SendMailOptions {
  readonly handOver: HandOver;
}

/** What the sender of a mail may say about its way. */
export interface SendHooks {
  /** Awaited once the mail server waits for the mail itself, before anything of it leaves; if it throws, nothing does. */
  readonly beforeData?: () => Promise<void>;
  /** Cuts the send short. */
  readonly cancelled?: AbortSignal;
}

/** Hands mails to the mail server that `SMTP_URL` names, over a few connections that stay open. */
export class MailTransport {
  private readonly mailer;
  private readonly from: Mailbox;
  private readonly turns: Turns;
  private readonly envelopeMs: number;
  private readonly dataMs: number;

  /** @throws RangeError if the SMTP URL has an unknown option */
  constructor(
    config: Pick<RunnableConfig, 'smtpUrl' | 'mailFrom' | 'dkim' | 'limits'>,
    private readonly log: Logger,
  ) {
    const { SMTP_GREETING_SECONDS, SMTP_ENVELOPE_SECONDS, SMTP_DATA_SECONDS } = config.limits;
    const greetingMs = SMTP_GREETING_SECONDS * 1000;
    this.envelopeMs = greetingMs + SMTP_ENVELOPE_SECONDS * 1000;
    this.dataMs = SMTP_DATA_SECONDS * 1000;
    this.from = config.mailFrom;
    const { searchParams } = new URL(config.smtpUrl);
    // nodemailer keeps a rate with the connections that it has, and lets each new one send at once.
    const mostAtOnce = searchParams.has('rateLimit') ? QUICK_AT_ONCE : MAILS_AT_ONCE;
    const most = Number(searchParams.get('maxConnections')) || mostAtOnce;
    this.turns = new Turns(Math.min(QUICK_AT_ONCE, most), most, LONG_MS);
    // What the URL says goes before what is said here. nodemailer is given no logger: it would log addresses and answers.
    // It knows one time for every silence, its ten minutes; the shorter ones are kept here, and end a slow answer too.
    const mailer = createTransport({
      ...readSmtpUrl(config.smtpUrl),
      pool: true,
      maxConnections: mostAtOnce,
      connectionTimeout: greetingMs,
      greetingTimeout: greetingMs,
      idleTimeout: IDLE_MS,
      // Once, for a connection that the server had closed while it was idle. Other tries are the queue's affair.
      maxRequeues: 1,
      disableFileAccess: true,
      disableUrlAccess: true,
      ...(config.dkim && { dkim: config.dkim }),
    });
    // The stream that is read once the mail server waits for the mail itself, however often one is made before.
    mailer.use('stream', ({ message, data }, done) => {
      const read = message.createReadStream.bind(message);
      message.createReadStream = (options) => (data as HandedOver).handOver.gate(read(options));
      done();
    });
    this.mailer = mailer;
  }

  /**
   * Waits its turn behind other mails, and for each answer as long as the limits say.
   * @throws MailFault if the mail server did not say that it took it, or the mail is not one that may leave; what
   *   `beforeData` threw
   */
  async send(mail: OutgoingMail, hooks: SendHooks = {}): Promise<MailAccepted> {
    refuseInjection(mail);
    return this.turns.take(() => this.handOver(mail, hooks));
  }

  private async handOver(mail: OutgoingMail, { beforeData, cancelled }: SendHooks): Promise<MailAccepted> {
    const handOver = new HandOver(this.envelopeMs, this.dataMs, beforeData);
    const to = { name: '', address: mail.to };
    const message: HandedOver = {
      from: mail.senderName ? { ...this.from, name: mail.senderName } : this.from,
      to,
      envelope: { from: this.from.address, to: [to] },
      messageId: mail.messageId,
      subject: mail.subject,
      text: mail.text,
      html: mail.html,
      xMailer: false,
      headers: {
        'Content-Language': mail.locale,
        // RFC 3834, 5: no vacation notice comes back; the second is what Exchange heeds.
        'Auto-Submitted': 'auto-generated',
        'X-Auto-Response-Suppress': 'All',
      },
      signal: cancelled ? AbortSignal.any([handOver.tooLate, cancelled]) : handOver.tooLate,
      handOver,
    };
    try {
      const { response } = await this.mailer.sendMail(message);
      return smtpReplyOf(response);
    } catch (error) {
      throw this.faultOf(error as SendError & Error, await handOver.hasBegun());
    } finally {
      handOver.end();
    }
  }

  /** Closes the connections; a mail that is still being sent fails, as passing or with its fate unknown. */
  close(): void {
    this.mailer.close({ force: true });
  }

  /** The error of nodemailer holds the server's text, so nothing of it goes on but the codes. */
  private faultOf(error: SendError & Error, hasDataBegun: boolean): MailFault {
    const fault = mailFaultOf(error, hasDataBegun);
    // What will not heal is about one recipient; the rest is for the operator to look at.
    this.log[fault.isFinal ? 'info' : 'warn'](
      {
        errorCode: error.code,
        command: error.command,
        replyCode: fault.replyCode,
        enhancedStatus: fault.enhancedStatus,
        isFinal: fault.isFinal,
        isFateUnknown: fault.isFateUnknown,
        // Without an answer it is our own side that speaks: a refused connection, a wrong certificate.
        reason: error.response === undefined ? error.message : undefined,
      },
      fault.isFateUnknown
        ? 'the mail server did not say whether it took a mail'
        : 'the mail server did not take a mail',
    );
    return fault;
  }
}

// One `@`, and none of what could end the address, name a second one or begin a header (RFC 5321, 4.1.2; quoted local
// parts are left out on purpose). Beyond ASCII anything printable may stand before the `@` (RFC 6531).
const oneAddress = /^[^\s\p{C}()<>[\]:;,"\\@]+@[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?$/u;
const oneMessageId = /^<[^\s\p{C}<>@]+@[^\s\p{C}<>@]+>$/u;
const oneLine = /^[^\p{Cc}\u2028\u2029]*$/u;

/** What reaches this point was checked when it came in; this is the last place where a mistake can be stopped. */
function refuseInjection(mail: OutgoingMail): void {
  const refuse = (message: string, isAddressRefused: boolean) => {
    throw new MailFault(message, {
      isFinal: true,
      isAddressRefused,
      isFateUnknown: false,
      replyCode: null,
      enhancedStatus: null,
    });
  };
  if (mail.to.length > 254 || !oneAddress.test(mail.to)) refuse('The recipient is not one plain address', true);
  if (!oneMessageId.test(mail.messageId)) refuse('The Message-ID is not <id@domain>', false);
  if (!oneLine.test(mail.subject)) refuse('The subject is not one line', false);
  if (!oneLine.test(mail.senderName ?? '')) refuse("The sender's name is not one line", false);
}
