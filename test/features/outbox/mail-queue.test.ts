import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createPostgresBackend, Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { JobQueue } from '../../../src/outbox/queue.js';
import type { Handset } from '../../support/handset.js';
import { everyday, inStep } from '../../support/in-step.js';
import { type Mood, MoodyMailServer } from '../../support/moody-mail-server.js';
import { asA, type Challenge, type Delivery } from '../../support/outcomes.js';
import { backEnds, Servers } from '../../support/servers.js';
import type { Store } from '../../support/store.js';
import { SWEPT_MS, until } from '../../support/waiting.js';

const later: Mood = { command: 'DATA', replyCode: 451, text: '4.3.0 later' };
const busy: Mood = { command: 'RCPT TO', replyCode: 421, text: '4.3.2 too busy' };

describe.each(backEnds)('the mail queue on $name', ({ redis }) => {
  let mailServer: MoodyMailServer;
  let servers: Servers;

  beforeAll(async () => {
    mailServer = await MoodyMailServer.start();
    servers = await Servers.start({ redis, env: { SMTP_URL: mailServer.url } });
  });
  beforeEach(() => mailServer.open());
  afterAll(async () => {
    await servers[Symbol.asyncDispose]();
    await mailServer[Symbol.asyncDispose]();
  });

  /** A signed-in device, whose set-up of two-step verification is a mail that the API tells about. */
  async function signedUp(): Promise<Handset> {
    const phone = servers.stranger();
    const challenge = asA('Challenge', await phone.signUp());
    const { code } = await mailServer.taken(phone.owner.email);
    asA('SignedIn', await phone.verify(challenge, code ?? ''));
    return phone;
  }

  const firstDelivery = ({ deliveries }: Challenge): Delivery => {
    const [delivery] = deliveries;
    if (!delivery) throw new Error('nothing was sent');
    return delivery;
  };

  /** Reads the challenge until its one delivery is in this state. */
  async function stateOf(phone: Handset, challenge: Challenge, state: string): Promise<Delivery> {
    return until(async () => {
      const delivery = firstDelivery(await phone.challenge(challenge));
      return delivery.state === state ? delivery : null;
    }, `a delivery that is ${state}`);
  }

  function openQueue(of: Servers) {
    return of.redis
      ? new Queue('mail', { connection: { url: of.redis.url }, prefix: 'doorstep:bull' })
      : new Queue(
          'mail',
          { connection: { connectionString: of.database.url, schema: 'bullmq', migrate: true } },
          createPostgresBackend,
        );
  }

  /** How many jobs the queue of these servers has, whatever their state. */
  async function jobs(of = servers): Promise<number> {
    const queue = openQueue(of);
    try {
      return Object.values(await queue.getJobCounts()).reduce((sum, count) => sum + count, 0);
    } finally {
      await queue.close();
    }
  }

  /** All that the queue of these servers knows is lost. */
  async function emptyQueue(of: Servers): Promise<void> {
    if (!of.redis) {
      await of.database.query('truncate bullmq.job cascade');
      return;
    }
    const admin = new Redis(of.redis.url);
    await admin.flushall();
    admin.disconnect();
  }

  describe('tells the truth about a mail', () => {
    // Those that wait for a next try do so side by side: each for mails to an address of its own.

    test('it waits, and then the mail server has taken it', async () => {
      const phone = await signedUp();
      mailServer.shut();
      const challenge = asA('Challenge', await phone.startTwoStepSetup());
      await using changes = phone.challengeChanges(challenge);
      const waiting = firstDelivery(await changes.next());
      expect(waiting).toMatchObject({ method: 'EMAIL', state: 'QUEUED', reason: 'MAIL_WAITING', devicesReached: null });
      mailServer.open();
      const accepted = firstDelivery(await changes.next());
      expect(accepted).toMatchObject({ id: waiting.id, state: 'SENT', reason: 'MAIL_ACCEPTED' });
      expect(accepted.hint).toMatch(/spam/i);
    });

    test.concurrent('it is refused for now, is tried again after growing pauses, and is the same mail', async () => {
      const phone = await signedUp();
      mailServer.refuse(phone.owner.email, later, later);
      const challenge = asA('Challenge', await phone.startTwoStepSetup());
      await using changes = phone.challengeChanges(challenge);
      const refused = await changes.nextThat((seen) => firstDelivery(seen).state === 'RETRYING');
      expect(firstDelivery(refused)).toMatchObject({ reason: 'MAIL_SERVER_UNAVAILABLE' });
      expect(firstDelivery(refused).hint).toContain('451 4.3.0');
      await changes.nextThat((seen) => firstDelivery(seen).state === 'SENT');

      const [, first, second, third] = mailServer.triesFor(phone.owner.email);
      if (!first || !second || !third) throw new Error('there were not three tries');
      expect(second.at - first.at).toBeGreaterThanOrEqual(500);
      expect(third.at - second.at).toBeGreaterThanOrEqual(1000);
      expect(new Set([first.messageId, second.messageId, third.messageId]).size).toBe(1);
      expect(new Set([first.code, second.code, third.code]).size).toBe(1);
      asA('TwoStepEnabled', await phone.enableTwoStep(challenge, third.code ?? ''));
    });

    test.concurrent('a mail server that has no time is asked again', async () => {
      const phone = await signedUp();
      mailServer.refuse(phone.owner.email, busy);
      const challenge = asA('Challenge', await phone.startTwoStepSetup());
      await stateOf(phone, challenge, 'SENT');
    });

    test.each([
      [
        'the address',
        { command: 'RCPT TO', replyCode: 550, text: '5.1.1 no such user' },
        'ADDRESS_REFUSED',
        '550 5.1.1',
      ],
      ['the mail', { command: 'DATA', replyCode: 554, text: '5.7.1 looks like spam' }, 'MAIL_REFUSED', '554 5.7.1'],
    ] as const)('%s is refused for good: nothing is tried again', async (_what, mood, reason, reply) => {
      const phone = await signedUp();
      mailServer.refuse(phone.owner.email, mood);
      const challenge = asA('Challenge', await phone.startTwoStepSetup());
      const refused = await stateOf(phone, challenge, 'FAILED');
      expect(refused).toMatchObject({ reason, hint: expect.stringContaining(reply) });
      // The mail server's own words are nobody's to read.
      expect(refused.hint).not.toMatch(/no such user|looks like spam/);
      expect(await servers.database.row('select attempts from delivery where id = $1', [refused.id])).toEqual({
        attempts: 1,
      });
    });

    test.concurrent('the mail server may have taken it: it is sent once more, as the same mail, and who waits is told', async () => {
      const env = { SMTP_URL: mailServer.url, SMTP_DATA_SECONDS: '1' };
      await using impatient = await Servers.start({ redis, env });
      const phone = impatient.stranger();
      const signUp = asA('Challenge', await phone.signUp());
      asA('SignedIn', await phone.verify(signUp, (await mailServer.taken(phone.owner.email)).code ?? ''));
      mailServer.refuse(phone.owner.email, 'hang', 'drop');
      const challenge = asA('Challenge', await phone.startTwoStepSetup());
      await using changes = phone.challengeChanges(challenge);
      const unknown = await changes.nextThat((seen) => firstDelivery(seen).reason === 'MAIL_FATE_UNKNOWN');
      expect(firstDelivery(unknown)).toMatchObject({
        state: 'RETRYING',
        hint: expect.stringMatching(/may still arrive/),
      });
      const givenUp = await changes.nextThat((seen) => firstDelivery(seen).state === 'FAILED');
      const { id, reason } = firstDelivery(givenUp);
      expect(reason).toBe('MAIL_FATE_UNKNOWN');
      const sends = () => mailServer.attempts.filter(({ messageId }) => messageId.includes(id));
      const [first, second] = sends();
      expect(second).toMatchObject({ messageId: first?.messageId, code: first?.code });

      // What the person asks for is a send of its own, and the same code.
      await impatient.database.age('challenge', '30 seconds', 'id = $1', [challenge.id]);
      asA('Challenge', await phone.sendCode(challenge, 'EMAIL'));
      const asked = await mailServer.taken(phone.owner.email, 3);
      expect(asked.messageId).not.toBe(first?.messageId);
      asA('TwoStepEnabled', await phone.enableTwoStep(challenge, asked.code ?? ''));
      expect(sends()).toHaveLength(2);
    });

    test.concurrent('a refusal for now is known, also of a mail that was sent again: it is tried on', async () => {
      const env = { SMTP_URL: mailServer.url, SMTP_DATA_SECONDS: '1' };
      await using impatient = await Servers.start({ redis, env });
      const phone = impatient.stranger();
      mailServer.refuse(phone.owner.email, 'drop', later);
      asA('Challenge', await phone.signUp());
      await until(() => impatient.database.count('delivery', "state = 'SENT' and unknown_sends = 1"), 'the mail');
      expect(mailServer.triesFor(phone.owner.email)).toHaveLength(3);
    });

    test('a mail server that is back after ten minutes is given no dead code', async () => {
      const phone = await signedUp();
      mailServer.refuseAll(busy);
      const challenge = asA('Challenge', await phone.startTwoStepSetup());
      const { id } = await stateOf(phone, challenge, 'RETRYING');
      await servers.database.age('challenge', '10 minutes', 'id = $1', [challenge.id]);
      await servers.database.age('delivery', '10 minutes', 'id = $1', [id]);
      mailServer.open();
      await until(
        () => servers.database.count('delivery', "id = $1 and failure = 'TOO_LATE'", [id]),
        'the worker, to give up',
      );
      expect(mailServer.triesFor(phone.owner.email)).toHaveLength(1);
    });

    test.concurrent('a challenge that is over by the time of the next try is not mailed any more', async () => {
      const phone = await signedUp();
      mailServer.refuse(phone.owner.email, later);
      const challenge = asA('Challenge', await phone.startTwoStepSetup());
      await stateOf(phone, challenge, 'RETRYING');
      // A newer set-up ends this one.
      asA('Challenge', await phone.startTwoStepSetup());
      const { id, reason } = await stateOf(phone, challenge, 'FAILED');
      expect(reason).toBe('TOO_LATE');
      await until(
        () => servers.database.count('delivery', "id = $1 and state = 'FAILED'", [id]),
        'the worker, to give up',
      );
      expect(mailServer.attempts.filter(({ messageId }) => messageId.includes(id))).toHaveLength(1);
    });
  });

  describe('sends each mail once', () => {
    test('however often its job is queued, and however many workers there are', async () => {
      await using second = await servers.add({ api: false, worker: true }).then(disposable);
      expect(second).toBeDefined();
      const phone = await signedUp();
      mailServer.shut();
      const challenge = asA('Challenge', await phone.startTwoStepSetup());
      const { id } = firstDelivery(challenge);
      const enqueueAgain = async (...turns: number[]) => {
        const queue = new JobQueue(servers.config(), pino({ level: 'silent' }));
        for (const turn of turns) queue.enqueueAgain(id, turn);
        await queue.close();
      };
      // While it is being sent, and after it.
      await enqueueAgain(0, 1, 2, 3, 4);
      await until(async () => (await jobs()) === 1, 'the end of all jobs but the one that sends');
      mailServer.open();
      await stateOf(phone, challenge, 'SENT');
      await enqueueAgain(5, 6, 7, 8, 9);
      await until(async () => (await jobs()) === 0, 'an empty queue');
      expect(mailServer.attempts.filter(({ messageId }) => messageId.includes(id))).toHaveLength(1);
    });

    test('and forgets its job, whether the mail was taken or refused', async () => {
      const phone = await signedUp();
      mailServer.refuse(phone.owner.email, { command: 'RCPT TO', replyCode: 550, text: '5.1.1 no such user' });
      await stateOf(phone, asA('Challenge', await phone.startTwoStepSetup()), 'FAILED');
      await until(async () => (await jobs()) === 0, 'an empty queue');
    });
  });

  describe('loses no mail', () => {
    // They wait for the sweeper, side by side: each for a mail of its own.
    beforeAll(() => mailServer.open());

    test.concurrent('whose job was never queued: it is swept up', async () => {
      const phone = servers.stranger();
      const { id } = asA('Challenge', await phone.signUp());
      const { code } = await mailServer.taken(phone.owner.email);
      await servers.database.query(
        `insert into delivery (challenge_id, method, to_address, locale, next_attempt_at)
         values ($1, 'EMAIL', $2, 'en', clock_timestamp() - interval '3 seconds')`,
        [id, phone.owner.email],
      );
      expect((await mailServer.taken(phone.owner.email, 1, SWEPT_MS)).code).toBe(code);
    });

    test.concurrent('when a worker dies in the middle of it: another takes it up once the claim is void', async () => {
      const phone = servers.stranger();
      const { id } = asA('Challenge', await phone.signUp());
      const sent = await mailServer.taken(phone.owner.email);
      await until(
        () => servers.database.count('delivery', "challenge_id = $1 and state = 'SENT'", [id]),
        'the end of it',
      );
      // As if the worker had died after the mail server took it, and before it could write so.
      await servers.database.query(
        `update delivery set state = 'QUEUED', claimed_until = clock_timestamp() + interval '1 second',
           next_attempt_at = clock_timestamp() - interval '3 seconds' where challenge_id = $1`,
        [id],
      );
      const again = await mailServer.taken(phone.owner.email, 1, SWEPT_MS);
      expect(again).toMatchObject({ messageId: sent.messageId, code: sent.code });
    });

    test.concurrent('whose job carries nothing but the id of its row', async () => {
      await using idle = await Servers.start({ redis, worker: false, env: { SMTP_URL: mailServer.url } });
      const { id } = asA('Challenge', await idle.stranger().signUp());
      const delivery = await idle.database.row<{ id: string }>('select id from delivery where challenge_id = $1', [id]);
      await until(async () => (await jobs(idle)) === 1, 'the job');
      const queue = openQueue(idle);
      const [job] = await queue.getJobs();
      await queue.close();
      expect(job?.data).toEqual({ deliveryId: delivery.id });
    });

    test.concurrent('when the queue is emptied', async () => {
      await using idle = await Servers.start({ redis, worker: false, env: { SMTP_URL: mailServer.url } });
      const phone = idle.stranger();
      asA('Challenge', await phone.signUp());
      await until(async () => (await jobs(idle)) === 1, 'the job');
      await emptyQueue(idle);
      await idle.add({ api: false, worker: true });
      await mailServer.taken(phone.owner.email, 0, SWEPT_MS);
    });
  });
});

const onRedis = backEnds.some(({ redis }) => redis) ? describe : describe.skip;

onRedis('a Redis that', () => {
  let sound: Servers;

  beforeAll(async () => {
    sound = await Servers.start();
  });
  afterAll(() => sound[Symbol.asyncDispose]());

  const faults: readonly (readonly [string, (redis: Store) => unknown, (redis: Store) => unknown])[] = [
    ['is away, and comes back empty,', (redis) => redis.kill(), (redis) => redis.restart()],
    ['hangs', (redis) => redis.pause(), (redis) => redis.resume()],
  ];

  test.each(faults)('%s holds up nobody for more than two seconds, and the mails go after it', async (...fault) => {
    const [, begin, end] = fault;
    await using servers = await Servers.start({ redis: true });
    const redis = servers.redis as Store;
    const [phone, other] = await Promise.all([servers.trusted(), sound.trusted()]);
    const stranger = servers.stranger();
    await begin(redis);
    try {
      const challenge = await inStep(everyday(phone, stranger), everyday(other, sound.stranger()), 2_000);
      await end(redis);
      asA('SignedIn', await stranger.verify(challenge, await servers.mailbox.code(stranger.owner.email)));
    } finally {
      redis.resume();
    }
  });
});

/** An app that is closed at the end of its scope. */
function disposable<T extends { close(): Promise<void> }>(app: T): T & AsyncDisposable {
  return Object.assign(app, { [Symbol.asyncDispose]: () => app.close() });
}
