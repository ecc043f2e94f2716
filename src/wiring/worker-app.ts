// What is sent is described where the API shows it, by decorators.
import 'reflect-metadata';
import { NotReady } from '../api/not-ready.js';
import { CodeMails } from '../challenges/code-mails.js';
import { type BrandRow, brandOf, brandRowOf } from '../clients/brands.js';
import { Codes } from '../codes/codes.js';
import { VetoCodes } from '../codes/veto-codes.js';
import { Sequencer } from '../feed/sequencer.js';
import { MailTemplates } from '../mail/templates.js';
import { MailTransport } from '../mail/transport.js';
import { Outbound } from '../outbound/outbound.js';
import { type Composer, MailSender } from '../outbox/mail-sender.js';
import { NoticeMails } from '../outbox/notice-mails.js';
import { JobWorker } from '../outbox/queue.js';
import { sweepOutbox } from '../outbox/sweeper.js';
import { PushSender } from '../push/push-sender.js';
import { PushTries } from '../push/push-tries.js';
import { Vapid } from '../push/vapid.js';
import { Pulse } from '../sql/pulse.js';
import { sql } from '../sql/statement.js';
import { HeldChangeMails } from '../subjects/held-change-mails.js';
import { WebhookSender } from '../webhooks/webhook-sender.js';
import type { Foundation } from './foundation.js';
import { Retention } from './retention.js';

/** The page of the web client where a change that waits is stopped by the code of a mail. */
const VETO_PAGE = 'stop-change';

/**
 * How long a shutdown waits for what is being sent; what takes longer is sent again by another worker, a mail once where
 * the mail server may have it. The stores may each take their time after it, and the process has ten seconds for all of it.
 */
const RUNNING_WORK_MS = 5_000;
/** How long it then takes, at most, to write down that they were not sent. */
const LAST_WORDS_MS = 1_000;

/** The part that sends mail, webhooks and pushes, numbers the feed and cleans up. */
export interface WorkerApp {
  /** Resolves if jobs are taken now; rejects with what is amiss. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Starts to take jobs. The tables must be there. */
export function startWorker({ config, logger, db, bus, queue, places, texts }: Foundation): WorkerApp {
  const templates = new MailTemplates(texts, {
    overrideFolder: config.mailTemplates,
    supportContact: config.supportContact,
  });
  const codeMails = new CodeMails(new Codes(config.codeKeys), templates, places, texts);
  const noticeMails = new NoticeMails(templates, places, texts);
  const vetoPage = new URL(VETO_PAGE, config.publicUrl);
  const heldChangeMails = new HeldChangeMails(new VetoCodes(config.codeKeys), templates, vetoPage);
  const composer: Composer<BrandRow> = {
    brand: brandRowOf(
      sql`coalesce(delivery.account_id, (select account_id from challenge where id = delivery.challenge_id))`,
    ),
    async compose(db, delivery) {
      const brand = brandOf(delivery.brand);
      if (delivery.notice === 'HELD_CHANGE') return heldChangeMails.compose(db, delivery, brand);
      return noticeMails.compose(delivery, brand) ?? codeMails.compose(db, delivery, brand);
    },
  };
  const transport = new MailTransport(config, logger);
  const sender = new MailSender(db, composer, transport, bus, config.mailFrom.address);
  const webhooks = new WebhookSender(db, new Outbound(config.webhookAllow), config.codeKeys, config.limits, logger);
  const vapid = new Vapid(config.vapidKeys, config.vapidSubject);
  const pushTries = new PushTries(db, new Outbound(config.pushAllow), vapid, config.codeKeys, config.limits);
  const pushes = new PushSender(db, bus, pushTries, config.limits, logger);
  const worker = new JobWorker(
    config,
    {
      MAIL: (deliveryId) => sender.run(deliveryId),
      WEBHOOK: (clientId) => webhooks.wake(clientId),
      PUSH: (challengeId) => pushes.wake(challengeId),
    },
    logger,
  );
  const pulse = new Pulse(db, logger);
  sweepOutbox(pulse, queue);
  const retention = new Retention(db, config.limits, logger);
  const sequencer = new Sequencer(db, bus, queue, logger, pulse);
  return {
    async check() {
      if (!worker.hasOpened) throw new NotReady('the worker takes no jobs yet');
      await queue.check();
    },
    async close() {
      await Promise.all([
        pulse.close(),
        retention.close(),
        sequencer.close(),
        worker.close(RUNNING_WORK_MS),
        webhooks.close(RUNNING_WORK_MS, LAST_WORDS_MS),
        pushes.close(RUNNING_WORK_MS, LAST_WORDS_MS),
      ]);
      // A send that is cut off here gives its claim back; one that died with the process would hold up the mail by it.
      transport.close();
      await worker.close(LAST_WORDS_MS);
    },
  };
}
