import { describe, expect, jest, test } from '@jest/globals';
import { FaultProxy } from '../support/fault-proxy.js';
import type { Handset } from '../support/handset.js';
import { type Attempt, MoodyMailServer } from '../support/moody-mail-server.js';
import { asA } from '../support/outcomes.js';
import { Process } from '../support/processes.js';
import { backEnds, Servers } from '../support/servers.js';
import { SWEPT_MS, until } from '../support/waiting.js';

// Real processes start here, each of them two seconds of work. What most of a test waits for is the sweeper's next turn, so they
// wait side by side: no two of them share a store.
jest.setTimeout(90_000);

/** The longest that a claim stands which nobody renews any more. */
const CLAIM_SECONDS = 15;

describe('a mail in the middle of its sending', () => {
  test.concurrent.each(backEnds)(
    'goes out once more when its worker is killed, as the same mail with the same code, on $name',
    async ({ redis }) => {
      await using mailServer = await MoodyMailServer.start();
      await using servers = await Servers.start({ redis, worker: false, env: { SMTP_URL: mailServer.url } });
      await using worker = await Process.worker(servers.environment());
      const phone = servers.stranger();
      // It has the mail, and the worker never learns so.
      mailServer.refuse(phone.owner.email, 'hang');
      const challenge = asA('Challenge', await phone.signUp());
      const first = await nthTry(mailServer, phone, 0);
      await worker.kill();
      await servers.add({ api: false, worker: true });
      const { seconds } = await servers.database.row<{ seconds: number }>(
        'select extract(epoch from claimed_until - clock_timestamp())::float8 as seconds from delivery',
      );
      expect(seconds).toBeLessThanOrEqual(CLAIM_SECONDS);
      await servers.database.age('delivery', `${CLAIM_SECONDS} seconds`);
      const second = await nthTry(mailServer, phone, 1);
      expect(second).toMatchObject({ messageId: first.messageId, code: first.code });
      await until(() => servers.database.count('delivery', "state = 'SENT'"), 'the end of it');
      expect(mailServer.attempts).toHaveLength(2);
      asA('SignedIn', await phone.verify(challenge, first.code ?? ''));
    },
  );

  test.concurrent('is given up when that worker is killed too, and who waits is told', async () => {
    await using mailServer = await MoodyMailServer.start();
    await using servers = await Servers.start({ worker: false, env: { SMTP_URL: mailServer.url } });
    const phone = await signedUp(servers, mailServer);
    mailServer.refuse(phone.owner.email, 'hang', 'hang');
    const challenge = asA('Challenge', await phone.startTwoStepSetup());
    await using changes = phone.challengeChanges(challenge);
    for (const nth of [1, 2]) {
      await using worker = await Process.worker(servers.environment());
      await nthTry(mailServer, phone, nth);
      await worker.kill();
      await servers.database.age('delivery', `${CLAIM_SECONDS} seconds`, 'challenge_id = $1', [challenge.id]);
    }
    await servers.add({ api: false, worker: true });
    await until(() => servers.database.count('delivery', "state = 'FAILED'"), 'the end of it', SWEPT_MS);
    const [delivery] = (await changes.nextThat(({ deliveries: [seen] }) => seen?.state === 'FAILED')).deliveries;
    expect(delivery).toMatchObject({ reason: 'MAIL_FATE_UNKNOWN' });
    expect(mailServer.triesFor(phone.owner.email)).toHaveLength(3);
  });

  test.concurrent('is not counted as sent while its worker had yet to be greeted, however often that is killed', async () => {
    await using mailServer = await MoodyMailServer.start();
    using way = await FaultProxy.start(mailServer.url);
    await using servers = await Servers.start({ worker: false, env: { SMTP_URL: way.url } });
    const phone = servers.stranger();
    way.blackHole();
    asA('Challenge', await phone.signUp());
    for (const nth of [1, 2, 3]) {
      await using worker = await Process.worker(servers.environment());
      await until(() => way.connections === nth, `try ${nth}`, SWEPT_MS);
      await worker.kill();
      await servers.database.age('delivery', `${CLAIM_SECONDS} seconds`);
    }
    await way.heal();
    await servers.add({ api: false, worker: true });
    await until(() => servers.database.count('delivery', "state = 'SENT' and unknown_sends = 0"), 'the mail', SWEPT_MS);
    expect(mailServer.attempts).toHaveLength(1);
  });

  test.concurrent('is sent once more by another worker when its own is told to stop before the answer is there', async () => {
    await using mailServer = await MoodyMailServer.start();
    await using servers = await Servers.start({ worker: false, env: { SMTP_URL: mailServer.url } });
    await using worker = await Process.worker(servers.environment());
    const phone = servers.stranger();
    mailServer.refuse(phone.owner.email, 'hang');
    asA('Challenge', await phone.signUp());
    const first = await nthTry(mailServer, phone, 0);
    expect(await worker.terminate()).toMatchObject({ code: 0 });
    expect(await servers.database.count('delivery', "state = 'RETRYING' and unknown_sends = 1")).toBe(1);
    await servers.add({ api: false, worker: true });
    expect((await nthTry(mailServer, phone, 1)).messageId).toBe(first.messageId);
  });

  test.concurrent('goes out by another worker when its own hangs, which then leaves it alone', async () => {
    await using mailServer = await MoodyMailServer.start();
    using way = await FaultProxy.start(mailServer.url);
    await using servers = await Servers.start({ worker: false, env: { SMTP_URL: mailServer.url } });
    // Nothing but the lost claim can end its send in time.
    const patient = { SMTP_URL: way.url, SMTP_GREETING_SECONDS: '300' };
    await using worker = await Process.worker(servers.environment(patient));
    const phone = servers.stranger();
    way.blackHole();
    asA('Challenge', await phone.signUp());
    await until(() => way.connections === 1, 'the first send');
    worker.pause();
    await servers.database.age('delivery', `${CLAIM_SECONDS} seconds`);
    await servers.add({ api: false, worker: true });
    await nthTry(mailServer, phone, 0);
    await until(() => servers.database.count('delivery', "state = 'SENT' and attempts = 2"), 'the end of it');
    worker.resume();
    await worker.logged('the mail server did not take a mail');
    await way.heal();
    expect(mailServer.attempts).toHaveLength(1);
  });

  test.concurrent('is kept for its worker for as long as that takes', async () => {
    await using mailServer = await MoodyMailServer.start();
    await using servers = await Servers.start({ env: { SMTP_URL: mailServer.url } });
    const phone = servers.stranger();
    mailServer.refuse(phone.owner.email, 'hang');
    asA('Challenge', await phone.signUp());
    await nthTry(mailServer, phone, 0);
    const claimedUntil = async () =>
      (await servers.database.row<{ until: Date }>('select claimed_until as until from delivery')).until.getTime();
    const first = await claimedUntil();
    // Sooner than it runs out: whoever took the mail up then would have a claim of its own.
    await until(async () => (await claimedUntil()) >= first + 3000, 'a renewal');
    expect(mailServer.triesFor(phone.owner.email)).toHaveLength(1);
  });
});

/** A device that has just signed up, by a worker that is gone. */
async function signedUp(servers: Servers, mailServer: MoodyMailServer): Promise<Handset> {
  const worker = await servers.add({ api: false, worker: true });
  const phone = servers.stranger();
  const challenge = asA('Challenge', await phone.signUp());
  const { code } = await nthTry(mailServer, phone, 0);
  asA('SignedIn', await phone.verify(challenge, code ?? ''));
  await worker.close();
  return phone;
}

function nthTry(mailServer: MoodyMailServer, { owner }: Handset, nth: number): Promise<Attempt> {
  return until(() => mailServer.triesFor(owner.email)[nth], `try ${nth}`, SWEPT_MS);
}
