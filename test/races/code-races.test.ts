import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Backend } from '../support/backend.js';
import type { Handset } from '../support/handset.js';
import { asA, type Challenge, tally } from '../support/outcomes.js';
import { codeShownOn, deviceOf, letIn, REMOVE_DEVICE, wrongCode } from '../support/owner.js';
import { type Asked as Prompted, purposeDrivers } from '../support/purpose-drivers.js';
import { backEnds, Servers } from '../support/servers.js';

const ROUNDS = 5;

let servers: Servers;
let shop: Backend;

// The account's own counter is another test's.
beforeAll(async () => {
  servers = await Servers.start({
    count: 2,
    redis: backEnds.some(({ redis }) => redis),
    limits: {
      ACCOUNT_TRIES_BEFORE_PAUSE: 50,
      ACCOUNT_TRIES_BEFORE_STOP: 100,
      CHALLENGES_PER_ACCOUNT_HOUR: 1000,
      PROMPTS_UNANSWERED: 1000,
      MAILS_PER_ADDRESS_HOUR: 1000,
      UNPROVEN_MAILS_DAY: 100,
      CONFIRM_TRIES_BEFORE_PAUSE: 50,
    },
  });
  shop = await Backend.add(servers);
});
afterAll(() => servers[Symbol.asyncDispose]());

interface Asked {
  readonly laptop: Handset;
  readonly challenge: Challenge;
  readonly code: string;
}

async function asked(phone: Handset, laptop = phone.another('Laptop', servers.client(1))): Promise<Asked> {
  const challenge = await laptop.challenged();
  return { laptop, challenge, code: await codeShownOn(phone, challenge) };
}

/** The right code, from both servers at once. */
function typed({ laptop, challenge, code }: Asked, times: number) {
  return Array.from({ length: times }, (_, nth) => laptop.twin(servers.client(nth % 2)).verify(challenge, code));
}

const sessionsOf = ({ id }: Challenge) => servers.database.count('session', 'challenge_id = $1', [id]);
const triesOf = async ({ id }: Challenge) =>
  (await servers.database.row<{ tries: number }>('select tries from challenge where id = $1', [id])).tries;
const liveDevices = async ({ owner }: Handset) =>
  (
    await servers.database.query<{ device: string }>(
      `select s.device_id as device from session s join account a on a.id = s.account_id
       where a.email = $1 and s.ended_at is null`,
      [owner.email],
    )
  ).map(({ device }) => device);

const drivers = purposeDrivers(
  () => servers,
  () => shop,
);
const sessionsBy = ({ challenge }: Prompted) => sessionsOf(challenge);
const times = <T>(count: number, work: (nth: number) => T): T[] => Array.from({ length: count }, (_, nth) => work(nth));

describe.each(drivers)('a right code of $name', (driver) => {
  const { right, opens } = driver;
  // What turns it on or off does so once for an account.
  const rounds = driver.isLasting ? 1 : ROUNDS;

  test('against the fifth wrong one: it is right or the challenge is locked, and five are compared at most', async () => {
    const owner = await driver.owner();
    for (let round = 0; round < rounds; round += 1) {
      const one = await driver.ask(owner);
      const wrong = wrongCode(one.code);
      for (let nth = 0; nth < 4; nth += 1) expect((await driver.type(one, wrong)).__typename).toBe('WrongCode');
      const guesses = times(8, (nth) => driver.type(one, nth === round ? one.code : wrong, nth));
      const { [right]: isRight = 0, WrongCode = 0, ChallengeClosed = 0 } = tally(await Promise.all(guesses));
      expect([isRight + WrongCode, ChallengeClosed]).toEqual([1, 7]);
      expect(await triesOf(one.challenge)).toBe(5);
      expect(await sessionsBy(one)).toBe(opens * isRight);
    }
  });

  test('against being sent again: it is right once, and nothing is sent after it', async () => {
    const owner = await driver.owner();
    for (let round = 0; round < rounds; round += 1) {
      const one = await driver.ask(owner);
      const { device, challenge } = one;
      const sends = (['EMAIL', 'APP'] as const).flatMap((method) =>
        [0, 1].map((nth) => device.twin(servers.client(nth)).sendCode(challenge, method)),
      );
      const typing = times(12, (nth) => driver.type(one, one.code, nth));
      const [typed, sent] = await Promise.all([Promise.all(typing), Promise.all(sends)]);
      expect(tally(typed)).toEqual({ [right]: 1, ChallengeClosed: 11 });
      expect(await sessionsBy(one)).toBe(opens);
      const refusals = ['ResendTooSoon', 'ChallengeClosed', 'MethodUnavailable'];
      for (const { __typename } of sent) expect(['Challenge', ...refusals]).toContain(__typename);
      expect(asA('ChallengeClosed', await device.sendCode(challenge, challenge.method)).state).toBe('VERIFIED');
    }
  });
});

describe('a right code', () => {
  test('against a denial: sixteen of them open a session or none, as the phone is told', async () => {
    const phone = await servers.trusted();
    for (let round = 0; round < ROUNDS; round += 1) {
      const request = await asked(phone);
      const guesses = typed(request, 16);
      const denied = await phone.deny(request.challenge);
      const { SignedIn = 0 } = tally(await Promise.all(guesses));
      expect(SignedIn).toBe(denied.state === 'VERIFIED' ? 1 : 0);
      expect(await sessionsOf(request.challenge)).toBe(SignedIn);
      // Denials pause the account after three.
      await servers.database.query('update account set paused_until = null where email = $1', [phone.owner.email]);
    }
  });

  test('against the removal of the device that asks: no session of it is left', async () => {
    const phone = await servers.trusted();
    for (let round = 0; round < ROUNDS; round += 1) {
      const laptop = phone.another('Laptop', servers.client(1));
      const { device } = await letIn(phone, laptop, false);
      const request = await asked(phone, laptop);
      const guesses = typed(request, 16);
      await phone.ask(REMOVE_DEVICE, { id: device.id });
      const { SignedIn = 0, ChallengeClosed = 0 } = tally(await Promise.all(guesses.map(withoutAnswer)));
      expect(SignedIn).toBeLessThanOrEqual(1);
      expect(SignedIn + ChallengeClosed).toBeGreaterThanOrEqual(15);
      expect(await liveDevices(phone)).not.toContain(device.id);
    }
  });
});

/** A removal that comes between the session and its answer leaves nothing to answer with. */
async function withoutAnswer<T extends { __typename: string }>(outcome: Promise<T>) {
  return outcome.catch((error: Error) => {
    expect(error.message).toContain('UNAUTHENTICATED');
    return { __typename: 'Removed' } as never;
  });
}

test('two sessions that turn two-step verification on at once: one has done so, and the other is over', async () => {
  const phone = await servers.signedUp();
  const laptop = phone.another('Laptop', servers.client(1));
  asA('SignedIn', await laptop.signIn());
  const begun = new Map<Handset, { challenge: Challenge; code: string }>();
  for (const handset of [phone, laptop]) {
    const challenge = asA('Challenge', await handset.startTwoStepSetup());
    begun.set(handset, { challenge, code: await servers.mailbox.code(phone.owner.email) });
  }
  const outcomes = await Promise.all(
    [...begun].flatMap(([handset, { challenge, code }]) =>
      Array.from({ length: 8 }, () =>
        handset.enableTwoStep(challenge, code).catch((error: Error) => {
          expect(error.message).toContain('UNAUTHENTICATED');
          return null;
        }),
      ),
    ),
  );
  const enabled = outcomes.flatMap((outcome, nth) => (outcome?.__typename === 'TwoStepEnabled' ? [nth] : []));
  expect(enabled).toHaveLength(1);
  const winner = (enabled[0] ?? 0) < 8 ? phone : laptop;
  expect(await liveDevices(phone)).toEqual([(await deviceOf(winner)).id]);
});

test('a copied token against sign-ins with the live one: no session from before the alarm is left', async () => {
  const phone = await servers.trusted();
  const thief = phone.twin();
  asA('SignedIn', await phone.signIn());
  asA('SignedIn', await phone.signIn());
  await servers.database.query(
    `update device_token t set retired_at = retired_at - interval '61 seconds' from device d join account a on a.id = d.account_id
     where d.id = t.device_id and a.email = $1`,
    [phone.owner.email],
  );
  const tabs = Array.from({ length: 15 }, (_, nth) => phone.twin(servers.client(nth % 2)));
  const outcomes = await Promise.all([...tabs.slice(0, 4), thief, ...tabs.slice(4)].map((tab) => tab.signIn()));
  for (const { __typename } of outcomes) expect(['SignedIn', 'Challenge', 'InvalidCredentials']).toContain(__typename);
  expect(await liveDevices(phone)).toEqual([]);
});
