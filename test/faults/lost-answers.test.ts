import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FaultProxy } from '../support/fault-proxy.js';
import type { Handset } from '../support/handset.js';
import { asA } from '../support/outcomes.js';
import { codeShownOn, deviceOf, letIn, removeDevice } from '../support/owner.js';
import { Servers } from '../support/servers.js';
import { until, within } from '../support/waiting.js';

describe('a request whose connection to PostgreSQL is cut in COMMIT is an error, and may be sent again:', () => {
  let servers: Servers;
  let way: FaultProxy;

  beforeAll(async () => {
    // What wakes a socket here is what it is told, and not the timer.
    servers = await Servers.start({ limits: { WS_RECHECK_SECONDS: 300 } });
    way = await FaultProxy.start(servers.database.url);
    await servers.add({ api: true, worker: false }, { DATABASE_URL: way.url });
  });
  afterAll(async () => {
    await servers[Symbol.asyncDispose]();
    way[Symbol.dispose]();
  });

  /** The same device on the server whose way to PostgreSQL is bad. */
  const there = (handset: Handset): Handset => handset.twin(servers.client(1));

  /** The nth COMMIT is done, and its answer never comes. */
  async function losing(nth: number, request: () => Promise<unknown>): Promise<void> {
    const lost = way.loseAnswerTo('commit', nth, 'COMMIT');
    await expect(request()).rejects.toThrow('INTERNAL_SERVER_ERROR');
    await within(lost, 'the loss');
  }

  test('signing up sends the code all the same', async () => {
    const phone = there(servers.stranger());
    await losing(1, () => phone.signUp());
    const lost = await servers.mailbox.code(phone.owner.email);
    const challenge = asA('Challenge', await phone.signUp());
    const code = await servers.mailbox.code(phone.owner.email);
    expect(code).not.toBe(lost);
    asA('SignedIn', await phone.verify(challenge, code));
  });

  test('however often that happens, the server goes on', async () => {
    const phone = there(await servers.trusted());
    // More often than it has connections.
    for (let time = 0; time < 12; time += 1) await losing(1, () => phone.signIn());
    asA('SignedIn', await phone.signIn());
  });

  test('signing in on a trusted device leaves it trusted', async () => {
    const phone = there(await servers.trusted());
    await losing(1, () => phone.signIn());
    asA('SignedIn', await phone.signIn());
    expect((await deviceOf(phone)).isTrusted).toBe(true);
  });

  test('a code costs a try, which was spent before it was compared', async () => {
    const phone = await servers.trusted();
    const laptop = there(phone.another('Laptop'));
    const challenge = await laptop.challenged();
    const code = await codeShownOn(phone, challenge);
    await losing(1, () => laptop.verify(challenge, code));
    expect((await laptop.challenge(challenge)).attemptsRemaining).toBe(4);
    asA('SignedIn', await laptop.verify(challenge, code));
  });

  test('a code that opened a session opens no second one', async () => {
    const phone = await servers.trusted();
    const laptop = there(phone.another('Laptop'));
    const challenge = await laptop.challenged();
    const code = await codeShownOn(phone, challenge);
    await losing(2, () => laptop.verify(challenge, code));
    expect(await laptop.verify(challenge, code)).toMatchObject({ __typename: 'ChallengeClosed', state: 'VERIFIED' });
    expect(await servers.database.count('session', 'challenge_id = $1', [challenge.id])).toBe(1);
    await letIn(phone, there(phone.another('Laptop')));
  });

  test('a code is mailed once', async () => {
    const phone = await servers.trusted();
    const laptop = there(phone.another('Laptop'));
    const challenge = await laptop.challenged();
    await losing(1, () => laptop.sendCode(challenge, 'EMAIL'));
    expect((await laptop.sendCode(challenge, 'EMAIL')).__typename).toBe('ResendTooSoon');
    const code = await servers.mailbox.code(phone.owner.email);
    asA('SignedIn', await laptop.verify(challenge, code));
  });

  test('a device that was removed is gone, and its sockets are told so', async () => {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    await letIn(phone, laptop);
    const { id } = await deviceOf(laptop);
    await using requests = laptop.loginRequests();
    await until(async () => (await deviceOf(laptop)).isOnline, 'the laptop online');
    // All that was to be told before has been.
    await phone.another('Tablet').challenged();
    await requests.next();
    await losing(1, () => removeDevice(there(phone), id));
    expect((await requests.closed()).code).toBe(4401);
    expect(await laptop.viewer()).toBeNull();
    await expect(removeDevice(there(phone), id)).rejects.toThrow('NOT_FOUND');
  });
});
