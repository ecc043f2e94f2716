import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Handset } from '../../support/handset.js';
import { CHALLENGE_CHANGES, VIEWER } from '../../support/operations.js';
import { type Account, asA, type Challenge, promptId } from '../../support/outcomes.js';
import { changePassword, member } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';

describe('a challenge', () => {
  let servers: Servers;

  beforeAll(async () => {
    servers = await Servers.start();
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  /** A trusted phone, and a laptop that was just asked for a code. */
  async function asked(): Promise<{ phone: Handset; laptop: Handset; challenge: Challenge; code: string }> {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    const challenge = await laptop.challenged();
    const [request] = (await phone.viewer())?.loginRequests ?? [];
    return { phone, laptop, challenge, code: request?.code ?? '' };
  }

  const age = (challenge: Challenge, interval: string) =>
    servers.database.age('challenge', interval, 'id = $1', [challenge.id]);

  test('whose time is over stays EXPIRED, whatever would have ended it', async () => {
    const { phone, laptop, challenge } = await asked();
    await age(challenge, '11 minutes');
    member('PasswordChanged', await changePassword(phone, 'harbour-violet-47-kestrel'));
    expect((await laptop.challenge(challenge)).state).toBe('EXPIRED');
  });

  describe('takes codes', () => {
    test('with white space and dashes in them, as people copy them', async () => {
      const { laptop, challenge, code } = await asked();
      asA('SignedIn', await laptop.verify(challenge, ` ${code.slice(0, 3)}\u00a0-\u2011${code.slice(3)}\n`));
    });

    test('and is locked by the fifth wrong one, so that the right one opens nothing any more', async () => {
      const { phone, laptop, challenge, code } = await asked();
      const left: number[] = [];
      for (let nth = 0; nth < 5; nth += 1) {
        left.push(asA('WrongCode', await laptop.verify(challenge, otherThan(code))).attemptsRemaining);
      }
      expect(left).toEqual([4, 3, 2, 1, 0]);
      expect(asA('ChallengeClosed', await laptop.verify(challenge, code)).state).toBe('LOCKED');
      expect(await laptop.challenge(challenge)).toMatchObject({
        state: 'LOCKED',
        attemptsRemaining: 0,
        resendAt: null,
      });
      const mail = await servers.mailbox.next(phone.owner.email, ({ subject }) => /code/i.test(subject));
      expect(mail.text).toContain('Laptop');
    });

    test.each([
      ['nothing', ''],
      ['a digit too few', '12345'],
      ['a digit too many', '1234567'],
      ['letters', 'abcdef'],
      ['ten thousand digits', '1'.repeat(10_000)],
    ])('of its form alone: %s is none, and costs no try', async (_what, typed) => {
      const { laptop, challenge } = await asked();
      await expect(laptop.verify(challenge, typed)).rejects.toThrow('BAD_USER_INPUT');
      expect((await laptop.challenge(challenge)).attemptsRemaining).toBe(5);
    });

    test('in the digits of any script', async () => {
      const { laptop, challenge, code } = await asked();
      const inArabic = (digits: string) =>
        digits.replace(/\d/g, (digit) => String.fromCodePoint(0x660 + Number(digit)));
      expect(asA('WrongCode', await laptop.verify(challenge, inArabic(otherThan(code)))).attemptsRemaining).toBe(4);
      asA('SignedIn', await laptop.verify(challenge, inArabic(code)));
    });

    test('for ten minutes, and not after', async () => {
      const { laptop, challenge, code } = await asked();
      await age(challenge, '10 minutes');
      expect(asA('ChallengeClosed', await laptop.verify(challenge, code)).state).toBe('EXPIRED');
      expect(asA('ChallengeClosed', await laptop.sendCode(challenge, 'EMAIL')).state).toBe('EXPIRED');
      expect(await laptop.challenge(challenge)).toMatchObject({
        state: 'EXPIRED',
        attemptsRemaining: 5,
        resendAt: null,
      });
    });

    test('in the fields of its purpose alone, and spends no try elsewhere', async () => {
      const { phone, laptop, challenge, code } = await asked();
      expect(asA('ChallengeClosed', await phone.enableTwoStep(challenge, code)).state).toBe('EXPIRED');
      expect((await laptop.challenge(challenge)).attemptsRemaining).toBe(5);

      const fresh = await servers.signedUp();
      const setUp = asA('Challenge', await fresh.startTwoStepSetup());
      const mailed = await servers.mailbox.code(fresh.owner.email);
      expect(asA('ChallengeClosed', await fresh.verify(setUp, mailed)).state).toBe('EXPIRED');
      expect((await fresh.challenge(setUp)).attemptsRemaining).toBe(5);
    });

    test('of its own: the code of another challenge is wrong here', async () => {
      const { phone, laptop, challenge } = await asked();
      const other = await phone.another('Tablet').challenged();
      const requests = (await phone.viewer())?.loginRequests ?? [];
      const code = requests.find(({ id }) => id === promptId(other))?.code ?? '';
      asA('WrongCode', await laptop.verify(challenge, code));
    });

    test('once: the same code again opens nothing', async () => {
      const { laptop, challenge, code } = await asked();
      asA('SignedIn', await laptop.verify(challenge, code));
      expect(asA('ChallengeClosed', await laptop.another('Thief').verify(challenge, code)).state).toBe('VERIFIED');
    });

    test('no more once a trusted device says that it was somebody else, and the mailbox is told what to do', async () => {
      const { phone, laptop, challenge, code } = await asked();
      expect(await phone.deny(challenge)).toMatchObject({ state: 'DENIED', code: null });
      expect(asA('ChallengeClosed', await laptop.verify(challenge, code)).state).toBe('DENIED');
      const mail = await servers.mailbox.next(phone.owner.email, ({ text }) => /Laptop/.test(text ?? ''));
      expect(mail.text).toMatch(/password/i);
    });
  });

  describe('that does not exist', () => {
    const unknown = { token: `chl_${'A'.repeat(43)}` };

    test.each([unknown, { token: 'not a token' }, { token: '' }])(
      '%j takes no code and sends none',
      async (challenge) => {
        const laptop = servers.stranger();
        expect(asA('ChallengeClosed', await laptop.verify(challenge, '123456')).state).toBe('EXPIRED');
        expect(asA('ChallengeClosed', await laptop.sendCode(challenge, 'EMAIL')).state).toBe('EXPIRED');
        expect(await laptop.challenge(challenge)).toBeNull();
      },
    );

    test('cannot be subscribed to', async () => {
      await using changes = servers.client().subscribe(CHALLENGE_CHANGES, unknown);
      expect((await changes.error()).extensions.code).toBe('NOT_FOUND');
    });
  });

  test('opens nothing by its token, nor does a device token: neither is a session', async () => {
    const { phone, challenge } = await asked();
    for (const token of [challenge.token, phone.deviceToken]) {
      expect((await servers.client().data<{ result: Account | null }>(VIEWER, {}, { token })).result).toBeNull();
    }
  });

  describe('sends its code', () => {
    test('by mail too, and it is the same code, of which one is enough', async () => {
      const { phone, laptop, challenge, code } = await asked();
      const again = asA('Challenge', await laptop.sendCode(challenge, 'EMAIL'));
      expect(again).toMatchObject({ id: challenge.id, token: challenge.token, method: 'EMAIL' });
      expect(again.sentTo).toMatch(/^.\*\*\*@e\*\*\*\.com$/);
      expect(await servers.mailbox.code(phone.owner.email)).toBe(code);
      asA('SignedIn', await laptop.verify(challenge, code));
    });

    test('by one method every thirty seconds, by another at once', async () => {
      const { laptop, challenge } = await asked();
      const { retryAt } = asA('ResendTooSoon', await laptop.sendCode(challenge, 'APP'));
      expect(retryAt).toBe(challenge.resendAt);
      asA('Challenge', await laptop.sendCode(challenge, 'EMAIL'));
      asA('ResendTooSoon', await laptop.sendCode(challenge, 'EMAIL'));
      await age(challenge, '30 seconds');
      asA('Challenge', await laptop.sendCode(challenge, 'APP'));
    });

    test('five times in all', async () => {
      const { phone, laptop, challenge, code } = await asked();
      for (let nth = 2; nth <= 5; nth += 1) {
        await age(challenge, '30 seconds');
        const sent = asA('Challenge', await laptop.sendCode(challenge, 'EMAIL'));
        expect(sent.resendAt === null).toBe(nth === 5);
        expect(sent.deliveries).toHaveLength(nth);
        expect(await servers.mailbox.code(phone.owner.email)).toBe(code);
      }
      await age(challenge, '30 seconds');
      asA('SendLimitReached', await laptop.sendCode(challenge, 'EMAIL'));
      asA('SendLimitReached', await laptop.sendCode(challenge, 'APP'));
      asA('SignedIn', await laptop.verify(challenge, code));
    });

    test('at most ten times an hour to one mailbox, over all challenges of the account', async () => {
      const phone = await servers.trusted();
      await phone.report({ notificationsEnabled: false });
      // The set-up's code was the first.
      for (let nth = 2; nth <= 10; nth += 1) {
        expect((await phone.another('Laptop').challenged()).method).toBe('EMAIL');
        await servers.mailbox.code(phone.owner.email);
      }
      const laptop = phone.another('Laptop');
      const withheld = await laptop.challenged();
      expect(withheld.deliveries).toMatchObject([{ method: 'EMAIL', state: 'FAILED', reason: 'MAIL_LIMIT_REACHED' }]);
      expect(withheld.deliveries[0]?.hint).toMatch(/^We’ve emailed too many codes/);
      await age(withheld, '30 seconds');
      asA('SendLimitReached', await laptop.sendCode(withheld, 'EMAIL'));
      asA('Challenge', await laptop.sendCode(withheld, 'APP'));
    });

    test('only in a way that there is', async () => {
      const phone = servers.stranger();
      const challenge = asA('Challenge', await phone.signUp());
      const { availableMethods } = asA('MethodUnavailable', await phone.sendCode(challenge, 'APP'));
      expect(availableMethods).toEqual(['EMAIL']);
    });

    test('no more once it is over', async () => {
      const { laptop, challenge, code } = await asked();
      asA('SignedIn', await laptop.verify(challenge, code));
      expect(asA('ChallengeClosed', await laptop.sendCode(challenge, 'EMAIL')).state).toBe('VERIFIED');
    });
  });
});

/** A code of the same length that is not this one. */
function otherThan(code: string): string {
  return [...code].map((digit) => (Number(digit) + 1) % 10).join('');
}
