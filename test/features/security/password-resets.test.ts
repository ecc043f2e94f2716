import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Handset } from '../../support/handset.js';
import { codeIn } from '../../support/mailbox.js';
import { asA, type Challenge, promptId } from '../../support/outcomes.js';
import {
  changePassword,
  letIn,
  member,
  REQUEST_PASSWORD_RESET,
  requestReset,
  resetByMail,
  resetPassword,
  wrongCode,
} from '../../support/owner.js';
import { Servers } from '../../support/servers.js';

const NEW_PASSWORD = 'velvet-harbour-57-kettle';

let servers: Servers;

beforeAll(async () => {
  servers = await Servers.start({ limits: { OPEN_MAILS_PER_ADDRESS_AND_IP_HOUR: 100 } });
});
afterAll(() => servers[Symbol.asyncDispose]());

/** Two trusted devices of one account. */
async function phoneAndLaptop(): Promise<{ phone: Handset; laptop: Handset }> {
  const phone = await servers.trusted();
  const laptop = phone.another('Laptop');
  await letIn(phone, laptop);
  return { phone, laptop };
}

describe('resetting the password', () => {
  test('lets the new one in and the old one no more, and signs nobody in', async () => {
    const phone = await servers.signedUp();
    expect(await resetByMail(phone, NEW_PASSWORD)).toBe(1);
    expect(await phone.viewer()).toBeNull();
    asA('InvalidCredentials', await phone.signIn());
    asA('SignedIn', await phone.signIn({ password: NEW_PASSWORD }));
  });

  test('ends every session, every trust, and the sign-ins that wait', async () => {
    const { phone, laptop } = await phoneAndLaptop();
    await using requests = phone.loginRequests();
    await requests.next();
    const tablet = phone.another('Tablet');
    const challenge = await tablet.challenged();
    expect(await resetByMail(phone, NEW_PASSWORD)).toBe(2);
    expect(await requests.closed()).toMatchObject({ code: 4401 });
    expect([await phone.viewer(), await laptop.viewer()]).toEqual([null, null]);
    expect(await tablet.challenge(challenge)).toMatchObject({ state: 'CANCELLED' });
  });

  test('is not stopped by whoever changes the password in between', async () => {
    const phone = await servers.signedUp();
    const challenge = await requestReset(phone);
    const code = await phone.mailbox.code(phone.owner.email);
    member('PasswordChanged', await changePassword(phone, 'copper-meadow-31-violin'));
    expect(await resetPassword(phone, challenge, code, NEW_PASSWORD)).toMatchObject({ __typename: 'PasswordReset' });
  });

  test('is done once: the codes of other resets are wrong by it, and nobody sees that', async () => {
    const phone = await servers.signedUp();
    const other = await requestReset(phone);
    const code = await phone.mailbox.code(phone.owner.email);
    await resetByMail(phone, NEW_PASSWORD);
    member('WrongCode', await resetPassword(phone, other, code, 'copper-meadow-31-violin'));
    expect(await phone.challenge(other)).toMatchObject({ state: 'PENDING' });
  });

  test('leaves the second step standing, also for a device that was trusted', async () => {
    const { phone } = await phoneAndLaptop();
    await resetByMail(phone, NEW_PASSWORD);
    expect(asA('Challenge', await phone.signIn({ password: NEW_PASSWORD }))).toMatchObject({ purpose: 'SIGN_IN' });
  });

  test('works once with a code', async () => {
    const phone = await servers.signedUp();
    const challenge = await requestReset(phone);
    const code = await servers.mailbox.code(phone.owner.email);
    const outcomes = await Promise.all(
      Array.from({ length: 4 }, (_, nth) => resetPassword(phone, challenge, code, `${NEW_PASSWORD}-${nth}`)),
    );
    expect(outcomes.filter(({ __typename }) => __typename === 'PasswordReset')).toHaveLength(1);
    const after = member('ChallengeClosed', await resetPassword(phone, challenge, code, NEW_PASSWORD));
    expect(after.state).toBe('VERIFIED');
  });

  test('spends no try on a password that is too weak', async () => {
    const phone = await servers.signedUp();
    const challenge = await requestReset(phone);
    const code = await servers.mailbox.code(phone.owner.email);
    for (let nth = 0; nth < 6; nth += 1) member('WeakPassword', await resetPassword(phone, challenge, code, 'short'));
    expect(await phone.challenge(challenge)).toMatchObject({ state: 'PENDING', attemptsRemaining: 5 });
    member('PasswordReset', await resetPassword(phone, challenge, code, NEW_PASSWORD));
  });

  test('takes a code of eight digits from the mailbox alone: no trusted device shows it', async () => {
    const phone = await servers.trusted();
    const challenge = await requestReset(phone);
    expect(await servers.mailbox.code(phone.owner.email)).toMatch(/^\d{8}$/);
    expect((await phone.viewer())?.loginRequests).toEqual([]);
    expect(challenge).toMatchObject({ method: 'EMAIL', availableMethods: ['EMAIL'], codeLength: 8 });
  });

  test.each([
    ['signs nobody in', (handset: Handset, challenge: Challenge, code: string) => handset.verify(challenge, code)],
    [
      'turns nothing on',
      (handset: Handset, challenge: Challenge, code: string) => handset.enableTwoStep(challenge, code),
    ],
  ])('takes the code in its own field alone: elsewhere it %s', async (_what, elsewhere) => {
    const phone = await servers.signedUp();
    const challenge = await requestReset(phone);
    const code = await servers.mailbox.code(phone.owner.email);
    expect(asA('ChallengeClosed', await elsewhere(phone, challenge, code)).state).toBe('EXPIRED');
    member('PasswordReset', await resetPassword(phone, challenge, code, NEW_PASSWORD));
  });

  test('takes no code of a sign-in', async () => {
    const phone = await servers.trusted();
    const challenge = await phone.another('Laptop').challenged();
    const code = (await phone.viewer())?.loginRequests[0]?.code ?? '';
    const refused = member('ChallengeClosed', await resetPassword(phone, challenge, code, NEW_PASSWORD));
    expect(refused.state).toBe('EXPIRED');
  });

  test('takes a mailbox, nothing else', async () => {
    const { client } = servers.stranger();
    for (const email of ['', 'nobody', 'a@b@c', 'one@example.com, two@example.com', 'A <a@example.com>', 'a@b\nc']) {
      const { extensions } = await client.error(REQUEST_PASSWORD_RESET, { email });
      expect(extensions.code).toBe('BAD_USER_INPUT');
    }
  });
});

// What can be seen from outside is in enumeration.test.ts.
describe('who has an account', () => {
  test('cannot be told by the rows, but for the account', async () => {
    const rowsOf = async (handset: Handset) => {
      const { id } = await requestReset(handset);
      return servers.database.row(
        `select c.state, c.sends, c.method, count(d.id)::int as deliveries, bool_or(d.is_withheld) as withheld
         from challenge c left join delivery d on d.challenge_id = c.id where c.id = $1 group by c.id`,
        [id],
      );
    };
    expect(await rowsOf(servers.stranger())).toEqual(await rowsOf(await servers.signedUp()));
  });

  test('is told by no mail to a stranger: an address that nobody has gets none', async () => {
    const stranger = servers.stranger();
    const challenge = await requestReset(stranger);
    // The worker is done with it once the delivery is written off.
    const delivery = () =>
      servers.database.row<{ state: string }>('select state from delivery where challenge_id = $1', [challenge.id]);
    while ((await delivery()).state === 'QUEUED') await requestReset(servers.stranger());
    expect(await delivery()).toEqual({ state: 'FAILED' });
    expect(servers.mailbox.to(stranger.owner.email)).toEqual([]);
  });

  test('is not told by a change of the password meanwhile', async () => {
    const phone = await servers.signedUp();
    const challenge = await requestReset(phone);
    await servers.mailbox.code(phone.owner.email);
    await resetByMail(phone, NEW_PASSWORD);
    expect(await phone.challenge(challenge)).toMatchObject({ state: 'PENDING' });
    const wrong = member('WrongCode', await resetPassword(phone, challenge, '00000000', NEW_PASSWORD));
    expect(wrong.attemptsRemaining).toBe(4);
  });

  test('is not told by the language: the texts follow the request alone', async () => {
    const challenge = await requestReset(servers.stranger());
    expect(challenge.help.join(' ')).toContain('We don’t send codes to other addresses.');
    expect(challenge.deliveries).toEqual([]);
  });
});

describe('after a reset of an account that had a trusted device', () => {
  test('codes go by mail only to the devices that were trusted at that moment', async () => {
    const { phone, laptop } = await phoneAndLaptop();
    const visitor = phone.another('Visitor');
    await letIn(phone, visitor, false);
    await resetByMail(phone, NEW_PASSWORD);
    for (const once of [phone, laptop]) {
      const challenge = asA('Challenge', await once.signIn({ password: NEW_PASSWORD }));
      expect(challenge).toMatchObject({ method: 'EMAIL', availableMethods: ['EMAIL'] });
    }
    for (const other of [visitor, phone.another('Tablet')]) {
      const challenge = asA('Challenge', await other.signIn({ password: NEW_PASSWORD }));
      expect(challenge).toMatchObject({ method: 'APP', availableMethods: ['APP'] });
      expect(asA('MethodUnavailable', await other.sendCode(challenge, 'EMAIL')).availableMethods).toEqual(['APP']);
    }
  });

  test('the other devices are told so, and until when', async () => {
    const phone = await servers.trusted();
    await resetByMail(phone, NEW_PASSWORD);
    const tablet = phone.another('Tablet');
    const challenge = asA('Challenge', await tablet.signIn({ password: NEW_PASSWORD }));
    expect(challenge.deliveries).toMatchObject([{ method: 'APP', state: 'QUEUED', reason: 'MAIL_HELD' }]);
    expect(challenge.deliveries[0]?.hint).toMatch(/by email only in (1 day|24 hours)/);
    await servers.database.query(
      "update account set mail_held_until = mail_held_until - interval '22 hours 30 minutes' where email = $1",
      [phone.owner.email],
    );
    expect((await tablet.challenge(challenge)).deliveries[0]?.hint).toContain('only in 2 hours');
  });

  test('a new device is let in by one that came back by mail', async () => {
    const { phone } = await phoneAndLaptop();
    await resetByMail(phone, NEW_PASSWORD);
    const challenge = asA('Challenge', await phone.signIn({ password: NEW_PASSWORD }));
    asA('SignedIn', await phone.verify(challenge, await servers.mailbox.code(phone.owner.email)));
    const tablet = phone.another('Tablet');
    const asked = asA('Challenge', await tablet.signIn({ password: NEW_PASSWORD }));
    const code = (await phone.viewer())?.loginRequests.find(({ id }) => id === promptId(asked))?.code;
    asA('SignedIn', await tablet.verify(asked, code ?? ''));
  });

  test('mail is held for RESET_HOLD_HOURS, and no longer', async () => {
    const phone = await servers.trusted();
    await resetByMail(phone, NEW_PASSWORD);
    const availableTo = async (handset: Handset) =>
      asA('Challenge', await handset.signIn({ password: NEW_PASSWORD })).availableMethods;
    const goBy = (interval: string) =>
      servers.database.query('update account set mail_held_until = mail_held_until - $2::interval where email = $1', [
        phone.owner.email,
        interval,
      ]);
    await goBy('23 hours 59 minutes');
    expect(await availableTo(phone.another('Tablet'))).toEqual(['APP']);
    await goBy('1 minute');
    expect(await availableTo(phone.another('Tablet'))).toEqual(['EMAIL']);
  });

  test('a second reset opens mail to no device that the first one held it from', async () => {
    const phone = await servers.trusted();
    const visitor = phone.another('Visitor');
    await letIn(phone, visitor, false);
    await resetByMail(phone, NEW_PASSWORD);
    await resetByMail(phone, phone.owner.password);
    expect((await visitor.challenged()).availableMethods).toEqual(['APP']);
    expect((await phone.challenged()).availableMethods).toEqual(['EMAIL']);
  });

  test('a device that was signed out by a change of the password is not among those that mail is open to', async () => {
    const { phone, laptop } = await phoneAndLaptop();
    await resetByMail(phone, NEW_PASSWORD);
    const challenge = asA('Challenge', await phone.signIn({ password: NEW_PASSWORD }));
    asA('SignedIn', await phone.verify(challenge, await servers.mailbox.code(phone.owner.email)));
    const password = 'granite-teapot-31-voyage';
    member('PasswordChanged', await changePassword(phone, password, { currentPassword: NEW_PASSWORD }));
    expect(asA('Challenge', await laptop.signIn({ password })).availableMethods).toEqual(['APP']);
  });

  test('an account that had no trusted device is not held', async () => {
    const phone = await servers.signedUp();
    await resetByMail(phone, NEW_PASSWORD);
    asA('SignedIn', await phone.signIn({ password: NEW_PASSWORD }));
    expect(await servers.database.count('account', 'email = $1 and mail_held_until is null', [phone.owner.email])).toBe(
      1,
    );
  });

  test('RESET_HOLD_HOURS=0 turns the hold off', async () => {
    await using unheld = await Servers.start({ limits: { RESET_HOLD_HOURS: 0 } });
    const phone = await unheld.trusted();
    await resetByMail(phone, NEW_PASSWORD);
    const challenge = asA('Challenge', await phone.another('Tablet').signIn({ password: NEW_PASSWORD }));
    expect(challenge).toMatchObject({ method: 'EMAIL', availableMethods: ['EMAIL'] });
  });
});

test('a wrong code leaves no trace that the account could read: strangers reset at will', async () => {
  const phone = await servers.trusted();
  // As many as would make new devices wait.
  for (let resets = 0; resets < 2; resets += 1) {
    const challenge = await requestReset(phone);
    const mail = await servers.mailbox.next(phone.owner.email, (candidate) => candidate.subject.includes('reset'));
    const wrong = wrongCode(codeIn(mail) ?? '');
    for (let nth = 0; nth < 5; nth += 1)
      member('WrongCode', await resetPassword(phone, challenge, wrong, NEW_PASSWORD));
    expect(member('ChallengeClosed', await resetPassword(phone, challenge, wrong, NEW_PASSWORD)).state).toBe('LOCKED');
  }
  expect(await phone.viewer()).not.toBeNull();
  expect((await phone.another('Laptop').challenged()).method).toBe('APP');
});
