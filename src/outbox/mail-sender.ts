import { setTimeout as sleep } from 'node:timers/promises';
import { domainToASCII } from 'node:url';
import type { Bus } from '../bus/bus.js';
import { MailFault, type SmtpReply } from '../mail/mail-fault.js';
import type { RenderedMail } from '../mail/templates.js';
import type { MailTransport } from '../mail/transport.js';
import type { Sql } from '../sql/database.js';
import type { Fragment } from '../sql/statement.js';
import { localeOf } from '../texts/texts.js';
import type { DeliveryRow } from './delivery.entity.js';
import {
  beginData,
  type Claimed,
  claimDelivery,
  isSentOut,
  type Outcome,
  recordOutcome,
  releaseClaim,
  renewClaim,
} from './outbox.js';
import { RetryLater, retryDelayMs } from './queue.js';

/** Several times while a claim lasts: one renewal that fails loses nothing. */
const RENEW_MS = 4_000;

/** Less than a claim lasts, but for statements that hang: then another worker may have the mail by now. */
const RECORD_TRIES = 20;
const RECORD_AGAIN_MS = 500;

/** A code is tried again this often at least, for as long as it is worth sending. */
const CODE_RETRY_MAX_MS = 30_000;
/** A notice stays true for days. */
const NOTICE_RETRY_MAX_MS = 15 * 60_000;
const NOTICE_WORTH_MS = 3 * 86_400_000;

const noReply: SmtpReply = { replyCode: null, enhancedStatus: null };

/** Writes mails' content. */
export interface Composer<Brand> {
  /** SQL for one value, over the row of `delivery`: what is read of whoever holds the account, as the mail is taken up. */
  readonly brand: Fragment;
  /** At the last moment. @returns null if it is not worth sending any more */
  compose(db: Sql, delivery: Claimed<Brand>): Promise<RenderedMail | null>;
}

/** Sends what the outbox holds: the handler of the queue's jobs. It may be run any number of times for one mail. */
export class MailSender<Brand> {
  private readonly messageDomain: string;

  constructor(
    private readonly db: Sql,
    private readonly composer: Composer<Brand>,
    private readonly transport: Pick<MailTransport, 'send'>,
    private readonly bus: Pick<Bus, 'publish'>,
    fromAddress: string,
  ) {
    this.messageDomain = domainToASCII(fromAddress.slice(fromAddress.lastIndexOf('@') + 1)) || 'localhost';
  }

  /** @throws RetryLater if the fault may pass and the mail is still worth sending */
  async run(deliveryId: string): Promise<void> {
    const claimed = await claimDelivery<Brand>(this.db, deliveryId, this.composer.brand);
    if (!claimed) return;
    // That nobody knows what became of it may be news: the worker that had it died.
    if (claimed.unknownSends > 0) this.tell(claimed);
    const { outcome, cause } = await this.attempt(claimed);
    const isWritten = await this.record(claimed, outcome);
    if (isWritten) this.tell(claimed);
    if (isWritten && outcome.state === 'RETRYING') throw new RetryLater(outcome.delayMs, cause);
  }

  private tell({ challengeId }: DeliveryRow): void {
    if (challengeId) this.bus.publish(`challenge:${challengeId}`);
  }

  /** Only this worker knows what the mail server answered: a database that is away for a moment must not cost that. */
  private async record(claimed: DeliveryRow, outcome: Outcome): Promise<boolean> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await recordOutcome(this.db, claimed, outcome);
      } catch (error) {
        if (tries === RECORD_TRIES) throw error;
        await sleep(RECORD_AGAIN_MS, undefined, { ref: false });
      }
    }
  }

  private async attempt(claimed: Claimed<Brand>): Promise<{ outcome: Outcome; cause?: unknown }> {
    if (isSentOut(claimed)) return { outcome: givenUp(claimed, noReply) };
    try {
      const mail = await this.composer.compose(this.db, claimed);
      if (!mail || !claimed.toAddress) return { outcome: givenUp(claimed, noReply) };
      const outgoing = {
        ...mail,
        to: claimed.toAddress,
        // The same for each try: a mail that was sent twice is recognized as one.
        messageId: `<${claimed.id}@${this.messageDomain}>`,
        locale: localeOf(claimed.locale),
      };
      const accepted = await this.whileClaimed(claimed, (lost) =>
        this.transport.send(outgoing, { beforeData: () => this.beginData(claimed), cancelled: lost }),
      );
      return { outcome: { state: 'SENT', ...accepted } };
    } catch (error) {
      if (error instanceof MailFault) return { outcome: outcomeOf(error, claimed), cause: error };
      // A fault of ours, such as a database that is away, must not hold the mail back until the claim runs out.
      await releaseClaim(this.db, claimed).catch(() => undefined);
      throw error;
    }
  }

  private async beginData(claimed: DeliveryRow): Promise<void> {
    if (!(await beginData(this.db, claimed))) throw new Error('another worker has taken the mail up');
  }

  /** Renews the claim for as long as the work lasts; the work is told when another worker has taken the mail up. */
  private async whileClaimed<T>(claimed: DeliveryRow, work: (lost: AbortSignal) => Promise<T>): Promise<T> {
    const lost = new AbortController();
    const renewal = setInterval(async () => {
      // A database that is away says nothing about whose the mail is.
      if (!(await renewClaim(this.db, claimed).catch(() => true))) lost.abort();
    }, RENEW_MS);
    try {
      return await work(lost.signal);
    } finally {
      clearInterval(renewal);
    }
  }
}

/** Not worth another try. Where it may have arrived all the same, that is what there is to say. */
function givenUp({ unknownSends }: DeliveryRow, reply: SmtpReply): Outcome {
  return { state: 'FAILED', failure: unknownSends > 0 ? null : 'TOO_LATE', ...reply };
}

function outcomeOf(fault: MailFault, claimed: DeliveryRow): Outcome {
  const { replyCode, enhancedStatus } = fault;
  const reply = { replyCode, enhancedStatus };
  if (fault.isFinal) {
    return { state: 'FAILED', failure: fault.isAddressRefused ? 'ADDRESS_REFUSED' : 'MAIL_REFUSED', ...reply };
  }
  const sent = { ...claimed, unknownSends: claimed.unknownSends + (fault.isFateUnknown ? 1 : 0) };
  const isTooOld = !claimed.challengeId && ageMs(claimed) > NOTICE_WORTH_MS;
  const unknown = fault.isFateUnknown ? { isFateUnknown: true as const } : {};
  if (isTooOld || isSentOut(sent)) return { ...givenUp(sent, reply), ...unknown };
  // A code's challenge is looked at again before each try; once it is over, that is what ends it.
  const delayMs = retryDelayMs(claimed.attempts, claimed.challengeId ? CODE_RETRY_MAX_MS : NOTICE_RETRY_MAX_MS);
  return { state: 'RETRYING', ...reply, delayMs, ...unknown };
}

/** How old it is, within seconds, by the database's clock alone. */
function ageMs({ claimedUntil, createdAt }: DeliveryRow): number {
  return (claimedUntil ?? createdAt).getTime() - createdAt.getTime();
}
