import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Backend, sessionOf } from '../../support/backend.js';
import type { Handset } from '../../support/handset.js';
import { asA, type Challenge } from '../../support/outcomes.js';
import { CREATE_SUPPORT_REPORT, codeShownOn, deviceOf, letIn, wrongCode } from '../../support/owner.js';
import { cleanUp } from '../../support/retention.js';
import { Servers } from '../../support/servers.js';
import { ask as askBackend, payment } from '../../support/verifications.js';

// What ends after a time: the rows are aged to a little before it, and then to it.

let servers: Servers;

beforeAll(async () => {
  servers = await Servers.start({
    limits: {
      SESSION_IDLE_DAYS: 7,
      SESSION_MAX_DAYS: 30,
      TRUSTED_SESSION_IDLE_DAYS: 80,
      TRUSTED_SESSION_MAX_DAYS: 300,
      UNUSED_SESSION_SECONDS: 60,
      CHALLENGE_SECONDS: 120,
      RESEND_SECONDS: 20,
      ACCOUNT_TRIES_BEFORE_PAUSE: 2,
      ACCOUNT_PAUSE_SECONDS: 40,
      PASSWORD_FAILURES_FREE: 2,
      PASSWORD_DELAY_MAX_SECONDS: 8,
      PROMPTS_UNANSWERED: 2,
      PROMPTS_WINDOW_SECONDS: 50,
      DENIALS_BEFORE_PAUSE: 2,
      DENIALS_WINDOW_SECONDS: 50,
      PRESENCE_SECONDS: 10,
      ENDED_DAYS: 3,
    },
  });
});
afterAll(() => servers[Symbol.asyncDispose]());

/** Moves one instant of the device's sessions into the past. */
async function setBack(handset: Handset, column: 'created_at' | 'last_used_at', interval: string): Promise<void> {
  await servers.database.query(
    `update session set ${column} = clock_timestamp() - $2::interval
     where device_id in (select d.id from device d join account a on a.id = d.account_id where a.email = $1)`,
    [handset.owner.email, interval],
  );
}

test('a session that was not used for SESSION_IDLE_DAYS is over, and not before', async () => {
  const phone = await servers.signedUp();
  expect(await phone.viewer()).not.toBeNull();
  await setBack(phone, 'created_at', '20 days');
  await setBack(phone, 'last_used_at', '6 days 23:59');
  expect(await phone.viewer()).not.toBeNull();
  await setBack(phone, 'last_used_at', '7 days');
  expect(await phone.viewer()).toBeNull();
});

test('a session that was opened SESSION_MAX_DAYS ago is over, and not before', async () => {
  const phone = await servers.signedUp();
  expect(await phone.viewer()).not.toBeNull();
  await setBack(phone, 'created_at', '29 days 23:59');
  expect(await phone.viewer()).not.toBeNull();
  await setBack(phone, 'created_at', '30 days');
  expect(await phone.viewer()).toBeNull();
});

async function setTrustBack(handset: Handset, interval: string): Promise<void> {
  await servers.database.query(
    `update device set trusted_at = clock_timestamp() - $2::interval
     where account_id = (select id from account where email = $1)`,
    [handset.owner.email, interval],
  );
}

test('a session of a trusted device that was not used for TRUSTED_SESSION_IDLE_DAYS is over, and not before', async () => {
  const phone = await servers.trusted();
  await setTrustBack(phone, '100 days');
  await setBack(phone, 'created_at', '100 days');
  await setBack(phone, 'last_used_at', '79 days 23:59');
  expect(await phone.viewer()).not.toBeNull();
  await setBack(phone, 'last_used_at', '80 days');
  expect(await phone.viewer()).toBeNull();
});

test('a session of a trusted device that was opened TRUSTED_SESSION_MAX_DAYS ago is over, and not before', async () => {
  const phone = await servers.trusted();
  await setTrustBack(phone, '299 days');
  await setBack(phone, 'created_at', '299 days 23:59');
  expect(await phone.viewer()).not.toBeNull();
  await setBack(phone, 'created_at', '300 days');
  expect(await phone.viewer()).toBeNull();
});

test('a session that a code opened and nobody used is over after UNUSED_SESSION_SECONDS, and its device with it', async () => {
  const phone = await servers.trusted();
  const [used, lost] = [phone.another('Used'), phone.another('Lost')];
  for (const laptop of [used, lost]) await letIn(phone, laptop);
  const { id } = await deviceOf(phone);
  const others = 'device_id <> $1 and last_used_at is null';
  await servers.database.age('session', '55 seconds', others, [id]);
  expect(await used.viewer()).not.toBeNull();
  await servers.database.age('session', '5 seconds', others, [id]);
  expect(await lost.viewer()).toBeNull();
  await cleanUp(servers);
  expect((await phone.viewer())?.devices.map(({ name }) => name).sort()).toEqual(['Phone', 'Used']);
  expect(await used.viewer()).not.toBeNull();
});

describe('a device whose first session nobody used stays when', () => {
  /** A device that was let in by a code and whose session's own token has never been used; that is 60 seconds ago. */
  async function letInAndLeft(trustDevice: boolean) {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    await letIn(phone, laptop, trustDevice);
    // It has kept what names the device, and not the session.
    laptop.sessionToken = null;
    const { id } = await servers.database.row<{ id: string }>(
      `select d.id from device d join account a on a.id = d.account_id where a.email = $1 and d.name = 'Laptop'`,
      [phone.owner.email],
    );
    const grow = () => servers.database.age('session', '60 seconds', 'device_id = $1 and last_used_at is null', [id]);
    return { phone, laptop, id, grow };
  }

  const isRemoved = (id: string) => servers.database.count('device', 'id = $1 and removed_at is not null', [id]);
  const liveOnes = (id: string) => servers.database.count('session', 'device_id = $1 and ended_at is null', [id]);

  test('it has signed in again by its token: that session and the trust stay', async () => {
    const { laptop, id, grow } = await letInAndLeft(true);
    await grow();
    asA('SignedIn', await laptop.signIn());
    await cleanUp(servers);
    expect([await isRemoved(id), await liveOnes(id)]).toEqual([0, 1]);
    expect(await laptop.viewer()).not.toBeNull();
    await cleanUp(servers);
    asA('SignedIn', await laptop.signIn());
  });

  test('it waits for a code again', async () => {
    const { phone, laptop, id, grow } = await letInAndLeft(false);
    const challenge = await laptop.challenged();
    await grow();
    await cleanUp(servers);
    expect([await isRemoved(id), await liveOnes(id)]).toEqual([0, 0]);
    asA('SignedIn', await laptop.verify(challenge, await codeShownOn(phone, challenge)));
    expect(await liveOnes(id)).toBe(1);
  });

  test('nothing of that is so: then it goes, and a sign-in that comes at that moment is that of a new device', async () => {
    const { laptop, id, grow } = await letInAndLeft(true);
    await grow();
    const removing = 'update device set removed_at = clock_timestamp() where id = $1';
    const met = await servers.database.holding(removing, [id], async (held) => {
      const signIn = laptop.signIn();
      await held.waiters(1);
      await held.release();
      return signIn;
    });
    asA('Challenge', met);
  });
});

test('a notice that is still being tried is kept, however old it is', async () => {
  const phone = await servers.signedUp();
  const { id } = await servers.database.row<{ id: string }>(
    `insert into delivery (account_id, method, notice, facts, locale, to_address, state, next_attempt_at, created_at)
     select id, 'EMAIL', 'NEW_DEVICE', '{}', 'en', email, 'RETRYING', clock_timestamp() + interval '15 minutes',
       clock_timestamp() - interval '3 days' from account where email = $1 returning id`,
    [phone.owner.email],
  );
  await cleanUp(servers);
  expect(await servers.database.count('delivery', 'id = $1', [id])).toBe(1);
  await servers.database.age('delivery', '3 days', 'id = $1', [id]);
  await cleanUp(servers);
  expect(await servers.database.count('delivery', 'id = $1', [id])).toBe(0);
});

/** A laptop that waits for the code that its trusted phone shows. */
async function waiting(phone?: Handset) {
  const trusted = phone ?? (await servers.trusted());
  const laptop = trusted.another('Laptop');
  const challenge = await laptop.challenged();
  return { phone: trusted, laptop, challenge, code: await codeShownOn(trusted, challenge) };
}

const ageChallenge = ({ id }: Challenge, interval: string) =>
  servers.database.age('challenge', interval, 'id = $1', [id]);

test('a challenge takes its code for CHALLENGE_SECONDS, and not after', async () => {
  const phone = await servers.trusted();
  const [early, late] = [await waiting(phone), await waiting(phone)];
  await ageChallenge(early.challenge, '110 seconds');
  asA('SignedIn', await early.laptop.verify(early.challenge, early.code));
  await ageChallenge(late.challenge, '120 seconds');
  expect(asA('ChallengeClosed', await late.laptop.verify(late.challenge, late.code)).state).toBe('EXPIRED');
});

test('a code is sent again by the same method after RESEND_SECONDS, and not before', async () => {
  const { laptop, challenge } = await waiting();
  await ageChallenge(challenge, '12 seconds');
  asA('ResendTooSoon', await laptop.sendCode(challenge, 'APP'));
  await ageChallenge(challenge, '8 seconds');
  asA('Challenge', await laptop.sendCode(challenge, 'APP'));
});

test('from ACCOUNT_TRIES_BEFORE_PAUSE wrong codes on new devices wait ACCOUNT_PAUSE_SECONDS, and not before', async () => {
  const { phone, laptop, challenge, code } = await waiting();
  asA('WrongCode', await laptop.verify(challenge, wrongCode(code)));
  asA('Challenge', await phone.another('Tablet').signIn());
  asA('WrongCode', await laptop.verify(challenge, wrongCode(code)));
  asA('TemporarilyLocked', await phone.another('Tablet').signIn());
  const goBy = (interval: string) =>
    servers.database.query('update account set paused_until = paused_until - $2::interval where email = $1', [
      phone.owner.email,
      interval,
    ]);
  await goBy('30 seconds');
  asA('TemporarilyLocked', await laptop.verify(challenge, code));
  await goBy('10 seconds');
  asA('SignedIn', await laptop.verify(challenge, code));
});

test('from the failure after PASSWORD_FAILURES_FREE on a delay doubles, up to PASSWORD_DELAY_MAX_SECONDS', async () => {
  const stranger = servers.stranger();
  const delays: number[] = [];
  for (let nth = 1; nth <= 8; nth += 1) {
    const { retryAt } = asA('InvalidCredentials', await stranger.signIn());
    const { seconds } = await servers.database.row<{ seconds: number }>(
      `select coalesce(round(extract(epoch from delayed_until - last_at)), 0)::int as seconds
       from password_attempt order by last_at desc limit 1`,
    );
    expect(retryAt === null).toBe(seconds === 0);
    delays.push(seconds);
    await servers.database.query(
      'update password_attempt set delayed_until = clock_timestamp() where delayed_until is not null',
    );
  }
  expect(delays).toEqual([0, 0, 1, 2, 4, 8, 8, 8]);
});

describe('prompts that stand unanswered', () => {
  const isSilent = async ({ id }: Challenge) =>
    (await servers.database.row<{ silent: boolean }>('select is_silent as silent from challenge where id = $1', [id]))
      .silent;

  test('count for PROMPTS_WINDOW_SECONDS, and PROMPTS_UNANSWERED of them are shown', async () => {
    const phone = await servers.trusted();
    const [first, second, third] = [await waiting(phone), await waiting(phone), phone.another('Third')];
    expect([await isSilent(first.challenge), await isSilent(second.challenge)]).toEqual([false, false]);
    expect(await isSilent(await third.challenged())).toBe(true);
    await ageChallenge(first.challenge, '40 seconds');
    expect(await isSilent(await third.challenged())).toBe(true);
    await ageChallenge(first.challenge, '10 seconds');
    expect(await isSilent(await third.challenged())).toBe(false);
  });
});

test('denials count for DENIALS_WINDOW_SECONDS, and DENIALS_BEFORE_PAUSE of them let new devices wait', async () => {
  for (const [interval, outcome] of [
    ['45 seconds', 'TemporarilyLocked'],
    ['50 seconds', 'Challenge'],
  ] as const) {
    const phone = await servers.trusted();
    const [first, second] = [await waiting(phone), await waiting(phone)];
    await phone.deny(first.challenge);
    asA('Challenge', await phone.another('Tablet').signIn());
    await ageChallenge(first.challenge, interval);
    await phone.deny(second.challenge);
    asA(outcome, await phone.another('Tablet').signIn());
  }
});

test('a presence that is not renewed is void after three times PRESENCE_SECONDS, and not before', async () => {
  const phone = await servers.signedUp();
  const { id } = await deviceOf(phone);
  // As a server that was killed has left it.
  await servers.database.query(
    `with killed as (insert into api_server (id) values (gen_random_uuid()) returning id)
     insert into presence (device_id, server_id, renewed_at) select $1, id, 'infinity' from killed`,
    [id],
  );
  const servedBy = 'id in (select server_id from presence where device_id = $1)';
  for (const [interval, isOnline] of [
    ['25 seconds', true],
    ['5 seconds', false],
  ] as const) {
    await servers.database.age('api_server', interval, servedBy, [id]);
    expect((await deviceOf(phone)).isOnline).toBe(isOnline);
  }
});

test('what has ended is kept for ENDED_DAYS, and not longer', async () => {
  const phone = await servers.trusted();
  const laptop = phone.another('Laptop');
  const challenge = await laptop.challenged();
  await phone.ask(CREATE_SUPPORT_REPORT, { token: challenge.token });
  asA('SignedIn', await laptop.verify(challenge, await codeShownOn(phone, challenge)));
  const { id: sessionId, accountId } = await sessionOf(servers, laptop);
  const shop = await Backend.add(servers, { ownAccounts: true });
  const asked = await askBackend(shop, { accountId, sessionId, purpose: 'CONFIRM', action: payment });
  expect(asked.__typename).toBe('VerificationStarted');
  await laptop.signOut();
  const { id } = await servers.database.row('select id from account where email = $1', [phone.owner.email]);
  const conditions = {
    challenge: 'account_id = $1',
    delivery: 'challenge_id in (select id from challenge where account_id = $1) or account_id = $1',
    session: 'account_id = $1 and ended_at is not null',
    support_report: 'account_id = $1',
    verification: 'account_id = $1',
  };
  const counts = async () => {
    const found: Record<string, number> = {};
    for (const [table, condition] of Object.entries(conditions)) {
      found[table] = await servers.database.count(table, condition, [id]);
    }
    return found;
  };
  const before = await counts();
  expect(Object.values(before).every((count) => count > 0)).toBe(true);
  const ageAll = async (interval: string) => {
    // Deliveries first: the challenges tell which they are.
    for (const table of ['delivery', 'challenge', 'session', 'support_report', 'verification'] as const) {
      await servers.database.age(table, interval, conditions[table], [id]);
    }
  };
  // A challenge is over two minutes after it began.
  await ageAll('2 days 23:57');
  await cleanUp(servers);
  expect(await counts()).toEqual(before);
  await ageAll('6 minutes');
  await cleanUp(servers);
  expect(await counts()).toEqual({ challenge: 0, delivery: 0, session: 0, support_report: 0, verification: 0 });
  expect(await phone.viewer()).not.toBeNull();
});
