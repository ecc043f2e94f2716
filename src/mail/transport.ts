import { createTransport } from 'nodemailer';
import type { Logger } from 'pino';
import type { Mailbox, RunnableConfig } from '../config/config.js';
import { readSmtpUrl } from '../config/smtp-url.js';
import type { Locale } from '../texts/texts.js';
import { MailFault, mailFaultOf, type SendError, type SmtpReply, smtpReplyOf } from './mail-fault.js';

/** A mail, ready to leave, to one recipient. */
export interface OutgoingMail {
  /** One address, RFC 5321 mailbox: no name, no list. */
  readonly to: string;
  /** With its angle brackets; the same at each try, so that a mail sent twice is recognized as one. */
  readonly messageId: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly locale: Locale;
}

/** What the mail server answered when it took a mail: accepted, which is not yet delivered. */
export type MailAccepted = SmtpReply;

/** The longest that one `send` lasts, in ms, whatever the mail server does. */
export const SEND_DEADLINE_MS = 60_000;

/** Hands mails to the mail server that `SMTP_URL` names, over a few connections that stay open. */
export class MailTransport {
  private readonly mailer;
  private readonly from: Mailbox;

  /** @throws RangeError if the SMTP URL has an unknown option */
  constructor(
    config: Pick<RunnableConfig, 'smtpUrl' | 'mailFrom' | 'dkim'>,
    private readonly log: Logger,
    private readonly deadlineMs = SEND_DEADLINE_MS,
  ) {
    this.from = config.mailFrom;
    // What the URL says goes before what is said here. nodemailer is given no logger: it would log addresses and answers.
    this.mailer = createTransport({
      ...readSmtpUrl(config.smtpUrl),
      pool: true,
      maxConnections: 5,
      connectionTimeout: 10_000,
      greetingTimeout: 10_000,
      socketTimeout: 30_000,
      // Once, for a connection that the server had closed while it was idle. Other tries are the queue's affair.
      maxRequeues: 1,
      disableFileAccess: true,
      disableUrlAccess: true,
      ...(config.dkim && { dkim: config.dkim }),
    });
  }

  /**
   * @param cancelled cuts the send short, as a passing fault
   * @throws MailFault if the mail server did not take it, or the mail is not one that may leave
   */
  async send(mail: OutgoingMail, cancelled?: AbortSignal): Promise<MailAccepted> {
    refuseInjection(mail);
    const to = { name: '', address: mail.to };
    // The socket's timeout does not notice a server that answers one byte at a time.
    const tooLate = AbortSignal.timeout(this.deadlineMs);
    try {
      const { response } = await this.mailer.sendMail({
        from: this.from,
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
        signal: cancelled ? AbortSignal.any([tooLate, cancelled]) : tooLate,
      });
      return smtpReplyOf(response);
    } catch (error) {
      throw this.faultOf(error as SendError & Error);
    }
  }

  /** Closes the connections; a mail that is still being sent fails, as passing. */
  close(): void {
    this.mailer.close({ force: true });
  }

  /** The error of nodemailer holds the server's text, so nothing of it goes on but the codes. */
  private faultOf(error: SendError & Error): MailFault {
    const fault = mailFaultOf(error);
    // What will not heal is about one recipient; the rest is for the operator to look at.
    this.log[fault.isFinal ? 'info' : 'warn'](
      {
        code: error.code,
        command: error.command,
        replyCode: fault.replyCode,
        enhancedStatus: fault.enhancedStatus,
        isFinal: fault.isFinal,
        // Without an answer it is our own side that speaks: a refused connection, a wrong certificate.
        reason: error.response === undefined ? error.message : undefined,
      },
      'the mail server did not take a mail',
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
    throw new MailFault(message, { isFinal: true, isAddressRefused, replyCode: null, enhancedStatus: null });
  };
  if (mail.to.length > 254 || !oneAddress.test(mail.to)) refuse('The recipient is not one plain address', true);
  if (!oneMessageId.test(mail.messageId)) refuse('The Message-ID is not <id@domain>', false);
  if (!oneLine.test(mail.subject)) refuse('The subject is not one line', false);
}
