import { setTimeout as sleep } from 'node:timers/promises';
import { domainToASCII } from 'node:url';
import type { Bus } from '../bus/bus.js';
import { MailFault, type SmtpReply } from '../mail/mail-fault.js';
import type { RenderedMail } from '../mail/templates.js';
import type { MailTransport } from '../mail/transport.js';
import type { Sql } from '../sql/database.js';
import { localeOf } from '../texts/texts.js';
import type { DeliveryRow } from './delivery.entity.js';
import { claimDelivery, type Outcome, recordOutcome, releaseClaim, renewClaim } from './outbox.js';
import { RetryLater, retryDelayMs } from './queue.js';

/** Several times while a claim lasts: one renewal that fails loses nothing. */
const RENEW_MS = 4_000;

/** A code is tried again this often at least, for as long as it is worth sending. */
const CODE_RETRY_MAX_MS = 30_000;
/** A notice stays true for days. */
const NOTICE_RETRY_MAX_MS = 15 * 60_000;
const NOTICE_WORTH_MS = 3 * 86_400_000;

const noReply: SmtpReply = { replyCode: null, enhancedStatus: null };

/** Writes a mail's content at the last moment; null if it is not worth sending any more. */
export type Compose = (db: Sql, delivery: DeliveryRow) => Promise<RenderedMail | null>;

/** Sends what the outbox holds: the handler of the queue's jobs. It may be run any number of times for one mail. */
export class MailSender {
  private readonly messageDomain: string;

  constructor(
    private readonly db: Sql,
    private readonly compose: Compose,
    private readonly transport: Pick<MailTransport, 'send'>,
    private readonly bus: Pick<Bus, 'publish'>,
    fromAddress: string,
  ) {
    this.messageDomain = domainToASCII(fromAddress.slice(fromAddress.lastIndexOf('@') + 1)) || 'localhost';
  }

  /** @throws RetryLater if the fault may pass and the mail is still worth sending */
  async run(deliveryId: string): Promise<void> {
    const db = this.db;
    const claimed = await claimDelivery(db, deliveryId);
    if (!claimed) return;
    const { outcome, cause } = await this.attempt(db, claimed);
    const isWritten = await recordOutcome(db, claimed, outcome);
    if (isWritten && claimed.challengeId) this.bus.publish(`challenge:${claimed.challengeId}`);
    if (isWritten && outcome.state === 'RETRYING') throw new RetryLater(outcome.delayMs, cause);
  }

  private async attempt(db: Sql, claimed: DeliveryRow): Promise<{ outcome: Outcome; cause?: unknown }> {
    const mail = await this.composeOrRelease(db, claimed);
    if (!mail || !claimed.toAddress) return { outcome: { state: 'FAILED', failure: 'TOO_LATE', ...noReply } };
    const outgoing = {
      ...mail,
      to: claimed.toAddress,
      // The same for each try: a mail that was sent twice is recognized as one.
      messageId: `<${claimed.id}@${this.messageDomain}>`,
      locale: localeOf(claimed.locale),
    };
    try {
      const accepted = await this.whileClaimed(claimed, (lost) => this.transport.send(outgoing, lost));
      return { outcome: { state: 'SENT', ...accepted } };
    } catch (error) {
      if (!(error instanceof MailFault)) throw error;
      return { outcome: outcomeOf(error, claimed), cause: error };
    }
  }

  /** Renews the claim for as long as the work lasts; the work is told when another worker has taken the mail up. */
  private async whileClaimed<T>(claimed: DeliveryRow, work: (lost: AbortSignal) => Promise<T>): Promise<T> {
    const lost = new AbortController();
    const over = new AbortController();
    const renew = async () => {
      while (!lost.signal.aborted) {
        await sleep(RENEW_MS, undefined, { signal: over.signal });
        // A database that is away says nothing about whose the mail is.
        if (!(await renewClaim(this.db, claimed).catch(() => true))) lost.abort();
      }
    };
    // It ends with the sleep that is cut short.
    renew().catch(() => undefined);
    try {
      return await work(lost.signal);
    } finally {
      over.abort();
    }
  }

  /** A fault of ours, such as a database that is away, must not hold the mail back until the claim runs out. */
  private async composeOrRelease(db: Sql, claimed: DeliveryRow): Promise<RenderedMail | null> {
    try {
      return await this.compose(db, claimed);
    } catch (error) {
      await releaseClaim(db, claimed).catch(() => undefined);
      throw error;
    }
  }
}

function outcomeOf(fault: MailFault, claimed: DeliveryRow): Outcome {
  const { replyCode, enhancedStatus } = fault;
  if (fault.isFinal) {
    const failure = fault.isAddressRefused ? 'ADDRESS_REFUSED' : 'MAIL_REFUSED';
    return { state: 'FAILED', failure, replyCode, enhancedStatus };
  }
  const isTooOld = !claimed.challengeId && ageMs(claimed) > NOTICE_WORTH_MS;
  if (isTooOld) return { state: 'FAILED', failure: 'TOO_LATE', replyCode, enhancedStatus };
  // A code's challenge is looked at again before each try; once it is over, that is what ends it.
  const delayMs = retryDelayMs(claimed.attempts, claimed.challengeId ? CODE_RETRY_MAX_MS : NOTICE_RETRY_MAX_MS);
  return { state: 'RETRYING', replyCode, enhancedStatus, delayMs };
}

/** How old it is, within seconds, by the database's clock alone. */
function ageMs({ claimedUntil, createdAt }: DeliveryRow): number {
  return (claimedUntil ?? createdAt).getTime() - createdAt.getTime();
}
