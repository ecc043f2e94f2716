import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Backend } from '../../support/backend.js';
import type { Handset } from '../../support/handset.js';
import { asA, type Challenge, promptId } from '../../support/outcomes.js';
import { codeShownOn } from '../../support/owner.js';
import { backEnds, Servers } from '../../support/servers.js';
import { type Asked, StatementCounter } from '../../support/statement-counter.js';
import { begun, enrolled, epochOf, redeemed, type Started, start } from '../../support/verifications.js';
import { until } from '../../support/waiting.js';

// What an operation may ask of PostgreSQL at most, BEGIN and COMMIT included. Counted on the way there, on a server of its
// own; queue, bus and limits by network are on Redis where there is one, and no worker runs there.

let servers: Servers;
let counter: StatementCounter;
let quietCounter: StatementCounter;

beforeAll(async () => {
  servers = await Servers.start({ redis: backEnds.some(({ redis }) => redis) });
  counter = await StatementCounter.start(servers.database.url);
  quietCounter = await StatementCounter.start(servers.database.url);
  // What it does by itself is counted below.
  const quiet = { WS_RECHECK_SECONDS: '300', PRESENCE_SECONDS: '300' };
  await servers.add({ api: true, worker: false }, { DATABASE_URL: counter.url, ...quiet });
});
afterAll(async () => {
  await servers[Symbol.asyncDispose]();
  await counter[Symbol.asyncDispose]();
  await quietCounter[Symbol.asyncDispose]();
});

/** The same device, talking to the server whose statements are counted. */
const counted = (handset: Handset) => handset.twin(servers.client(1));

const online = (phone: Handset) =>
  until(async () => (await phone.twin(servers.client(0)).viewer())?.currentDevice.isOnline, 'the phone online');

/** What asks while subscriptions open has asked it: the device is online before all of that is done. */
const opened = () => counter.quiet(200, 0);

function expectWithin(asked: Asked, most: Asked): void {
  expect(asked.statements).toBeGreaterThan(0);
  expect(asked.statements).toBeLessThanOrEqual(most.statements);
  expect(asked.roundTrips).toBeLessThanOrEqual(most.roundTrips);
}

describe('of PostgreSQL', () => {
  test('viewer asks once', async () => {
    const phone = counted(await servers.trusted());
    await phone.graphql('{ viewer { id email } }');
    const asked = await counter.during(() => phone.graphql('{ viewer { id email } }'));
    expectWithin(asked, { statements: 1, roundTrips: 1 });
  });

  test('a sign-in of a trusted device asks no more than it must', async () => {
    const phone = counted(await servers.trusted());
    await phone.signIn();
    phone.sessionToken = null;
    const asked = await counter.during(async () => asA('SignedIn', await phone.signIn()));
    expectWithin(asked, { statements: 14, roundTrips: 3 });
  });

  test('neither do the sign-in of a new device, a send of its code, and the code itself', async () => {
    const phone = counted(await servers.trusted());
    const laptop = phone.another('Laptop');
    let challenge: Challenge | undefined;
    const begun = await counter.during(async () => {
      challenge = await laptop.challenged();
    });
    expectWithin(begun, { statements: 16, roundTrips: 3 });
    if (!challenge) throw new Error('no challenge');
    const opened = challenge;
    const sent = await counter.during(async () => asA('Challenge', await laptop.sendCode(opened, 'EMAIL')));
    expectWithin(sent, { statements: 10, roundTrips: 2 });
    const code = await servers.mailbox.code(phone.owner.email);
    const verified = await counter.during(async () => asA('SignedIn', await laptop.verify(opened, code)));
    expectWithin(verified, { statements: 17, roundTrips: 3 });
  });

  test('neither does a verification that a backend starts, on its way from there to its receipt', async () => {
    const shop = await Backend.add(servers);
    const here = shop.at(servers.client(1).url);
    const { person, phone } = await enrolled(servers, shop);
    const laptop = counted(phone).another('Laptop');
    const started: Started[] = [];
    const epoch = await epochOf(servers, person);
    const starting = await counter.during(async () => {
      started.push(await start(servers, { ...person, backend: here }, { purpose: 'SIGN_IN', epoch }));
    });
    expectWithin(starting, { statements: 10, roundTrips: 5 });
    const [one] = started as [Started];
    const challenges: Challenge[] = [];
    const beginning = await counter.during(async () => void challenges.push(await begun(laptop, one)));
    expectWithin(beginning, { statements: 17, roundTrips: 5 });
    const [challenge] = challenges as [Challenge];
    const code = await codeShownOn(phone, challenge);
    const receipts: (string | null)[] = [];
    const verified = await counter.during(async () => {
      receipts.push(asA('SignedIn', await laptop.verify(challenge, code)).receipt);
    });
    expectWithin(verified, { statements: 21, roundTrips: 3 });
    const redeeming = await counter.during(async () => void (await redeemed(one, receipts[0] ?? null)));
    expectWithin(redeeming, { statements: 6, roundTrips: 4 });
  });

  test('a subscription asks five things until it is open and its device online', async () => {
    const [first, second, third, phone] = await Promise.all(Array.from({ length: 4 }, () => servers.trusted()));
    if (!phone) throw new Error('no phone');
    // Connections, and the server's own row, are there by then.
    const before = [first, second, third].flatMap((other) => (other ? [counted(other).loginRequests()] : []));
    await Promise.all([first, second, third].map((other) => other && online(counted(other))));
    await opened();
    const streams: typeof before = [];
    const asked = await counter.during(async () => {
      streams.push(counted(phone).loginRequests());
      await online(counted(phone));
      await opened();
    });
    // Whose token it is, how the account stands, once more the session now that its end would be heard, what waits for a
    // code, and that the device is here.
    expectWithin(asked, { statements: 5, roundTrips: 5 });
    await Promise.all([...before, ...streams].map((stream) => stream[Symbol.asyncDispose]()));
  });

  test('a code on its way to a phone, and that it was shown there, asks twice', async () => {
    const phone = counted(await servers.trusted());
    await using requests = phone.loginRequests();
    await online(phone);
    await opened();
    const asked = await counter.during(async () => {
      // Over the other server: what the sign-in itself asks is not on this way.
      const challenge = await phone.another('Laptop', servers.client(0)).challenged();
      const { code } = await requests.nextThat(({ id }) => id === promptId(challenge));
      expect(code).toMatch(/^\d{6}$/);
      expect(await servers.database.count('display', 'challenge_id = $1', [challenge.id])).toBe(1);
    });
    expectWithin(asked, { statements: 2, roundTrips: 2 });
  });

  test('subscriptions of one session share what is asked', async () => {
    const phone = counted(await servers.trusted());
    const streams = [phone.loginRequests(), phone.loginRequests(), phone.loginRequests()];
    await online(phone);
    await opened();
    const tellAll = async () => {
      const challenge = await phone.another('Laptop', servers.client(0)).challenged();
      await Promise.all(streams.map((stream) => stream.nextThat(({ id }) => id === promptId(challenge))));
    };
    // A connection asks for its settings when it is opened: each note of what is shown has one by then.
    await tellAll();
    await opened();
    const asked = await counter.during(tellAll);
    // One look, and each notes by itself what it shows.
    expectWithin(asked, { statements: 1 + streams.length, roundTrips: 2 });
    await Promise.all(streams.map((stream) => stream[Symbol.asyncDispose]()));
  });
});

// Each is counted on a way of its own, and what most of it takes is the time in which nothing happens: side by side.
describe('where nothing happens,', () => {
  const RECHECK_SECONDS = 2;
  const WORKER_SECONDS = 12;

  test.concurrent('a server asks three things in one round trip each WS_RECHECK_SECONDS, however many sockets it has', async () => {
    const limits = { WS_RECHECK_SECONDS: String(RECHECK_SECONDS), PRESENCE_SECONDS: String(RECHECK_SECONDS) };
    await servers.add({ api: true, worker: false }, { DATABASE_URL: quietCounter.url, ...limits });
    const phones = await Promise.all(Array.from({ length: 12 }, () => servers.trusted()));
    const streams = phones.map((phone) => phone.twin(servers.client(2)).loginRequests());
    const laptop = phones[0]?.another('Laptop', servers.client(2));
    const challenge = await laptop?.challenged();
    if (!laptop || !challenge) throw new Error('no laptop');
    await using changes = laptop.challengeChanges(challenge);
    await changes.nextThat(({ deliveries }) => deliveries[0]?.state === 'SENT');
    for (const phone of phones) await online(phone);
    // The first look finds all of them new to it.
    await quietCounter.quiet(RECHECK_SECONDS * 1000, 3);

    const intervals = 3;
    const asked = await quietCounter.during(() => sleep(intervals * RECHECK_SECONDS * 1000));
    // A bus on PostgreSQL asks its connection every five seconds whether it lives.
    const pings = servers.redis ? 0 : 2;
    expectWithin(asked, { statements: 3 * (intervals + 1) + pings, roundTrips: intervals + 1 + pings });
    await Promise.all(streams.map((stream) => stream[Symbol.asyncDispose]()));
  });

  // On PostgreSQL alone the queue asks by itself, by the same way.
  test.concurrent.each(backEnds.filter(({ redis }) => redis))(
    'a worker asks four things in twelve seconds, with $name',
    async () => {
      await using idle = await Servers.start({ redis: true, count: 0 });
      await using workerCounter = await StatementCounter.start(idle.database.url);
      await idle.add({ api: false, worker: true }, { DATABASE_URL: workerCounter.url });
      await workerCounter.quiet(2_000, 1);
      const asked = await workerCounter.during(() => sleep(WORKER_SECONDS * 1000));
      // Two looks into the outbox, one at the events; once a minute at what is not kept.
      expectWithin(asked, { statements: 4, roundTrips: 4 });
    },
  );
});

describe('of a worker,', () => {
  // On PostgreSQL alone the queue asks by the same way.
  test.each(backEnds.filter(({ redis }) => redis))(
    'an event asks once, and a mailed code four times, with $name',
    async () => {
      await using busy = await Servers.start({ redis: true, worker: false });
      await using workerCounter = await StatementCounter.start(busy.database.url);
      await busy.add({ api: false, worker: true }, { DATABASE_URL: workerCounter.url });
      const laptops = await Promise.all(
        Array.from({ length: 5 }, async () => (await busy.trusted()).another('Laptop')),
      );
      const isNumbered = async () => (await busy.database.count('event', 'number is null')) === 0;
      const areSent = async () => (await busy.database.count('delivery', "method = 'EMAIL' and state <> 'SENT'")) === 0;
      await until(isNumbered, 'the events before');
      await until(areSent, 'the mails before');
      // What it asks by itself at one second.
      const pulse = 3;

      const challenges: Challenge[] = [];
      const numbered = await workerCounter.during(async () => {
        for (const laptop of laptops) {
          challenges.push(await laptop.challenged());
          await until(isNumbered, 'its event');
        }
      });
      expectWithin(numbered, { statements: laptops.length + pulse, roundTrips: laptops.length + pulse });

      const sent = await workerCounter.during(async () => {
        for (const [nth, laptop] of laptops.entries()) {
          asA('Challenge', await laptop.sendCode(challenges[nth] as Challenge, 'EMAIL'));
          await until(areSent, 'its mail');
        }
      });
      // It is taken up, its code is given to the mail, the mail server is given it, and what came of that is written down.
      expectWithin(sent, { statements: 4 * laptops.length + pulse, roundTrips: 4 * laptops.length + pulse });
    },
  );
});
