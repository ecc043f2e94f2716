import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Handset } from '../../support/handset.js';
import { asA, type Challenge } from '../../support/outcomes.js';
import { member, type OwnerOutcome, requestReset, resetByMail, resetPassword } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';

// What a new password costs before its code is looked at.

const MOST = 3;
const NEW_PASSWORD = 'velvet-harbour-57-kettle';
const WEAK = 'aaaaaaaaaaaaaaaa';
const ANY_CODE = '00000000';

let servers: Servers;

beforeAll(async () => {
  servers = await Servers.start({
    limits: {
      JUDGEMENTS_PER_CHALLENGE: MOST,
      OPEN_MAILS_PER_ADDRESS_AND_IP_HOUR: 100,
      OPEN_MAILS_PER_ADDRESS_HOUR: 100,
    },
  });
});
afterAll(() => servers[Symbol.asyncDispose]());

const judgementsOf = async ({ id }: Challenge) =>
  (await servers.database.row<{ judgements: number }>('select judgements from challenge where id = $1', [id]))
    .judgements;

const whatCame = (outcomes: readonly OwnerOutcome[], name: string) =>
  outcomes.filter(({ __typename }) => __typename === name).length;

describe('judgements of new passwords', () => {
  test.each<[string, () => Promise<Handset>]>([
    ['somebody', () => servers.signedUp()],
    ['nobody', async () => servers.stranger()],
  ])(
    'are JUDGEMENTS_PER_CHALLENGE for one reset, and then it is locked: of the address of %s',
    async (_whose, asker) => {
      const handset = await asker();
      const challenge = await requestReset(handset);
      for (let nth = 0; nth < MOST; nth += 1) {
        member('WeakPassword', await resetPassword(handset, challenge, ANY_CODE, WEAK));
      }
      const refused = await resetPassword(handset, challenge, ANY_CODE, NEW_PASSWORD);
      expect(member('ChallengeClosed', refused)).toMatchObject({ state: 'LOCKED' });
      expect(await handset.challenge(challenge)).toMatchObject({ state: 'LOCKED' });
      expect(await judgementsOf(challenge)).toBe(MOST);
    },
  );

  test('are no more where sixteen come at once', async () => {
    const phone = await servers.signedUp();
    const challenge = await requestReset(phone);
    const outcomes = await Promise.all(
      Array.from({ length: 16 }, () => resetPassword(phone, challenge, ANY_CODE, WEAK)),
    );
    expect(whatCame(outcomes, 'WeakPassword')).toBe(MOST);
    expect(whatCame(outcomes, 'ChallengeClosed')).toBe(16 - MOST);
  });

  test('are not needed for a challenge that is over, whatever it ended by', async () => {
    const [locked, expired, verified] = await Promise.all([servers.signedUp(), servers.signedUp(), servers.signedUp()]);
    const challenges = [await requestReset(locked), await requestReset(expired)];
    for (let nth = 0; nth < 5; nth += 1) {
      await servers.database.query('update challenge set judgements = 0 where id = $1', [challenges[0]?.id]);
      await resetPassword(locked, challenges[0] as Challenge, ANY_CODE, NEW_PASSWORD);
    }
    await servers.database.query("update challenge set expires_at = clock_timestamp() - interval '1 s' where id = $1", [
      challenges[1]?.id,
    ]);
    for (const [nth, state] of (['LOCKED', 'EXPIRED'] as const).entries()) {
      const challenge = challenges[nth] as Challenge;
      const before = await judgementsOf(challenge);
      expect(member('ChallengeClosed', await resetPassword(locked, challenge, ANY_CODE, WEAK))).toMatchObject({
        state,
      });
      expect(await judgementsOf(challenge)).toBe(before);
    }
    await resetByMail(verified, NEW_PASSWORD);
  });

  test('that the server was too busy for are not counted', async () => {
    await using busy = await Servers.start({ limits: { HASHES_WAITING: 0, JUDGEMENTS_PER_CHALLENGE: 1000 } });
    const phone = busy.stranger();
    const challenge = await requestReset(phone);
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, () =>
        resetPassword(phone, challenge, ANY_CODE, NEW_PASSWORD).catch((error: Error) => {
          expect(error.message).toContain('OVERLOADED');
          return null;
        }),
      ),
    );
    const judged = outcomes.filter((outcome) => outcome !== null);
    const [{ judgements } = { judgements: 0 }] = await busy.database.query<{ judgements: number }>(
      'select judgements from challenge where id = $1',
      [challenge.id],
    );
    expect(judgements).toBe(judged.length);
  });
});

test('a device that is known has its new password judged while strangers keep the other thread busy', async () => {
  await using busy = await Servers.start({ limits: { HASHES_WAITING: 0 } });
  const phone = await busy.signedUp();
  const strangers = () =>
    Promise.all(
      Array.from({ length: 8 }, () =>
        busy
          .stranger()
          .signUp('4@8({[</369!1|0$5+7%2')
          .catch(() => null),
      ),
    );
  const [, changed] = await Promise.all([
    strangers(),
    phone.ask<OwnerOutcome>(
      `mutation ($current: String!, $new: String!) { result: changePassword(currentPassword: $current, newPassword: $new) {
        __typename ... on PasswordChanged { sessionToken } } }`,
      { current: phone.owner.password, new: NEW_PASSWORD },
    ),
  ]);
  expect(changed.__typename).toBe('PasswordChanged');
});

describe('a request that is refused writes nothing and locks nothing', () => {
  /** Who wrote or locked the rows last: their account's and the challenge's. */
  const marksOf = (challengeId: string) =>
    servers.database.query(
      `select c.xmin::text, c.xmax::text, a.xmin::text as "accountXmin", a.xmax::text as "accountXmax"
       from challenge c left join account a on a.id = c.account_id where c.id = $1`,
      [challengeId],
    );

  test.each<[string, (phone: Handset, challenge: Challenge) => Promise<unknown>]>([
    ['verifyCode', (phone, challenge) => phone.verify(challenge, '000000')],
    ['sendCode', (phone, challenge) => phone.sendCode(challenge, 'EMAIL')],
    ['resetPassword', (phone, challenge) => resetPassword(phone, challenge, ANY_CODE, NEW_PASSWORD)],
  ])('%s, for a challenge that is over', async (_field, ask) => {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    const challenge = await laptop.challenged();
    await servers.database.query(
      "update challenge set state = 'CANCELLED', ended_at = clock_timestamp() where id = $1",
      [challenge.id],
    );
    const before = await marksOf(challenge.id);
    asA('ChallengeClosed', (await ask(laptop, challenge)) as never);
    expect(await marksOf(challenge.id)).toEqual(before);
  });
});
