import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Handset, PASSWORD } from '../support/handset.js';
import { asA, type Challenge, promptId } from '../support/outcomes.js';
import { CREATE_SUPPORT_REPORT, changePassword, codeShownOn, resetByMail, wrongCode } from '../support/owner.js';
import { Servers } from '../support/servers.js';
import { until } from '../support/waiting.js';

// Whoever has the password, or had it, keeps the token of a challenge that is over. It must not be a window on the account.

const NEW_PASSWORD = 'granite-teapot-31-voyage';
const LAST_PASSWORD = 'velvet-harbour-57-kettle';

let servers: Servers;
beforeAll(async () => {
  servers = await Servers.start({ limits: { REPORTS_PER_CHALLENGE: 100, REPORTS_PER_ACCOUNT_HOUR: 1000 } });
});
afterAll(() => servers[Symbol.asyncDispose]());

/** A sign-in that is under way: the owner's phone, the device that asks, and what it was given. */
interface SignIn {
  readonly phone: Handset;
  readonly laptop: Handset;
  readonly challenge: Challenge;
  readonly code: string;
  /** The account's password now. */
  readonly password: string;
}

/** Everything that the token of a challenge can be asked for. */
async function seenOf({ laptop, challenge }: SignIn): Promise<Record<string, unknown>> {
  // Without the session that the challenge may have opened: it ends with the account's password.
  const holder = laptop.another('Laptop');
  await using changes = holder.challengeChanges(challenge);
  const { text } = await holder.ask<{ text: string }>(CREATE_SUPPORT_REPORT, { token: challenge.token });
  return {
    read: await holder.challenge(challenge),
    streamed: await changes.next(),
    byApp: await holder.sendCode(challenge, 'APP'),
    byMail: await holder.sendCode(challenge, 'EMAIL'),
    typed: await holder.verify(challenge, '000000'),
    report: text.replace(/^(Id|Created): .*$/gm, ''),
  };
}

/** Shown on the phone, which is online, and mailed. */
async function shownAndMailed(): Promise<SignIn> {
  const phone = await servers.trusted();
  await using live = phone.loginRequests();
  const laptop = phone.another('Laptop');
  const challenge = await laptop.challenged();
  const { code } = await live.nextThat(({ id }) => id === promptId(challenge));
  asA('Challenge', await laptop.sendCode(challenge, 'EMAIL'));
  await servers.mailbox.code(phone.owner.email);
  await until(async () => {
    const { deliveries } = await laptop.challenge(challenge);
    return deliveries[0]?.reason === 'MAIL_ACCEPTED' && deliveries[1]?.devicesReached === 1;
  }, 'the mail, and the word that the code was shown');
  return { phone, laptop, challenge, code: code ?? '', password: PASSWORD };
}

/** After a reset of the password: no mail for this device, and the phone, which is trusted again, is offline. */
async function held(): Promise<SignIn> {
  const phone = await servers.trusted();
  await resetByMail(phone, NEW_PASSWORD);
  const back = asA('Challenge', await phone.signIn({ password: NEW_PASSWORD }));
  asA('SignedIn', await phone.verify(back, await servers.mailbox.code(phone.owner.email)));
  const laptop = phone.another('Laptop');
  const challenge = asA('Challenge', await laptop.signIn({ password: NEW_PASSWORD }));
  expect(challenge.deliveries[0]?.reason).toBe('MAIL_HELD');
  await phone.report({ notificationsEnabled: false });
  const code = await codeShownOn(phone, challenge);
  // As if it had been read off a phone whose line broke before it was noted that it was shown.
  await servers.database.query('delete from display where challenge_id = $1', [challenge.id]);
  return { phone, laptop, challenge, code, password: NEW_PASSWORD };
}

/** What the account goes through after the challenge is over: all that a view could tell of. */
const changes: [what: string, change: (signIn: SignIn) => Promise<unknown>][] = [
  ['a trusted device comes online', ({ phone }) => online(phone)],
  ['it goes offline', ({ phone }) => offline(phone)],
  ['its notifications are turned on', ({ phone }) => phone.report({ notificationsEnabled: true })],
  ['they are turned off', ({ phone }) => phone.report({ notificationsEnabled: false })],
  ['the app says too late that it shows the code', ({ phone, challenge }) => phone.acknowledge(challenge)],
  ['another device is trusted', trustAnother],
  ['codes are mailed, up to the limit', ({ phone }) => useUpMails(phone)],
  ['new devices are paused', ({ phone }) => pause(phone)],
  ['the password is reset: no device is trusted, and mail is held', ({ phone }) => resetByMail(phone, LAST_PASSWORD)],
];

const ownAccount = '(select id from account where email = $1)';

async function online({ owner }: Handset): Promise<void> {
  await servers.database.query(
    `insert into presence (device_id, server_id) select id, gen_random_uuid() from device where account_id = ${ownAccount}`,
    [owner.email],
  );
}

async function offline({ owner }: Handset): Promise<void> {
  await servers.database.query(
    `delete from presence where device_id in (select id from device where account_id = ${ownAccount})`,
    [owner.email],
  );
}

async function trustAnother({ phone, password }: SignIn): Promise<void> {
  const watch = phone.another('Watch');
  const challenge = asA('Challenge', await watch.signIn({ password }));
  const isMailed = challenge.method === 'EMAIL';
  const code = await (isMailed ? servers.mailbox.code(phone.owner.email) : codeShownOn(phone, challenge));
  asA('SignedIn', await watch.verify(challenge, code, true));
}

async function useUpMails({ owner }: Handset): Promise<void> {
  await servers.database.query(
    `insert into delivery (challenge_id, method, locale, to_address, state)
     select gen_random_uuid(), 'EMAIL', 'en', $1, 'SENT' from generate_series(1, 10)`,
    [owner.email],
  );
}

async function pause({ owner }: Handset): Promise<void> {
  await servers.database.query(
    "update account set code_failures = 49, paused_until = clock_timestamp() + interval '1 hour' where email = $1",
    [owner.email],
  );
}

/** The ways in which a challenge ends. */
const ends: [state: string, end: (signIn: SignIn) => Promise<unknown>][] = [
  ['VERIFIED', async ({ laptop, challenge, code }) => asA('SignedIn', await laptop.verify(challenge, code, false))],
  ['DENIED', ({ phone, challenge }) => phone.deny(challenge)],
  ['EXPIRED', ({ challenge }) => servers.database.age('challenge', '10 minutes', 'id = $1', [challenge.id])],
  [
    'LOCKED',
    async ({ laptop, challenge, code }) => {
      for (let nth = 0; nth < 5; nth += 1) asA('WrongCode', await laptop.verify(challenge, wrongCode(code)));
    },
  ],
  [
    'CANCELLED',
    async ({ phone, password }) => {
      const options = { currentPassword: password, signOutOtherDevices: false };
      const outcome = await changePassword(phone, password, options);
      expect(outcome).toMatchObject({ __typename: 'PasswordChanged' });
    },
  ],
];

describe.each([
  ['that was shown and mailed', shownAndMailed],
  ['that reached nobody while mail was held', held],
])('a challenge %s', (_kind, begin) => {
  test.each(ends)('once it is %s tells nothing of the account as it is now', async (state, end) => {
    const signIn = await begin();
    await end(signIn);
    const before = await seenOf(signIn);
    expect(before).toMatchObject({
      read: { state, availableMethods: [], resendAt: null },
      streamed: { state },
      byApp: { __typename: 'ChallengeClosed', state },
      byMail: { __typename: 'ChallengeClosed', state },
      typed: { __typename: 'ChallengeClosed', state },
    });
    for (const [what, change] of changes) {
      await change(signIn);
      expect({ what, ...(await seenOf(signIn)) }).toEqual({ what, ...before });
    }
  });
});
