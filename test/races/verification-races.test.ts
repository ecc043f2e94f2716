import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Backend, sessionOf } from '../support/backend.js';
import { confirmationsSeenBy } from '../support/confirmations.js';
import type { Handset } from '../support/handset.js';
import { asA, type Challenge, type Outcome, tally } from '../support/outcomes.js';
import { codeShownOn, removeDevice } from '../support/owner.js';
import { purposeDrivers } from '../support/purpose-drivers.js';
import { backEnds, Servers } from '../support/servers.js';
import {
  ask,
  begin,
  cancel,
  deviceOf,
  enrolled,
  epochOf,
  heldPerson,
  type Person,
  payment,
  REDEEM_RECEIPT,
  type RedeemOutcome,
  type Started,
  type StartOutcome,
  signInElsewhere,
  start,
  verificationOf,
} from '../support/verifications.js';

// What backends and devices ask for at once, over two servers: it happens once, and everybody is told the same.

let servers: Servers;
let shop: Backend;

beforeAll(async () => {
  servers = await Servers.start({
    count: 2,
    redis: backEnds.some(({ redis }) => redis),
    limits: {
      CHALLENGES_PER_ACCOUNT_HOUR: 1000,
      PROMPTS_UNANSWERED: 1000,
      MAILS_PER_ADDRESS_HOUR: 1000,
      UNPROVEN_MAILS_DAY: 100,
    },
  });
  shop = await Backend.add(servers);
});
afterAll(() => servers[Symbol.asyncDispose]());

const times = <T>(count: number, work: (nth: number) => T): T[] => Array.from({ length: count }, (_, nth) => work(nth));
/** The backend, talking to one server or the other. */
const shopAt = (nth: number) => shop.at(servers.client(nth % 2).url);
const at = (handset: Handset, nth: number) => handset.twin(servers.client(nth % 2));
const rowsOf = (table: string, { requestId }: Started) =>
  servers.database.count(table, 'client_id = $1 and request_id = $2', [shop.id, requestId]);

/** What has to be there for each purpose, and how it is asked for. */
const purposes: readonly [string, () => Promise<{ person: Person; device: Handset; shown: () => Promise<number> }>][] =
  [
    [
      'SIGN_IN',
      async () => {
        const { person, phone } = await enrolled(servers, shop);
        const shown = async () => (await phone.viewer())?.loginRequests.length ?? 0;
        return { person, device: phone.another('Laptop'), shown };
      },
    ],
    [
      'ENABLE_TWO_STEP',
      async () => {
        const person = await heldPerson(servers, shop);
        const shown = async () => {
          await servers.mailbox.code(person.email);
          return servers.mailbox.to(person.email).length;
        };
        return { person, device: deviceOf(servers, person), shown };
      },
    ],
    ['CONFIRM', () => atDesk()],
    ['DISABLE_TWO_STEP', () => atDesk()],
  ];

async function atDesk() {
  const { person, phone } = await enrolled(servers, shop);
  const { device } = await signInElsewhere(servers, person, phone, 'Desk', { trustDevice: false });
  return { person, device, shown: async () => (await confirmationsSeenBy(phone)).length };
}

async function inputOf(person: Person, device: Handset, purpose: string) {
  const isAction = purpose === 'CONFIRM' || purpose === 'DISABLE_TWO_STEP';
  return {
    requestId: randomUUID(),
    externalId: person.externalId,
    purpose,
    epoch: purpose === 'CONFIRM' ? null : await epochOf(servers, person),
    ...(isAction && { sessionId: (await sessionOf(servers, device)).id }),
    ...(purpose === 'CONFIRM' && { action: payment }),
  };
}

describe.each(purposes)('%s', (purpose, prepare) => {
  test('is started once by twenty that ask for the same, begun once by twenty that begin it', async () => {
    const { person, device, shown } = await prepare();
    const input = await inputOf(person, device, purpose);
    const starts = await Promise.all(times(20, (nth) => ask(shopAt(nth), input)));
    const tokens = starts.map((one) => (one.__typename === 'VerificationStarted' ? one.challengeToken : one));
    expect(new Set(tokens).size).toBe(1);
    expect(tokens[0]).toMatch(/^chl_/);
    const started = { backend: shop, requestId: input.requestId, token: tokens[0] as string };
    expect(await rowsOf('verification', started)).toBe(1);
    const begins = await Promise.all(times(20, (nth) => begin(at(device, nth), started)));
    expect(tally(begins)).toEqual({ Challenge: 20 });
    expect(new Set(begins.map((one) => (one as Challenge).id)).size).toBe(1);
    expect(await rowsOf('challenge', started)).toBe(1);
    const { id } = begins[0] as Challenge;
    expect(await servers.database.count('delivery', 'challenge_id = $1', [id])).toBe(1);
    expect(await shown()).toBe(1);
  });

  test('begun against its own cancelling: it is over, whichever came first', async () => {
    const { person, device } = await prepare();
    for (let round = 0; round < 3; round += 1) {
      const started = await start(servers, person, await inputOf(person, device, purpose));
      const [begins] = await Promise.all([
        Promise.all(times(6, (nth) => begin(at(device, nth), started))),
        ...times(4, (nth) => cancel({ ...started, backend: shopAt(nth) })),
      ]);
      for (const { __typename } of begins) expect(['Challenge', 'ChallengeClosed']).toContain(__typename);
      expect(await verificationOf(started)).toMatchObject({ state: 'CANCELLED' });
      expect(
        await servers.database.count('challenge', "request_id = $1 and state = 'PENDING'", [started.requestId]),
      ).toBe(0);
    }
  });

  test('begun against the end of its epoch: nothing of it is left open', async () => {
    const { person, device } = await prepare();
    const started = await start(servers, person, await inputOf(person, device, purpose));
    await Promise.all([
      ...times(8, (nth) => begin(at(device, nth), started)),
      servers.database.query('update account set epoch = epoch + 1 where id = $1', [person.accountId]),
    ]);
    expect((await endOf(device, started)).__typename).toBe('ChallengeClosed');
  });

  /** Its code, if it has begun, and its begin, if it has not, lead nowhere. */
  async function endOf(device: Handset, started: Started): Promise<Outcome> {
    const outcome = await begin(device, started);
    return outcome.__typename === 'Challenge' ? device.sendCode(outcome, outcome.method) : outcome;
  }
});

test('ids that two people are asked for at once by stand for one of them', async () => {
  const [one, other] = [await enrolled(servers, shop), await enrolled(servers, shop)];
  const requestId = randomUUID();
  const asked = await Promise.allSettled(
    times(20, async (nth) => {
      const { person } = nth % 2 ? one : other;
      const input = {
        requestId,
        externalId: person.externalId,
        purpose: 'SIGN_IN',
        epoch: await epochOf(servers, person),
      };
      return ask(shopAt(nth >> 1), input);
    }),
  );
  const told = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const refused = asked.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
  expect([told.length, refused.length]).toEqual([10, 10]);
  for (const reason of refused) expect(reason).toContain('BAD_USER_INPUT');
  const externalIds = told.map((one: StartOutcome) =>
    one.__typename === 'VerificationStarted' ? one.verification.externalId : one,
  );
  expect(new Set(externalIds).size).toBe(1);
});

test('a trusted device that begins twenty times at once is let in once, and nobody is asked for a code', async () => {
  const { person, phone } = await enrolled(servers, shop);
  const started = await start(servers, person);
  const outcomes = await Promise.all(times(20, (nth) => begin(at(phone, nth), started)));
  expect(tally(outcomes)).toEqual({ SignedIn: 1, ChallengeClosed: 19 });
  expect(await rowsOf('challenge', started)).toBe(0);
});

const drivers = purposeDrivers(
  () => servers,
  () => shop,
).filter(({ name }) => name !== 'SIGN_IN');

describe.each(drivers)('the receipt of $name', (driver) => {
  test('makes one of fifty that redeem it over two servers Verified', async () => {
    const one = await driver.ask();
    const right = await driver.type(one, one.code);
    if (!('receipt' in right) || !one.started) throw new Error(`no receipt: ${JSON.stringify(right)}`);
    const { receipt } = right;
    const { requestId } = one.started;
    const outcomes = await Promise.all(
      times(50, (nth) => shopAt(nth).ask<RedeemOutcome>(REDEEM_RECEIPT, { requestId, receipt })),
    );
    expect(tally(outcomes)).toEqual({ Verified: 1, ReceiptVoid: 49 });
  });

  test('against the end of the epoch: it is redeemed before it, or not at all', async () => {
    const one = await driver.ask();
    const right = await driver.type(one, one.code);
    if (!('receipt' in right) || !one.started) throw new Error(`no receipt: ${JSON.stringify(right)}`);
    const { receipt } = right;
    const { requestId } = one.started;
    const redeeming = times(16, (nth) => shopAt(nth).ask<RedeemOutcome>(REDEEM_RECEIPT, { requestId, receipt }));
    await servers.database.query(
      'update account set epoch = epoch + 1 where id = (select account_id from verification where request_id = $1)',
      [requestId],
    );
    const { Verified = 0, ReceiptVoid = 0 } = tally(await Promise.all(redeeming));
    expect([Verified <= 1, Verified + ReceiptVoid]).toEqual([true, 16]);
    const late = await shop.ask<RedeemOutcome>(REDEEM_RECEIPT, { requestId, receipt });
    expect(late.__typename).toBe('ReceiptVoid');
  });

  test('is there if the right code came before the cancelling, and is not if it came after', async () => {
    const one = await driver.ask();
    const { started } = one;
    if (!started) throw new Error('no backend asks for it');
    const [typed] = await Promise.all([
      Promise.all(times(8, (nth) => driver.type(one, one.code, nth))),
      ...times(4, (nth) => cancel({ ...started, backend: shopAt(nth) })),
    ]);
    const { [driver.right]: isRight = 0 } = tally(typed);
    const { state } = await verificationOf(started);
    expect([state, isRight]).toEqual(state === 'VERIFIED' ? ['VERIFIED', 1] : ['CANCELLED', 0]);
    expect(
      await servers.database.count('verification', 'request_id = $1 and receipt_hash is not null', [started.requestId]),
    ).toBe(isRight);
  });
});

test('a code against the sign-out of the session that asks: it is confirmed before it, or not at all', async () => {
  const [confirm] = drivers.filter(({ name }) => name === 'CONFIRM');
  if (!confirm) throw new Error('no driver');
  for (let round = 0; round < 4; round += 1) {
    const one = await confirm.ask();
    const typing = times(8, (nth) => confirm.type(one, one.code, nth));
    await one.device.signOut();
    const { Confirmed = 0, ChallengeClosed = 0 } = tally(await Promise.all(typing));
    expect([Confirmed <= 1, Confirmed + ChallengeClosed]).toEqual([true, 8]);
    expect((await confirm.type(one, one.code)).__typename).toBe('ChallengeClosed');
  }
});

test('a code against the removal of a device elsewhere: no session of it is left', async () => {
  for (let round = 0; round < 3; round += 1) {
    const { person, phone } = await enrolled(servers, shop);
    const { signedIn } = await signInElsewhere(servers, person, phone, 'Tablet');
    const laptop = phone.another('Laptop', servers.client(1));
    const started = await start(servers, person);
    const challenge = asA('Challenge', await begin(laptop, started));
    const code = await codeShownOn(phone, challenge);
    const typing = times(16, (nth) => at(laptop, nth).verify(challenge, code));
    await removeDevice(phone, signedIn.device.id);
    const { SignedIn = 0, ChallengeClosed = 0 } = tally(await Promise.all(typing));
    expect([SignedIn <= 1, SignedIn + ChallengeClosed]).toEqual([true, 16]);
    const { state } = await verificationOf(started);
    expect(state).toBe(SignedIn === 1 ? 'VERIFIED' : 'CANCELLED');
  }
});
