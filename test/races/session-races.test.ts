import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { allActivityOf } from '../support/activity.js';
import type { Handset } from '../support/handset.js';
import { VIEWER } from '../support/operations.js';
import { asA, type Challenge } from '../support/outcomes.js';
import {
  changePassword,
  codeShownOn,
  deviceOf,
  disableTwoStep,
  END_SESSION,
  endSession,
  letIn,
  member,
  REMOVE_DEVICE,
  requestReset,
  resetPassword,
  sessionOf,
  sessionsSeenBy,
} from '../support/owner.js';
import { Servers } from '../support/servers.js';

const REQUESTS = 16;
const NEW_PASSWORD = 'velvet-harbour-57-kettle';

let servers: Servers;

// Sixteen tries at once, each counted as a failure until it is compared, would be held up before they met what they race
// against.
beforeAll(async () => {
  servers = await Servers.start({
    count: 2,
    limits: {
      PASSWORD_FAILURES_FREE: 100,
      ACCOUNT_TRIES_BEFORE_PAUSE: 50,
      ACCOUNT_TRIES_BEFORE_STOP: 100,
    },
  });
});
afterAll(() => servers[Symbol.asyncDispose]());

/** What ends sessions while others are being opened; on the first server, from the phone. */
const endings: Readonly<Record<string, (phone: Handset, laptopId: string) => Promise<() => Promise<unknown>>>> = {
  changePassword: async (phone) => async () => member('PasswordChanged', await changePassword(phone, NEW_PASSWORD)),
  resetPassword: async (phone) => {
    const challenge = await requestReset(phone);
    const code = await servers.mailbox.code(phone.owner.email);
    return async () => member('PasswordReset', await resetPassword(phone, challenge, code, NEW_PASSWORD));
  },
  removeDevice: async (phone, laptopId) => () => phone.ask(REMOVE_DEVICE, { id: laptopId }),
  disableTwoStep: async (phone) => async () => member('TwoStepDisabled', await disableTwoStep(phone)),
};

/** Every session of the account that is not over, and whether its device is trusted. */
function liveSessions(handset: Handset): Promise<{ device: string; trusted: boolean }[]> {
  return servers.database.query(
    `select d.id as device, d.trusted_at is not null as trusted from session s join device d on d.id = s.device_id
     join account a on a.id = s.account_id where a.email = $1 and s.ended_at is null`,
    [handset.owner.email],
  );
}

/** A trusted phone on the first server, and a trusted laptop of the same account on the second. */
async function phoneAndLaptop(): Promise<{ phone: Handset; phoneId: string; laptop: Handset; laptopId: string }> {
  const phone = await servers.trusted();
  const laptop = phone.another('Laptop', servers.client(1));
  const { device } = await letIn(phone, laptop);
  return { phone, phoneId: (await deviceOf(phone)).id, laptop, laptopId: device.id };
}

/** Sends the requests and, in the middle of them, what they race against. */
async function race(requests: (nth: number) => Promise<unknown>, ending: () => Promise<unknown>): Promise<void> {
  const sent: Promise<unknown>[] = [];
  for (let nth = 0; nth < REQUESTS; nth += 1) {
    if (nth === REQUESTS / 4) sent.push(ending());
    sent.push(requests(nth));
  }
  await Promise.all(sent);
}

/** What may be left once the ending has answered and every request with it. */
async function expectNothingLeftBehind(name: string, phone: Handset, phoneId: string, laptopId: string): Promise<void> {
  const live = await liveSessions(phone);
  if (name === 'resetPassword') expect(live).toEqual([]);
  if (name === 'changePassword') expect(live.map(({ device }) => device)).toEqual([phoneId]);
  if (name === 'removeDevice') expect(live.filter(({ device }) => device === laptopId)).toEqual([]);
  if (name === 'disableTwoStep') expect(live.filter(({ trusted }) => trusted)).toEqual([]);
}

describe.each(Object.entries(endings))('%s against sixteen requests over two servers', (name, prepare) => {
  test('leaves no session that a trusted device signed in for', async () => {
    const { phone, phoneId, laptop, laptopId } = await phoneAndLaptop();
    const ending = await prepare(phone, laptopId);
    const tabs = Array.from({ length: REQUESTS }, (_, nth) => laptop.twin(servers.client(nth % 2)));
    await race(async (nth) => {
      const { __typename } = (await tabs[nth]?.signIn()) ?? {};
      expect(['SignedIn', 'Challenge', 'InvalidCredentials']).toContain(__typename);
    }, ending);
    await expectNothingLeftBehind(name, phone, phoneId, laptopId);
  });

  test('leaves no session that a right code opened', async () => {
    const { phone, phoneId, laptop, laptopId } = await phoneAndLaptop();
    const codes = new Map<string, string>();
    const askers = Array.from({ length: 4 }, (_, nth) => phone.another(`Tablet ${nth}`, servers.client(nth % 2)));
    const challenges: Challenge[] = [];
    for (const asker of askers) challenges.push(await asker.challenged());
    for (const challenge of challenges) codes.set(challenge.id, await codeShownOn(laptop, challenge));
    const ending = await prepare(phone, laptopId);
    const opened: string[] = [];
    await race(async (nth) => {
      const challenge = challenges[nth % 4];
      if (!challenge) return;
      const outcome = await phone
        .another('Tablet', servers.client(nth % 2))
        .verify(challenge, codes.get(challenge.id) ?? '');
      expect(['SignedIn', 'ChallengeClosed']).toContain(outcome.__typename);
      if (outcome.__typename === 'SignedIn') opened.push(challenge.id);
    }, ending);
    expect(new Set(opened).size).toBe(opened.length);
    await expectNothingLeftBehind(name, phone, phoneId, laptopId);
    for (const challenge of challenges) {
      expect((await phone.challenge(challenge)).state).toBe(opened.includes(challenge.id) ? 'VERIFIED' : 'CANCELLED');
    }
  });
});

describe('endSession, sixteen times at once over two servers,', () => {
  test('ends a session once, and the activity tells of it once', async () => {
    const { phone, laptop } = await phoneAndLaptop();
    const { id } = await sessionOf(laptop);
    const callers = Array.from({ length: REQUESTS }, (_, nth) => phone.twin(servers.client(nth % 2)));
    const ended = await Promise.all(callers.map((caller) => endSession(caller, id)));
    expect(ended.filter((count) => count === 1)).toHaveLength(1);
    expect(ended.filter((count) => count === 0)).toHaveLength(REQUESTS - 1);
    expect(await laptop.viewer()).toBeNull();
    const entries = await allActivityOf(phone);
    expect(entries.filter(({ type }) => type === 'SIGNED_OUT')).toHaveLength(1);
  });

  test('leaves one of two sessions that end each other', async () => {
    const { phone, laptop } = await phoneAndLaptop();
    const [phones, laptops] = [await sessionOf(phone), await sessionOf(laptop)];
    const answers = await Promise.all(
      Array.from({ length: REQUESTS }, async (_, nth) => {
        const [caller, id] = nth % 2 ? [phone, laptops.id] : [laptop, phones.id];
        const { data } = await caller
          .twin(servers.client(nth % 2))
          .graphql<{ result: { sessionsEnded: number } }>(END_SESSION, { id });
        return data?.result.sessionsEnded ?? 0;
      }),
    );
    expect(answers.reduce((sum, ended) => sum + ended)).toBe(1);
    expect(await liveSessions(phone)).toHaveLength(1);
  });

  test('leaves nothing of the session, whatever was asked with it meanwhile', async () => {
    const { phone, laptop } = await phoneAndLaptop();
    const { id } = await sessionOf(laptop);
    await race(
      async (nth) => {
        // Served, or not served any more; what came later than the end is looked at below.
        await laptop.twin(servers.client(nth % 2)).graphql(VIEWER);
      },
      () => endSession(phone, id),
    );
    expect(await laptop.viewer()).toBeNull();
    expect((await sessionsSeenBy(phone)).map((session) => session.id)).not.toContain(id);
  });
});

test('enableTwoStep leaves no session of those that sign in without a second step meanwhile', async () => {
  const phone = await servers.signedUp();
  const challenge = asA('Challenge', await phone.startTwoStepSetup());
  const code = await servers.mailbox.code(phone.owner.email);
  const laptops = Array.from({ length: REQUESTS }, (_, nth) => phone.another('Laptop', servers.client(nth % 2)));
  await race(
    async (nth) => {
      const { __typename } = (await laptops[nth]?.signIn()) ?? {};
      expect(['SignedIn', 'Challenge']).toContain(__typename);
    },
    async () => asA('TwoStepEnabled', await phone.enableTwoStep(challenge, code)),
  );
  expect((await liveSessions(phone)).map(({ device }) => device)).toEqual([(await deviceOf(phone)).id]);
  for (const laptop of laptops) expect(laptop.sessionToken && (await laptop.viewer())).toBeNull();
});
