import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { activityOf } from '../../support/activity.js';
import type { Handset } from '../../support/handset.js';
import * as operations from '../../support/operations.js';
import { asA, type Challenge, promptId } from '../../support/outcomes.js';
import { codeShownOn, deviceOf, letIn } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';

let servers: Servers;

beforeAll(async () => {
  servers = await Servers.start({ count: 2, limits: { PROMPTS_UNANSWERED: 4 } });
});
afterAll(() => servers[Symbol.asyncDispose]());

/** A sign-in that nobody asked for, refused on the phone. */
async function denied(phone: Handset, intruder = phone.another('Laptop', servers.client(1))): Promise<Challenge> {
  const challenge = await intruder.challenged();
  expect(await phone.deny(challenge)).toMatchObject({ id: promptId(challenge), state: 'DENIED', code: null });
  return challenge;
}

function goBy(phone: Handset, interval: string): Promise<unknown> {
  return servers.database.query(
    `update challenge set created_at = created_at - $2::interval, ended_at = ended_at - $2::interval
     where account_id = (select id from account where email = $1)`,
    [phone.owner.email, interval],
  );
}

describe("'this was not me'", () => {
  test('ends the challenge at once: the right code opens nothing any more', async () => {
    const phone = await servers.trusted();
    const intruder = phone.another('Laptop', servers.client(1));
    const challenge = await intruder.challenged();
    const code = await codeShownOn(phone, challenge);
    await phone.deny(challenge);
    expect(asA('ChallengeClosed', await intruder.verify(challenge, code))).toMatchObject({
      state: 'DENIED',
      message: 'This sign-in was blocked on a trusted device.',
    });
    expect(asA('ChallengeClosed', await intruder.sendCode(challenge, 'EMAIL')).state).toBe('DENIED');
  });

  test('is seen live on the device that asks, which need not be on the same server', async () => {
    const phone = await servers.trusted();
    const intruder = phone.another('Laptop', servers.client(1));
    const challenge = await intruder.challenged();
    await using changes = intruder.challengeChanges(challenge);
    expect(await changes.next()).toMatchObject({ state: 'PENDING' });
    await phone.deny(challenge);
    expect(await changes.nextThat(({ state }) => state !== 'PENDING')).toMatchObject({ state: 'DENIED' });
    await changes.completed();
  });

  test('takes the prompt down on the other trusted devices', async () => {
    const phone = await servers.trusted();
    const tablet = phone.another('Tablet', servers.client(1));
    await letIn(phone, tablet);
    await using prompts = tablet.loginRequests();
    await prompts.next();
    const challenge = await phone.another('Laptop').challenged();
    expect(await prompts.next()).toMatchObject({ id: promptId(challenge), state: 'PENDING', code: expect.any(String) });
    await phone.deny(challenge);
    expect(await prompts.next()).toMatchObject({ id: promptId(challenge), state: 'DENIED', code: null });
    expect((await tablet.viewer())?.loginRequests).toEqual([]);
  });

  test('is mailed to the owner with what to do, and without a link', async () => {
    const phone = await servers.trusted();
    await denied(phone);
    const mail = await servers.mailbox.next(phone.owner.email, ({ subject }) =>
      subject.startsWith('We blocked a sign-in'),
    );
    for (const advice of [
      'Change your password now.',
      'If you use the old password anywhere else, change it there too.',
      'A password manager can help you use a different one everywhere.',
      'Laptop',
      '127.0.0.1',
    ]) {
      expect(mail.text?.replace(/\s+/g, ' ')).toContain(advice);
    }
    expect(`${mail.text}${mail.html}`).not.toMatch(/https?:|href/);
  });

  test('is in the activity, with the device that asked', async () => {
    const phone = await servers.trusted();
    await denied(phone);
    const [entry] = await activityOf(phone, { first: 1 });
    expect(entry).toMatchObject({ type: 'LOGIN_DENIED', deviceName: 'Laptop', device: null, method: 'APP' });
  });

  test('of a request that is over comes back unchanged', async () => {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    const challenge = await laptop.challenged();
    asA('SignedIn', await laptop.verify(challenge, await codeShownOn(phone, challenge)));
    expect(await phone.deny(challenge)).toMatchObject({ state: 'VERIFIED', device: expect.anything() });
    expect(await laptop.viewer()).not.toBeNull();
    const twice = await denied(phone);
    expect(await phone.deny(twice)).toMatchObject({ state: 'DENIED' });
    expect(await activityOf(phone, { types: ['LOGIN_DENIED'] })).toHaveLength(1);
  });

  test('is said once, however many devices say it, and then nobody is let in', async () => {
    const phone = await servers.trusted();
    const challenge = await phone.another('Laptop').challenged();
    const devices = Array.from({ length: 16 }, (_, nth) => phone.twin(servers.client(nth % 2)));
    const answers = await Promise.all(devices.map((device) => device.deny(challenge)));
    expect(new Set(answers.map(({ state }) => state))).toEqual(new Set(['DENIED']));
    expect(await activityOf(phone, { types: ['LOGIN_DENIED'] })).toHaveLength(1);
  });

  test('races with the right code so that one of them wins', async () => {
    const phone = await servers.trusted();
    for (let round = 0; round < 4; round += 1) {
      const laptop = phone.another('Laptop', servers.client(1));
      const challenge = await laptop.challenged();
      const code = await codeShownOn(phone, challenge);
      const [denial, outcome] = await Promise.all([phone.deny(challenge), laptop.verify(challenge, code)]);
      expect([denial.state, outcome.__typename]).toEqual(
        denial.state === 'DENIED' ? ['DENIED', 'ChallengeClosed'] : ['VERIFIED', 'SignedIn'],
      );
      await goBy(phone, '11 minutes');
    }
  });

  test.each([
    ['UNAUTHENTICATED', 'no session', () => servers.stranger()],
    ['NOT_FOUND', "another account's trusted device", () => servers.trusted()],
    [
      'FORBIDDEN',
      'a device that is not trusted',
      async (phone: Handset) => {
        const visitor = phone.another('Visitor');
        await letIn(phone, visitor, false);
        return visitor;
      },
    ],
  ])('is refused with %s to %s', async (code, _who, sayer) => {
    const phone = await servers.trusted();
    const challenge = await phone.another('Laptop').challenged();
    const other = await sayer(phone);
    const error = await other.client.error(operations.DENY, { id: challenge.id }, { token: other.sessionToken });
    expect(error.extensions).toMatchObject({ code });
    expect(await phone.challenge(challenge)).toMatchObject({ state: 'PENDING' });
  });
});

describe('the third denial within ten minutes', () => {
  test('lets new devices wait, and does not touch trusted ones', async () => {
    const phone = await servers.trusted();
    const tablet = phone.another('Tablet', servers.client(1));
    await letIn(phone, tablet);
    for (let nth = 0; nth < 2; nth += 1) await denied(phone);
    const open = await phone.another('Laptop').challenged();
    const code = await codeShownOn(phone, open);
    await denied(tablet);
    const locked = asA('TemporarilyLocked', await phone.another('Laptop').signIn());
    const waitSeconds = (Date.parse(locked.retryAt ?? '') - Date.now()) / 1000;
    expect(waitSeconds).toBeGreaterThan(890);
    expect(waitSeconds).toBeLessThanOrEqual(900);
    asA('TemporarilyLocked', await phone.another('Laptop').verify(open, code));
    asA('SignedIn', await phone.signIn());
    asA('SignedIn', await tablet.signIn());
    expect(await deviceOf(tablet)).toMatchObject({ isTrusted: true });
  });

  test('is a wait that ends by itself', async () => {
    const phone = await servers.trusted();
    for (let nth = 0; nth < 3; nth += 1) await denied(phone);
    asA('TemporarilyLocked', await phone.another('Laptop').signIn());
    await servers.database.query(
      "update account set paused_until = paused_until - interval '15 minutes' where email = $1",
      [phone.owner.email],
    );
    asA('Challenge', await phone.another('Laptop').signIn());
  });

  test('is not the third where the first is more than ten minutes old', async () => {
    const phone = await servers.trusted();
    await denied(phone);
    await denied(phone);
    await goBy(phone, '601 seconds');
    await denied(phone);
    asA('Challenge', await phone.another('Laptop').signIn());
  });
});

describe('more prompts than PROMPTS_UNANSWERED', () => {
  const askTimes = async (phone: Handset, times: number): Promise<Challenge[]> => {
    const challenges: Challenge[] = [];
    while (challenges.length < times) {
      challenges.push(await phone.another('Laptop').challenged());
    }
    return challenges;
  };

  test('are not shown: the request waits silently, and mail is offered', async () => {
    const phone = await servers.trusted();
    const shown = await askTimes(phone, 4);
    const silent = await phone.another('Laptop').challenged();
    expect((await phone.viewer())?.loginRequests.map(({ id }) => id)).toEqual(shown.map(promptId).reverse());
    expect(silent.availableMethods).toEqual(['APP', 'EMAIL']);
    expect(silent.deliveries).toMatchObject([
      {
        method: 'APP',
        state: 'QUEUED',
        reason: 'PROMPTS_PAUSED',
        hint: expect.stringContaining('Get the code by email instead.'),
      },
    ]);
  });

  test('reach no socket, and go by mail where that is asked for', async () => {
    const phone = await servers.trusted();
    await using prompts = phone.loginRequests();
    const shown = await askTimes(phone, 4);
    for (const challenge of shown) await prompts.nextThat(({ id }) => id === promptId(challenge));
    const laptop = phone.another('Laptop');
    const silent = await laptop.challenged();
    asA('Challenge', await laptop.sendCode(silent, 'EMAIL'));
    const code = await servers.mailbox.code(phone.owner.email);
    asA('SignedIn', await laptop.verify(silent, code));
    expect(prompts.unread).toEqual([]);
  });

  test('are not counted where they were answered, or are older than the window', async () => {
    const phone = await servers.trusted();
    for (let nth = 0; nth < 4; nth += 1) await letIn(phone, phone.another('Laptop'), false);
    const challenges = await askTimes(phone, 4);
    await goBy(phone, '601 seconds');
    const next = await phone.another('Laptop').challenged();
    expect(next.deliveries).toMatchObject([{ reason: 'NO_TRUSTED_DEVICE_ONLINE' }]);
    expect(challenges).toHaveLength(4);
  });
});
