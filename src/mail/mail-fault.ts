/** What a mail server answered: the reply code (RFC 5321, 4.2) and the status (RFC 3463). Its text is never kept. */
export interface SmtpReply {
  /** Null where there was no answer: a timeout, a cut connection, an address refused before it was asked. */
  readonly replyCode: number | null;
  /** As in `5.1.1`; null where the server gave none. */
  readonly enhancedStatus: string | null;
}

/** A mail that the mail server did not take, or did not say that it took. */
export class MailFault extends Error implements SmtpReply {
  /** Whether a later try of the same mail would meet the same answer. */
  readonly isFinal: boolean;
  /** Whether it was final because of the recipient's address or mailbox, which is what a person can look into. */
  readonly isAddressRefused: boolean;
  /** Whether it may have taken it all the same: the mail itself had begun to leave, and nothing was said against it. */
  readonly isFateUnknown: boolean;
  readonly replyCode: number | null;
  readonly enhancedStatus: string | null;

  constructor(
    message: string,
    fault: { isFinal: boolean; isAddressRefused: boolean; isFateUnknown: boolean } & SmtpReply,
  ) {
    super(message);
    this.name = 'MailFault';
    this.isFinal = fault.isFinal;
    this.isAddressRefused = fault.isAddressRefused;
    this.isFateUnknown = fault.isFateUnknown;
    this.replyCode = fault.replyCode;
    this.enhancedStatus = fault.enhancedStatus;
  }
}

/** What nodemailer puts on the errors it throws, as far as it counts here. */
export interface SendError {
  readonly code?: string | undefined;
  /** The command that met the error; `CONN` for the connection itself. */
  readonly command?: string | undefined;
  readonly response?: string | undefined;
  readonly responseCode?: number | undefined;
}

// RFC 4954, 6: these ask for a login, or for a better one. The operator can mend that, so the mail is worth keeping.
const loginReplies = [530, 534, 535, 538];
// RFC 3463, 3.2: these are about the sender's address, our own, even where the server waits with them for a recipient.
const senderStatuses = ['5.1.7', '5.1.8'];

/**
 * Tells a passing fault from a final one. Final is a 5yz reply (RFC 5321, 4.2.1) to the recipient or to the mail itself.
 * All else passes: a 4yz reply, silence, a cut connection, and what the operator has to mend, as a 5yz reply to the
 * connection, to STARTTLS, to the login or to our own sender address; 503 says that the session was out of step.
 *
 * A server that lacks SMTPUTF8 (RFC 6531) shows in the same way: it answers an address beyond ASCII with 5yz.
 * @param hasDataBegun whether anything of the mail itself may have left. From there on only a 4yz or 5yz reply says that
 *   the mail was not taken (RFC 5321, 4.2.5); silence says nothing, and an answer out of step no more than that
 */
export function mailFaultOf(error: SendError, hasDataBegun: boolean): MailFault {
  const reply = smtpReplyOf(error.response);
  const { replyCode, enhancedStatus } = reply;
  const isFinal =
    replyCode !== null &&
    replyCode >= 500 &&
    replyCode !== 503 &&
    !loginReplies.includes(replyCode) &&
    !senderStatuses.includes(enhancedStatus ?? '') &&
    (error.command === 'RCPT TO' || error.command === 'DATA');
  // RFC 3463, 3.2 and 3.3: X.1 is about the address, X.2 about the mailbox; 5.6.7 (RFC 6531) is the missing SMTPUTF8.
  const isAddressRefused =
    isFinal && (enhancedStatus === null ? error.command === 'RCPT TO' : /^5\.[12]\.|^5\.6\.7$/.test(enhancedStatus));
  const answer = replyCode === null ? 'no answer' : [replyCode, enhancedStatus].filter(Boolean).join(' ');
  return new MailFault(`The mail server did not take the mail: ${error.command ?? error.code}, ${answer}`, {
    isFinal,
    isAddressRefused,
    isFateUnknown: hasDataBegun && (replyCode === null || replyCode < 400),
    ...reply,
  });
}

/** The codes at the beginning of a mail server's answer. */
export function smtpReplyOf(response: string | undefined): SmtpReply {
  const [, replyCode, enhancedStatus] = /^([2-5]\d\d)(?:[ -]([245]\.\d{1,3}\.\d{1,3})\b)?/.exec(response ?? '') ?? [];
  return { replyCode: replyCode ? Number(replyCode) : null, enhancedStatus: enhancedStatus ?? null };
}
