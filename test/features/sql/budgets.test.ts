import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Handset } from '../../support/handset.js';
import { asA, type Challenge } from '../../support/outcomes.js';
import { backEnds, Servers } from '../../support/servers.js';
import { type Asked, StatementCounter } from '../../support/statement-counter.js';

// What an operation may ask of PostgreSQL at most, BEGIN and COMMIT included. Counted on the way there, on a server of its
// own; queue, bus and limits by network are on Redis where there is one, and no worker runs there.

let servers: Servers;
let counter: StatementCounter;

beforeAll(async () => {
  servers = await Servers.start({ redis: backEnds.some(({ redis }) => redis) });
  counter = await StatementCounter.start(servers.database.url);
  await servers.add({ api: true, worker: false }, { DATABASE_URL: counter.url });
});
afterAll(async () => {
  await servers[Symbol.asyncDispose]();
  await counter[Symbol.asyncDispose]();
});

/** The same device, talking to the server whose statements are counted. */
const counted = (handset: Handset) => handset.twin(servers.client(1));

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
    expectWithin(verified, { statements: 20, roundTrips: 3 });
  });
});
