import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Handset } from '../../support/handset.js';
import { asA } from '../../support/outcomes.js';
import { changePassword, disableTwoStep, letIn, member, resetByMail } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';

const NEW_PASSWORD = 'velvet-harbour-57-kettle';

let servers: Servers;

beforeAll(async () => {
  servers = await Servers.start({ count: 2 });
});
afterAll(() => servers[Symbol.asyncDispose]());

/** A trusted phone on the first server, and a trusted laptop of the same account on the second. */
async function phoneAndLaptop(): Promise<{ phone: Handset; laptop: Handset }> {
  const phone = await servers.trusted();
  const laptop = phone.another('Laptop', servers.client(1));
  await letIn(phone, laptop);
  return { phone, laptop };
}

function passwordOf(handset: Handset): Promise<{ hash: string; epoch: number }> {
  return servers.database.row('select password_hash as hash, epoch from account where email = $1', [
    handset.owner.email,
  ]);
}

describe('changing the password', () => {
  test('lets the new one in and the old one no more', async () => {
    const phone = await servers.signedUp();
    member('PasswordChanged', await changePassword(phone, NEW_PASSWORD));
    asA('InvalidCredentials', await phone.signIn());
    asA('SignedIn', await phone.signIn({ password: NEW_PASSWORD }));
  });

  test('takes the current password, and changes nothing without it', async () => {
    const phone = await servers.signedUp();
    const before = await passwordOf(phone);
    const refused = await changePassword(phone, NEW_PASSWORD, { currentPassword: 'not the password' });
    expect(member('WrongPassword', refused)).toEqual({
      __typename: 'WrongPassword',
      message: 'Wrong password.',
      retryAt: null,
    });
    expect(await passwordOf(phone)).toEqual(before);
  });

  test('slows down whoever guesses the current password on a device that is signed in', async () => {
    const phone = await servers.signedUp();
    const guess = () => changePassword(phone, NEW_PASSWORD, { currentPassword: 'not the password' });
    for (let nth = 0; nth < 5; nth += 1) expect(member('WrongPassword', await guess()).retryAt).toBeNull();
    const slowed = member('WrongPassword', await guess());
    expect(Date.parse(slowed.retryAt ?? '')).toBeGreaterThan(Date.now() - 1000);
    expect(member('WrongPassword', await changePassword(phone, NEW_PASSWORD)).retryAt).not.toBeNull();
    expect(member('WrongPassword', await disableTwoStep(phone)).retryAt).not.toBeNull();
    await servers.database.query("update password_attempt set delayed_until = delayed_until - interval '1 minute'");
    member('PasswordChanged', await changePassword(phone, NEW_PASSWORD));
  });

  test('refuses a weak one, and changes nothing', async () => {
    const phone = await servers.signedUp();
    const before = await passwordOf(phone);
    const { message, suggestions } = member('WeakPassword', await changePassword(phone, 'short'));
    expect(message).toBe('Choose a stronger password.');
    expect(suggestions).toEqual(['Use at least 12 characters.']);
    expect(await passwordOf(phone)).toEqual(before);
  });

  test('gives the session a new token, and the one before opens nothing', async () => {
    const phone = await servers.trusted();
    const before = phone.twin();
    member('PasswordChanged', await changePassword(phone, NEW_PASSWORD));
    expect(phone.sessionToken).not.toBe(before.sessionToken);
    expect(await before.viewer()).toBeNull();
    expect((await phone.viewer())?.currentDevice).toMatchObject({ isTrusted: true });
  });

  test('ends every other session and every other trust', async () => {
    const { phone, laptop } = await phoneAndLaptop();
    const changed = member('PasswordChanged', await changePassword(phone, NEW_PASSWORD));
    expect(changed.sessionsEnded).toBe(1);
    expect(changed.account.trustedDevices).toHaveLength(1);
    expect(await laptop.viewer()).toBeNull();
    asA('Challenge', await laptop.signIn({ password: NEW_PASSWORD }));
    asA('SignedIn', await phone.signIn({ password: NEW_PASSWORD }));
  });

  test('leaves the other sessions and their trust where it is asked to', async () => {
    const { phone, laptop } = await phoneAndLaptop();
    const changed = member(
      'PasswordChanged',
      await changePassword(phone, NEW_PASSWORD, { signOutOtherDevices: false }),
    );
    expect(changed.sessionsEnded).toBe(0);
    expect((await laptop.viewer())?.currentDevice).toMatchObject({ isTrusted: true });
    asA('SignedIn', await laptop.signIn({ password: NEW_PASSWORD }));
  });

  test('ends the sign-ins and the set-ups that wait for a code', async () => {
    const { phone } = await phoneAndLaptop();
    const tablet = phone.another('Tablet');
    const challenge = await tablet.challenged();
    member('PasswordChanged', await changePassword(phone, NEW_PASSWORD, { signOutOtherDevices: false }));
    expect(await tablet.challenge(challenge)).toMatchObject({ state: 'CANCELLED' });

    const other = await servers.signedUp();
    const setUp = asA('Challenge', await other.startTwoStepSetup());
    const code = await servers.mailbox.code(other.owner.email);
    member('PasswordChanged', await changePassword(other, NEW_PASSWORD));
    expect(await other.challenge(setUp)).toMatchObject({ state: 'CANCELLED' });
    asA('ChallengeClosed', await other.enableTwoStep(setUp, code));
  });

  test('ends a stop that only a change or a reset ends', async () => {
    const phone = await servers.trusted();
    await servers.database.query('update account set code_failures = 50 where email = $1', [phone.owner.email]);
    expect(asA('TemporarilyLocked', await phone.another('Laptop').signIn()).retryAt).toBeNull();
    member('PasswordChanged', await changePassword(phone, NEW_PASSWORD));
    asA('Challenge', await phone.another('Laptop').signIn({ password: NEW_PASSWORD }));
  });
});

describe('a password', () => {
  const judge = async (password: string, handset = servers.stranger()) =>
    asA('WeakPassword', await handset.signUp(password));

  test.each([
    ['lower-case words alone', 'walrus paddle ember cloud'],
    ['no letters at all', '8205937146028351'],
    ['blanks around and within it', '  ember  walrus  paddle  '],
    ['another script', 'жёлтый кактус поёт ночью'],
    ['emoji', '🦊🌵🪐🎻🧭🪁🐙🍉🛶🧲🪴🎈'],
    ['256 characters', 'quartz-lantern-92-orbit-'.repeat(11).slice(0, 256)],
  ])('may have %s: there are no rules of composition', async (_what, password) => {
    asA('Challenge', await servers.stranger().signUp(password));
  });

  test.each([
    ['too short', 'qz7!Kx', 'Use at least 12 characters.'],
    ['too long', 'quartz-lantern-92-orbit-'.repeat(11).slice(0, 257), 'Use at most 256 characters.'],
    ['one that many use', 'passwordpassword', 'Avoid repeated words and characters.'],
    ['a row of keys', 'qwertyuiop[]', 'Make it harder to guess'],
    ['a repetition', 'abcabcabcabcabc', 'easy to guess'],
    ['the name of the product', 'Doorstep2026', 'Don’t use your email address or the name Doorstep in your password.'],
  ])('is refused where it is %s, with what would make it stronger', async (_what, password, suggestion) => {
    const { suggestions } = await judge(password);
    expect(suggestions.join('\n')).toContain(suggestion);
  });

  test('is refused where it is the own address', async () => {
    const handset = servers.stranger();
    const { suggestions } = await judge(handset.owner.email, handset);
    expect(suggestions).toContain('Don’t use your email address or the name Doorstep in your password.');
  });

  test('is counted in characters, not in bytes', async () => {
    expect((await judge('🦊🌵🪐🎻🧭🪁🐙🍉🛶🧲🪴')).suggestions).toEqual(['Use at least 12 characters.']);
  });

  test('is the same however its characters are composed', async () => {
    const typed = 'Schöner-Ort-ﬁnden-92';
    const handset = servers.stranger();
    const challenge = asA('Challenge', await handset.signUp(typed));
    asA('SignedIn', await handset.verify(challenge, await servers.mailbox.code(handset.owner.email)));
    for (const password of [typed.normalize('NFD'), 'Schöner-Ort-finden-92', 'Schöner-Ort-finden-９２']) {
      asA('SignedIn', await handset.signIn({ password }));
    }
    asA('InvalidCredentials', await handset.signIn({ password: 'Schoner-Ort-finden-92' }));
    asA('InvalidCredentials', await handset.signIn({ password: typed.toLowerCase() }));
    const other = 'Ein-ﬂinker-Täter-58';
    const changed = await changePassword(handset, other.normalize('NFKC'), {
      currentPassword: typed.normalize('NFKD'),
    });
    member('PasswordChanged', changed);
    asA('SignedIn', await handset.signIn({ password: other }));
  });
});

describe('turning two-step verification off', () => {
  test('needs the password', async () => {
    const phone = await servers.trusted();
    member('WrongPassword', await disableTwoStep(phone, 'not the password'));
    expect((await phone.viewer())?.twoStep).toMatchObject({ enabled: true });
  });

  test('forgets every trust, and asks no device for a code any more', async () => {
    const { phone, laptop } = await phoneAndLaptop();
    const { account } = member('TwoStepDisabled', await disableTwoStep(phone));
    expect(account).toEqual({ twoStep: { enabled: false }, trustedDevices: [] });
    expect((await laptop.viewer())?.currentDevice).toMatchObject({ isTrusted: false });
    expect(asA('SignedIn', await phone.another('Tablet').signIn()).device).toMatchObject({ isTrusted: false });
  });

  test('does not bring trust back when it is turned on again', async () => {
    const { phone, laptop } = await phoneAndLaptop();
    member('TwoStepDisabled', await disableTwoStep(phone));
    await phone.turnOnTwoStep();
    expect(await laptop.viewer()).toBeNull();
    asA('Challenge', await laptop.signIn());
    asA('SignedIn', await phone.signIn());
  });

  test('ends the sign-ins that wait for a code', async () => {
    const phone = await servers.trusted();
    const tablet = phone.another('Tablet');
    const challenge = await tablet.challenged();
    member('TwoStepDisabled', await disableTwoStep(phone));
    expect(await tablet.challenge(challenge)).toMatchObject({ state: 'CANCELLED' });
  });

  test('where it is off already tells and changes nothing', async () => {
    const phone = await servers.signedUp();
    const before = await passwordOf(phone);
    expect(member('TwoStepDisabled', await disableTwoStep(phone)).account.twoStep.enabled).toBe(false);
    expect(await passwordOf(phone)).toEqual(before);
    expect(
      await servers.database.count('delivery', 'notice is not null and to_address = $1', [phone.owner.email]),
    ).toBe(0);
  });
});

test('no password is in the database, nor in the log', async () => {
  const phone = await servers.signedUp();
  member('PasswordChanged', await changePassword(phone, NEW_PASSWORD));
  await resetByMail(phone, 'copper-meadow-31-violin');
  const kept = [await servers.database.dump(), ...servers.log].join('\n');
  for (const password of [phone.owner.password, NEW_PASSWORD, 'copper-meadow-31-violin']) {
    expect(kept).not.toContain(password);
  }
});
