import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Handset } from '../support/handset.js';
import { asA, type Challenge, type Outcome, promptId, tally } from '../support/outcomes.js';
import { backEnds, Servers } from '../support/servers.js';
import { until } from '../support/waiting.js';

// What is counted by account or by time is out of the way where a race needs more of it than a person would: a sign-in
// counts as failed until its password was compared, so that more than these at once are slowed down, right or wrong.
const limits = {
  CHALLENGES_PER_ACCOUNT_HOUR: 10_000,
  PROMPTS_UNANSWERED: 1000,
  DENIALS_BEFORE_PAUSE: 1000,
  PASSWORD_FAILURES_FREE: 20,
};

describe('of many requests at once, over two servers,', () => {
  let servers: Servers;

  beforeAll(async () => {
    servers = await Servers.start({ count: 2, redis: backEnds.some(({ redis }) => redis), limits });
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

  describe('codes', () => {
    test('that are all right open one session', async () => {
      const { laptop, challenge, code } = await asked();
      const outcomes = await Promise.all(twins(laptop, 50).map((twin) => twin.verify(challenge, code)));
      expect(tally(outcomes)).toEqual({ SignedIn: 1, ChallengeClosed: 49 });
      expect(await sessionsOf(challenge)).toBe(1);
    });

    test('that are all wrong are compared five times', async () => {
      const { laptop, challenge, code } = await asked();
      const outcomes = await Promise.all(twins(laptop, 200).map((twin) => twin.verify(challenge, `${code}0`)));
      expect(tally(outcomes)).toEqual({ WrongCode: 5, ChallengeClosed: 195 });
      const left = outcomes.flatMap((outcome) => ('attemptsRemaining' in outcome ? [outcome.attemptsRemaining] : []));
      expect(left.sort()).toEqual([0, 1, 2, 3, 4]);
      expect(await triesOf(challenge)).toBe(5);
      expect((await laptop.challenge(challenge)).state).toBe('LOCKED');
    });

    test('of which one is right open a session with it, or are locked without', async () => {
      const { laptop, challenge, code } = await asked();
      const outcomes = await Promise.all(
        twins(laptop, 50).map((twin, nth) => twin.verify(challenge, nth === 25 ? code : `${code}0`)),
      );
      const { SignedIn = 0, WrongCode = 0 } = tally(outcomes);
      expect(SignedIn + WrongCode).toBeLessThanOrEqual(5);
      expect(await triesOf(challenge)).toBeLessThanOrEqual(5);
      expect(await sessionsOf(challenge)).toBe(SignedIn);
      expect((await laptop.challenge(challenge)).state).toBe(SignedIn === 1 ? 'VERIFIED' : 'LOCKED');
    });

    test('that are wrong add up over challenges that were opened before: ten are compared, then new devices wait', async () => {
      const { phone, ...first } = await asked();
      const all = [first];
      while (all.length < 30) all.push(await asked(`Laptop ${all.length}`, phone));
      const guesses = all.flatMap(({ laptop, challenge, code }) =>
        twins(laptop, 7).map((twin) => twin.verify(challenge, `${code}0`)),
      );
      const outcomes = await Promise.all(guesses);
      expect(outcomes).toHaveLength(210);
      const { WrongCode, ...others } = tally(outcomes);
      expect(WrongCode).toBe(10);
      expect(Object.keys(others).filter((name) => !['TemporarilyLocked', 'ChallengeClosed'].includes(name))).toEqual(
        [],
      );
      const tries = await Promise.all(all.map(({ challenge }) => triesOf(challenge)));
      expect(tries.reduce((sum, n) => sum + n)).toBe(10);
      asA('TemporarilyLocked', await phone.another('One more').signIn());
      asA('SignedIn', await phone.signIn());
    });

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

    test('are sent again once', async () => {
      const { phone, laptop, challenge, code } = await asked();
      const outcomes = await Promise.all(twins(laptop, 16).map((twin) => twin.sendCode(challenge, 'EMAIL')));
      expect(tally(outcomes)).toEqual({ Challenge: 1, ResendTooSoon: 15 });
      expect(await servers.mailbox.code(phone.owner.email)).toBe(code);
      expect((await laptop.challenge(challenge)).deliveries).toHaveLength(2);
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
    test('and a denial at the same moment: one of the two has happened', async () => {
      const phone = await servers.trusted();
      for (let round = 0; round < 8; round += 1) {
        const { laptop, challenge, code } = await asked(`Laptop ${round}`, phone);
        const [outcome, denied] = await Promise.all([laptop.verify(challenge, code), phone.deny(challenge)]);
        const hasWon = outcome.__typename === 'SignedIn';
        expect(denied.state).toBe(hasWon ? 'VERIFIED' : 'DENIED');
        expect(await sessionsOf(challenge)).toBe(hasWon ? 1 : 0);
      }
    });

    test('and the sign-out of the phone that showed it at the same moment: both have happened', async () => {
      const { phone, laptop, challenge, code } = await asked();
      const [outcome, ended] = await Promise.all([laptop.verify(challenge, code), phone.signOut()]);
      asA('SignedIn', outcome);
      expect(ended).toBe(1);
    });

    test.each([
      ['account', 'select 1 from account where id = (select account_id from challenge where id = $1) for update'],
      ['challenge', 'select 1 from challenge where id = $1 for update'],
    ])('that waited for the %s until its time was over opens nothing', async (_what, lock) => {
      const { laptop, challenge, code } = await asked();
      await servers.database.query(
        "update challenge set expires_at = clock_timestamp() + interval '1 second' where id = $1",
        [challenge.id],
      );
      const outcome = await servers.database.holding(lock, [challenge.id], async (held) => {
        const verifying: Promise<Outcome> = laptop.verify(challenge, code);
        await held.waiters(1);
        const isOver = () =>
          servers.database.count('challenge', 'id = $1 and expires_at < clock_timestamp()', [challenge.id]);
        await until(isOver, 'the end of its time');
        await held.release();
        return verifying;
      });
      expect(asA('ChallengeClosed', outcome).state).toBe('EXPIRED');
      expect(await sessionsOf(challenge)).toBe(0);
    });
  });
});
