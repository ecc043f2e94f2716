import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Handset } from '../../support/handset.js';
import * as operations from '../../support/operations.js';
import { asA, type Challenge, promptId } from '../../support/outcomes.js';
import { codeShownOn, requestReset, wrongCode } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';

let servers: Servers;
beforeAll(async () => {
  servers = await Servers.start();
});
afterAll(() => servers[Symbol.asyncDispose]());

const CANCEL = `mutation ($token: String!) { result: cancelChallenge(challengeToken: $token) {
  id state availableMethods } }`;
const cancel = (handset: Handset, token: string) => handset.ask<Challenge | null>(CANCEL, { token });
const signInOver = (handset: Handset, replaces: string) =>
  handset.ask(operations.SIGN_IN, {
    input: { ...handset.owner, device: { name: handset.name, platform: 'LINUX' }, replaces },
  });
const shownTo = async (phone: Handset) => (await phone.viewer())?.loginRequests.map(({ id }) => id);

describe('whoever leaves a challenge', () => {
  test('ends it at once: its prompt goes, its code opens nothing, and its listeners are told', async () => {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    const challenge = await laptop.challenged();
    await using prompts = phone.loginRequests();
    await using changes = laptop.challengeChanges(challenge);
    const { code } = await prompts.nextThat(({ id }) => id === promptId(challenge));
    expect(await cancel(laptop, challenge.token)).toMatchObject({ id: challenge.id, state: 'CANCELLED' });
    await prompts.nextThat(({ id, state }) => id === promptId(challenge) && state === 'CANCELLED');
    expect((await changes.nextThat(({ state }) => state !== 'PENDING')).state).toBe('CANCELLED');
    expect(await shownTo(phone)).toEqual([]);
    expect(asA('ChallengeClosed', await laptop.verify(challenge, code ?? '')).state).toBe('CANCELLED');
  });

  test('before its last try, again and again, is told of to the owner once new devices wait', async () => {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    let wrong = 0;
    for (const tries of [4, 4, 2]) {
      const challenge = await laptop.challenged();
      const code = wrongCode(await codeShownOn(phone, challenge));
      for (let nth = 0; nth < tries; nth += 1, wrong += 1) asA('WrongCode', await laptop.verify(challenge, code));
      await cancel(laptop, challenge.token);
    }
    expect(wrong).toBe(10);
    const mail = await servers.mailbox.next(phone.owner.email, ({ subject }) => subject.startsWith('Too many wrong'));
    expect(mail.text).toContain('Laptop');
  });

  test('changes nothing of one that is over, and finds none by a token that names none', async () => {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    const challenge = await laptop.challenged();
    await phone.deny(challenge);
    expect(await cancel(laptop, challenge.token)).toMatchObject({ state: 'DENIED' });
    for (const token of ['', 'nonsense', challenge.id, `chl_${'A'.repeat(43)}`]) {
      expect(await cancel(laptop, token)).toBeNull();
    }
  });

  test('of a sign-up takes the hash of its password along', async () => {
    const stranger = servers.stranger();
    const challenge = asA('Challenge', await stranger.signUp());
    expect(await cancel(stranger, challenge.token)).toMatchObject({ state: 'CANCELLED', availableMethods: [] });
    expect(await servers.database.count('challenge', 'id = $1 and password_hash is not null', [challenge.id])).toBe(0);
  });

  test('of a reset is answered the same, whether or not the address is known', async () => {
    const known = await servers.signedUp();
    const unknown = servers.stranger();
    const answers = [];
    for (const handset of [known, unknown]) {
      const { token } = await requestReset(handset);
      const { state, availableMethods } = (await cancel(handset, token)) ?? {};
      answers.push({ state, availableMethods });
    }
    expect(answers[0]).toEqual(answers[1]);
  });

  test('once, however many requests say so while the code is typed', async () => {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    const challenge = await laptop.challenged();
    const code = await codeShownOn(phone, challenge);
    const [outcome, ...cancelled] = await Promise.all([
      laptop.verify(challenge, code),
      ...Array.from({ length: 15 }, () => cancel(laptop, challenge.token)),
    ]);
    const states = new Set(cancelled.map((answer) => answer?.state));
    expect([...states]).toEqual([outcome?.__typename === 'SignedIn' ? 'VERIFIED' : 'CANCELLED']);
  });
});

describe('a new sign-in takes the place of the one that waits', () => {
  test('where it brings the token of that: the first prompt is over, and its code opens nothing', async () => {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    await using prompts = phone.loginRequests();
    const first = await laptop.challenged();
    const { code } = await prompts.nextThat(({ id }) => id === promptId(first));
    const second = asA('Challenge', await signInOver(laptop, first.token));
    await prompts.nextThat(({ id, state }) => id === promptId(first) && state === 'CANCELLED');
    expect(await shownTo(phone)).toEqual([promptId(second)]);
    expect(asA('ChallengeClosed', await laptop.verify(first, code ?? '')).state).toBe('CANCELLED');
    asA('SignedIn', await laptop.verify(second, await codeShownOn(phone, second)));
  });

  test('where it comes from the same browser, which says so by a cookie', async () => {
    const phone = await servers.trusted();
    const headers = { 'session-transport': 'cookie', origin: 'http://localhost:4000' };
    const variables = { input: { ...phone.owner, device: { name: 'Browser', platform: 'WEB' } } };
    const inBrowser = (cookie: string) =>
      servers
        .client()
        .graphql<{ result: Challenge }>(operations.SIGN_IN, variables, { headers: { ...headers, cookie } });
    const first = await inBrowser('');
    const cookie = first.headers
      .getSetCookie()
      .map((each) => each.split(';')[0])
      .join('; ');
    expect(cookie).not.toContain('chl_');
    const other = await inBrowser('');
    const second = await inBrowser(cookie);
    expect(await shownTo(phone)).toEqual([second, other].map(({ data }) => data && promptId(data.result)));
  });

  test('and not where the password is wrong, or the challenge is of another account', async () => {
    const phone = await servers.trusted();
    const waiting = await phone.another('Laptop').challenged();
    const stranger = phone.another('Stranger');
    const wrong = { ...phone.owner, password: 'not the right one at all', device: { name: 'x', platform: 'WEB' } };
    asA('InvalidCredentials', await stranger.ask(operations.SIGN_IN, { input: { ...wrong, replaces: waiting.token } }));
    asA('Challenge', await signInOver((await servers.trusted()).another('Laptop'), waiting.token));
    expect(await shownTo(phone)).toEqual([promptId(waiting)]);
  });

  test('where the account knows the device by its token, whatever it calls itself', async () => {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    const challenge = await laptop.challenged();
    asA('SignedIn', await laptop.verify(challenge, await codeShownOn(phone, challenge), false));
    const first = await laptop.challenged();
    const second = asA('Challenge', await laptop.signIn({ device: { name: 'Renamed' } }));
    expect((await laptop.challenge(first)).state).toBe('CANCELLED');
    expect(await shownTo(phone)).toEqual([promptId(second)]);
  });

  test('and of no other: devices that differ wait side by side, the newest first with its time', async () => {
    const phone = await servers.trusted();
    const [laptop, tablet] = [phone.another('Laptop'), phone.another('Tablet')];
    const challenges = [await laptop.challenged(), await tablet.challenged()];
    const twin = await phone.another('Laptop').challenged();
    const newestFirst = [twin, ...challenges.reverse()].map(promptId);
    expect(await shownTo(phone)).toEqual(newestFirst);
    await using prompts = phone.loginRequests();
    const opened = [await prompts.next(), await prompts.next(), await prompts.next()];
    expect(opened.map(({ id }) => id)).toEqual(newestFirst);
    const times = '{ result: viewer { loginRequests { requestedAt requestedSecondsAgo } } }';
    const { loginRequests } = await phone.ask<{ loginRequests: { requestedSecondsAgo: number }[] }>(times);
    expect(loginRequests.map(({ requestedSecondsAgo }) => requestedSecondsAgo < 60)).toEqual([true, true, true]);
  });

  test('once, however many come at the same time: one is left', async () => {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    const challenge = await laptop.challenged();
    asA('SignedIn', await laptop.verify(challenge, await codeShownOn(phone, challenge), false));
    await Promise.all(Array.from({ length: 5 }, () => laptop.twin().challenged()));
    expect(await shownTo(phone)).toHaveLength(1);
  });
});

test('a challenge and its request have ids of their own, and either names the request', async () => {
  const phone = await servers.trusted();
  const challenge = await phone.another('Laptop').challenged();
  const [request] = (await phone.viewer())?.loginRequests ?? [];
  expect(request?.id).not.toBe(challenge.id);
  const acknowledged = await phone.ask<{ id: string }>(operations.ACKNOWLEDGE, { id: request?.id });
  expect(acknowledged.id).toBe(request?.id);
  expect(await phone.deny({ id: request?.id ?? '' })).toMatchObject({ id: request?.id, state: 'DENIED' });
});
