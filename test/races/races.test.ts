import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Backend } from '../support/backend.js';
import type { Handset } from '../support/handset.js';
import { asA, type Challenge, promptId, tally } from '../support/outcomes.js';
import { wrongCode } from '../support/owner.js';
import { type Asked, purposeDrivers } from '../support/purpose-drivers.js';
import { backEnds, Servers } from '../support/servers.js';
import { until } from '../support/waiting.js';

// What is counted by account or by time is out of the way where a race needs more of it than a person would: a sign-in
// counts as failed until its password was compared, so that more than these at once are slowed down, right or wrong.
const limits = {
  CHALLENGES_PER_ACCOUNT_HOUR: 10_000,
  PROMPTS_UNANSWERED: 1000,
  DENIALS_BEFORE_PAUSE: 1000,
  PASSWORD_FAILURES_FREE: 20,
  MAILS_PER_ADDRESS_HOUR: 1000,
  UNPROVEN_MAILS_DAY: 100,
};

describe('of many requests at once, over two servers,', () => {
  let servers: Servers;
  let shop: Backend;

  beforeAll(async () => {
    servers = await Servers.start({ count: 2, redis: backEnds.some(({ redis }) => redis), limits });
    shop = await Backend.add(servers);
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  /** The same device as often as asked for, every other one talking to the second server. */
  function twins(handset: Handset, count: number): Handset[] {
    return Array.from({ length: count }, (_, nth) => handset.twin(servers.client(nth % 2)));
  }

  async function asked(name = 'Laptop', phone?: Handset) {
    const trusted = phone ?? (await servers.trusted());
    const laptop = trusted.another(name);
    const challenge = await laptop.challenged();
    const requests = (await trusted.viewer())?.loginRequests ?? [];
    const code = requests.find(({ id }) => id === promptId(challenge))?.code ?? '';
    return { phone: trusted, laptop, challenge, code };
  }

  const times = <T>(count: number, work: (nth: number) => T): T[] =>
    Array.from({ length: count }, (_, nth) => work(nth));
  const receiptsOf = ({ challenge }: Asked) =>
    servers.database.count('verification', 'challenge_id = $1 and receipt_hash is not null', [challenge.id]);
  /** Live and ended ones alike. */
  const sessionsOf = ({ id }: Challenge) => servers.database.count('session', 'challenge_id = $1', [id]);
  const triesOf = async ({ id }: Challenge) =>
    (await servers.database.row<{ tries: number }>('select tries from challenge where id = $1', [id])).tries;
  const liveSessions = ({ owner }: Handset) =>
    servers.database.count(
      'session s join device d on d.id = s.device_id join account a on a.id = s.account_id',
      'a.email = $1 and s.ended_at is null and d.removed_at is null',
      [owner.email],
    );

  const drivers = purposeDrivers(
    () => servers,
    () => shop,
  );

  describe.each(drivers)('codes of $name', (driver) => {
    const { right, opens, failures } = driver;

    test('that are all right are right once', async () => {
      const one = await driver.ask();
      const outcomes = await Promise.all(times(50, (nth) => driver.type(one, one.code, nth)));
      expect(tally(outcomes)).toEqual({ [right]: 1, ChallengeClosed: 49 });
      expect(await sessionsOf(one.challenge)).toBe(opens);
      expect(await receiptsOf(one)).toBe(one.started ? 1 : 0);
    });

    test('that are all wrong are compared five times', async () => {
      const one = await driver.ask();
      // One path for all of them: what two hundred show of one need not be shown of each.
      const count = driver.name === 'SIGN_IN' ? 200 : 50;
      const outcomes = await Promise.all(times(count, (nth) => driver.type(one, wrongCode(one.code), nth)));
      expect(tally(outcomes)).toEqual({ WrongCode: 5, ChallengeClosed: count - 5 });
      const left = outcomes.flatMap((outcome) => ('attemptsRemaining' in outcome ? [outcome.attemptsRemaining] : []));
      expect(left.sort()).toEqual([0, 1, 2, 3, 4]);
      expect(await triesOf(one.challenge)).toBe(5);
      expect((await one.device.challenge(one.challenge)).state).toBe('LOCKED');
    });

    test('of which one is right are right with it, or are locked without', async () => {
      const one = await driver.ask();
      const outcomes = await Promise.all(
        times(50, (nth) => driver.type(one, nth === 25 ? one.code : wrongCode(one.code), nth)),
      );
      const { [right]: isRight = 0, WrongCode = 0 } = tally(outcomes);
      expect(isRight + WrongCode).toBeLessThanOrEqual(5);
      expect(await triesOf(one.challenge)).toBeLessThanOrEqual(5);
      expect(await sessionsOf(one.challenge)).toBe(opens * isRight);
      expect((await one.device.challenge(one.challenge)).state).toBe(isRight === 1 ? 'VERIFIED' : 'LOCKED');
    });

    test('that are wrong add up over challenges that were opened before, where the account answers for them', async () => {
      const owner = await driver.owner();
      const all = [];
      while (all.length < (failures ? 12 : 4)) all.push(await driver.ask(owner, `Laptop ${all.length}`));
      const guesses = all.flatMap((one) => times(7, (nth) => driver.type(one, wrongCode(one.code), nth)));
      const { WrongCode, ...others } = tally(await Promise.all(guesses));
      // Else each challenge has its own.
      expect(WrongCode).toBe(failures ? 10 : 5 * all.length);
      const expected = failures ? ['TemporarilyLocked', 'ChallengeClosed'] : ['ChallengeClosed'];
      expect(Object.keys(others).filter((name) => !expected.includes(name))).toEqual([]);
      const tries = await Promise.all(all.map(({ challenge }) => triesOf(challenge)));
      expect(tries.reduce((sum, n) => sum + n)).toBe(WrongCode);
      const [last] = all.slice(-1);
      if (failures && last) {
        expect((await driver.type(last, last.code)).__typename).toBe('TemporarilyLocked');
        // What is guessed in one place is paused there, and nowhere else.
        const other = failures === 'code_failures' ? 'confirm_failures' : 'code_failures';
        const counts = await servers.database.row<Record<string, number>>(
          'select code_failures, confirm_failures from account where id = (select account_id from challenge where id = $1)',
          [last.challenge.id],
        );
        expect([counts[failures], counts[other]]).toEqual([10, 0]);
      }
    });

    test('are sent again once', async () => {
      const one = await driver.ask();
      const { method } = one.challenge;
      await servers.database.query(
        `update challenge set last_app_send_at = last_app_send_at - interval '1 minute',
           last_mail_send_at = last_mail_send_at - interval '1 minute' where id = $1`,
        [one.challenge.id],
      );
      const outcomes = await Promise.all(
        times(16, (nth) => one.device.twin(servers.client(nth % 2)).sendCode(one.challenge, method)),
      );
      expect(tally(outcomes)).toEqual({ Challenge: 1, ResendTooSoon: 15 });
      expect((await one.device.challenge(one.challenge)).deliveries).toHaveLength(2);
    });

    test.each([
      ['account', 'select 1 from account where id = (select account_id from challenge where id = $1) for update'],
      ['challenge', 'select 1 from challenge where id = $1 for update'],
    ])('that waited for the %s until its time was over opens nothing', async (_what, lock) => {
      const one = await driver.ask();
      await servers.database.query(
        "update challenge set expires_at = clock_timestamp() + interval '1 second' where id = $1",
        [one.challenge.id],
      );
      const outcome = await servers.database.holding(lock, [one.challenge.id], async (held) => {
        const typing = driver.type(one, one.code);
        await held.waiters(1);
        const isOver = () =>
          servers.database.count('challenge', 'id = $1 and expires_at < clock_timestamp()', [one.challenge.id]);
        await until(isOver, 'the end of its time');
        await held.release();
        return typing;
      });
      expect(outcome).toMatchObject({ __typename: 'ChallengeClosed', state: 'EXPIRED' });
      expect(await sessionsOf(one.challenge)).toBe(0);
      expect(await receiptsOf(one)).toBe(0);
    });

    test('that are right against the end of the epoch that they were asked for under: nothing is left of them', async () => {
      const one = await driver.ask();
      const typing = times(16, (nth) => driver.type(one, one.code, nth));
      await servers.database.query(
        'update account set epoch = epoch + 1 where id = (select account_id from challenge where id = $1)',
        [one.challenge.id],
      );
      const { [right]: isRight = 0, ChallengeClosed = 0 } = tally(await Promise.all(typing));
      expect([isRight <= 1, isRight + ChallengeClosed]).toEqual([true, 16]);
      expect(await sessionsOf(one.challenge)).toBe(opens * isRight);
      expect((await driver.type(one, one.code)).__typename).toBe('ChallengeClosed');
    });
  });

  describe.each(drivers.filter(({ isPrompt }) => isPrompt))('codes of $name', (driver) => {
    const { right, opens } = driver;

    test('that are right against a denial at the same moment: one of the two has happened', async () => {
      const owner = await driver.owner();
      for (let round = 0; round < 4; round += 1) {
        const one = await driver.ask(owner, `Laptop ${round}`);
        // Who turns it off has no trusted device any more that could deny.
        const denying = driver.deny(one).catch((error: Error) => error.message);
        const [outcome, state] = await Promise.all([driver.type(one, one.code), denying]);
        const hasWon = outcome.__typename === right;
        expect(state).toMatch(hasWon ? /VERIFIED|UNAUTHENTICATED|FORBIDDEN/ : /^DENIED$/);
        expect(await sessionsOf(one.challenge)).toBe(hasWon ? opens : 0);
        expect(await receiptsOf(one)).toBe(hasWon && one.started ? 1 : 0);
        if (driver.isLasting && hasWon) break;
      }
    });
  });

  describe('codes', () => {
    test('of one sign-up open one account', async () => {
      const phone = servers.stranger();
      const challenge = asA('Challenge', await phone.signUp());
      const code = await servers.mailbox.code(phone.owner.email);
      const outcomes = await Promise.all(twins(phone, 16).map((twin) => twin.verify(challenge, code)));
      expect(tally(outcomes)).toEqual({ SignedIn: 1, ChallengeClosed: 15 });
      expect(await liveSessions(phone)).toBe(1);
    });

    test('of several sign-ups for one address open one account', async () => {
      const phone = servers.stranger();
      const codes = new Map<string, string>();
      const challenges: Challenge[] = [];
      for (let nth = 0; nth < 3; nth += 1) {
        const challenge = asA('Challenge', await phone.signUp());
        challenges.push(challenge);
        codes.set(challenge.id, await servers.mailbox.code(phone.owner.email));
      }
      const outcomes = await Promise.all(
        challenges.flatMap((challenge) =>
          twins(phone, 5).map((twin) => twin.verify(challenge, codes.get(challenge.id) ?? '')),
        ),
      );
      expect(tally(outcomes)).toEqual({ SignedIn: 1, ChallengeClosed: 14 });
      expect(await servers.database.count('account', 'email = $1', [phone.owner.email])).toBe(1);
      expect(await liveSessions(phone)).toBe(1);
    });

    test('turn two-step verification on once', async () => {
      const phone = await servers.signedUp();
      const challenge = asA('Challenge', await phone.startTwoStepSetup());
      const code = await servers.mailbox.code(phone.owner.email);
      const outcomes = await Promise.all(twins(phone, 16).map((twin) => twin.enableTwoStep(challenge, code)));
      expect(tally(outcomes)).toEqual({ TwoStepEnabled: 1, ChallengeClosed: 15 });
      const entries = 'account_id = (select id from account where email = $1)';
      expect(
        await servers.database.count('activity', `type = 'TWO_STEP_ENABLED' and ${entries}`, [phone.owner.email]),
      ).toBe(1);
    });
  });

  describe('sign-ins', () => {
    test('with one device token are all let in, and the first of their tokens to be used retires the others', async () => {
      const phone = await servers.trusted();
      const tabs = twins(phone, 16);
      const outcomes = await Promise.all(tabs.map((tab) => tab.signIn()));
      expect(tally(outcomes)).toEqual({ SignedIn: 16 });
      expect(new Set(tabs.map((tab) => tab.deviceToken)).size).toBe(16);

      const [used, sibling] = tabs as [Handset, Handset];
      const parent = phone.deviceToken;
      asA('SignedIn', await used.signIn());
      asA('Challenge', await sibling.signIn());
      phone.deviceToken = parent;
      asA('Challenge', await phone.signIn());
      // The one who used it first goes on as before.
      asA('SignedIn', await used.signIn());
    });

    test('with wrong passwords are all counted', async () => {
      const phone = await servers.signedUp();
      const guesses = twins(phone.another('Thief'), 32).map((thief) => thief.signIn({ password: 'not the right one' }));
      const outcomes = (await Promise.all(guesses)).map((outcome) => asA('InvalidCredentials', outcome));
      expect(outcomes.filter(({ retryAt }) => retryAt === null)).toHaveLength(limits.PASSWORD_FAILURES_FREE);
    });

    test('that run into the turning on of two-step verification leave no session behind', async () => {
      const phone = await servers.signedUp();
      const challenge = asA('Challenge', await phone.startTwoStepSetup());
      const code = await servers.mailbox.code(phone.owner.email);
      const laptops = twins(phone.another('Laptop'), 16);
      const [enabled, ...entered] = await Promise.all([
        phone.enableTwoStep(challenge, code),
        ...laptops.map((laptop) => laptop.signIn()),
      ]);
      asA('TwoStepEnabled', enabled);
      const { SignedIn = 0, Challenge = 0 } = tally(entered);
      expect(SignedIn + Challenge).toBe(16);
      expect(await liveSessions(phone)).toBe(1);
      const viewers = await Promise.all(laptops.filter(({ sessionToken }) => sessionToken).map((one) => one.viewer()));
      expect(viewers.filter((viewer) => viewer !== null)).toEqual([]);
    });
  });

  describe('a copied token', () => {
    /** The phone, which has gone on, and a thief with the token that it had before. */
    async function copied(): Promise<{ phone: Handset; thief: Handset }> {
      const phone = await servers.trusted();
      const thief = phone.twin();
      asA('SignedIn', await phone.signIn());
      asA('SignedIn', await phone.signIn());
      return { phone, thief };
    }

    const retiredLongAgo = ({ owner }: Handset) =>
      servers.database.query(
        `update device_token set retired_at = retired_at - interval '60 seconds' where device_id in
           (select d.id from device d join account a on a.id = d.account_id where a.email = $1)`,
        [owner.email],
      );

    test('that was retired a moment ago meets a challenge, for an answer may have been lost', async () => {
      const { phone, thief } = await copied();
      asA('Challenge', await thief.signIn());
      expect((await phone.viewer())?.currentDevice.isTrusted).toBe(true);
    });

    test('ends the trust, the sessions and the pending challenges of its device, and the owner is told once', async () => {
      const { phone, thief } = await copied();
      const { challenge, laptop, code } = await asked('Laptop', phone);
      await retiredLongAgo(phone);
      const outcomes = await Promise.all(twins(thief, 16).map((twin) => twin.signIn()));
      expect(tally(outcomes)).toEqual({ Challenge: 16 });

      expect(await phone.viewer()).toBeNull();
      expect(await liveSessions(phone)).toBe(0);
      expect(asA('ChallengeClosed', await laptop.verify(challenge, code)).state).toBe('CANCELLED');
      // Its own token is not worth anything any more either.
      asA('Challenge', await phone.signIn());
      const mail = await servers.mailbox.next(phone.owner.email, ({ text }) => /cop(y|ied)/i.test(text ?? ''));
      const alike = servers.mailbox.to(phone.owner.email).filter(({ subject }) => subject === mail.subject);
      expect(alike).toHaveLength(1);
    });

    test('that comes with a wrong password raises nothing', async () => {
      const { phone, thief } = await copied();
      await retiredLongAgo(phone);
      asA('InvalidCredentials', await thief.signIn({ password: 'not the right one' }));
      expect((await phone.viewer())?.currentDevice.isTrusted).toBe(true);
    });

    test('and a right code at the same moment leave a session only if the code came first', async () => {
      const { phone, thief } = await copied();
      const { challenge, laptop, code } = await asked('Laptop', phone);
      await retiredLongAgo(phone);
      await Promise.all([
        ...twins(laptop, 4).map((twin) => twin.verify(challenge, code)),
        ...twins(thief, 12).map((twin) => twin.signIn()),
      ]);
      const { state } = await laptop.challenge(challenge);
      expect(await sessionsOf(challenge)).toBe(state === 'VERIFIED' ? 1 : 0);
      expect(['VERIFIED', 'CANCELLED']).toContain(state);
    });
  });

  describe('a right code', () => {
    test('and the sign-out of the phone that showed it at the same moment: both have happened', async () => {
      const { phone, laptop, challenge, code } = await asked();
      const [outcome, ended] = await Promise.all([laptop.verify(challenge, code), phone.signOut()]);
      asA('SignedIn', outcome);
      expect(ended).toBe(1);
    });
  });
});
