import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Handset } from '../../support/handset.js';
import { asA, type Challenge, tally } from '../../support/outcomes.js';
import { changePassword, codeShownOn, member, wrongCode } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';

let servers: Servers;

beforeAll(async () => {
  servers = await Servers.start({
    count: 2,
    limits: { ACCOUNT_TRIES_BEFORE_STOP: 100, CHALLENGES_PER_ACCOUNT_HOUR: 1000, PROMPTS_UNANSWERED: 1000 },
  });
});
afterAll(() => servers[Symbol.asyncDispose]());

/** A laptop that waits for the code that its trusted phone shows. */
async function waiting() {
  const phone = await servers.trusted();
  const laptop = phone.another('Laptop');
  const challenge = await laptop.challenged();
  return { phone, laptop, challenge, code: await codeShownOn(phone, challenge) };
}

function setAccount({ owner }: Handset, change: string): Promise<unknown> {
  return servers.database.row(`update account set ${change} where email = $1 returning id`, [owner.email]);
}

async function triesOf({ id }: Challenge): Promise<number> {
  const found = servers.database.row<{ tries: number }>('select tries from challenge where id = $1', [id]);
  return (await found).tries;
}

test('while new devices wait, the right code of a challenge from before opens nothing', async () => {
  const { phone, laptop, challenge, code } = await waiting();
  await setAccount(phone, "paused_until = clock_timestamp() + interval '1 minute'");
  expect(asA('TemporarilyLocked', await laptop.verify(challenge, code)).retryAt).not.toBeNull();
  expect(await triesOf(challenge)).toBe(0);
  expect(laptop.sessionToken).toBeNull();
  await setAccount(phone, 'paused_until = clock_timestamp()');
  asA('SignedIn', await laptop.verify(challenge, code));
});

test('past the stop no code is right until the password changes, however long one waits', async () => {
  const { phone, laptop, challenge, code } = await waiting();
  await setAccount(phone, 'code_failures = 99');
  asA('WrongCode', await laptop.verify(challenge, wrongCode(code)));
  await setAccount(phone, "paused_until = paused_until - interval '2 days'");
  for (const typed of [code, wrongCode(code)]) {
    expect(asA('TemporarilyLocked', await laptop.verify(challenge, typed)).retryAt).toBeNull();
  }
  expect(await triesOf(challenge)).toBe(1);
  expect(asA('TemporarilyLocked', await phone.another('Tablet').signIn()).retryAt).toBeNull();
  asA('SignedIn', await phone.signIn());
  const password = 'velvet-harbour-57-kettle';
  member('PasswordChanged', await changePassword(phone, password));
  asA('Challenge', await phone.another('Tablet').signIn({ password }));
});

test('the pause doubles with each five failures more, up to a day', async () => {
  const { phone, laptop, challenge, code } = await waiting();
  const pauses: number[] = [];
  for (const failures of [9, 10, 11, 15, 20, 25, 30, 35, 40, 45, 50, 55, 99]) {
    await setAccount(phone, `code_failures = ${failures - 1}, paused_until = null`);
    await servers.database.query('update challenge set tries = 0 where id = $1', [challenge.id]);
    asA('WrongCode', await laptop.verify(challenge, wrongCode(code)));
    const { seconds } = await servers.database.row<{ seconds: number }>(
      `select coalesce(extract(epoch from paused_until - clock_timestamp()), 0)::float8 as seconds
       from account where email = $1`,
      [phone.owner.email],
    );
    pauses.push(Math.round(seconds / 60) * 60);
  }
  const doubling = [900, 1800, 3600, 7200, 14_400, 28_800, 57_600, 86_400, 86_400, 86_400];
  expect(pauses).toEqual([0, 900, 0, ...doubling.slice(1), 0]);
});

describe('a challenge that is over compares nothing: no try is spent on it', () => {
  test.each<[string, (phone: Handset, laptop: Handset, challenge: Challenge, code: string) => Promise<unknown>]>([
    ['DENIED', (phone, _laptop, challenge) => phone.deny(challenge)],
    ['VERIFIED', (_phone, laptop, challenge, code) => laptop.verify(challenge, code)],
    ['CANCELLED', (phone) => changePassword(phone, 'velvet-harbour-57-kettle')],
  ])('%s', async (state, end) => {
    const { phone, laptop, challenge, code } = await waiting();
    await end(phone, laptop, challenge, code);
    const before = await triesOf(challenge);
    for (const typed of [code, wrongCode(code)]) {
      expect(asA('ChallengeClosed', await laptop.verify(challenge, typed)).state).toBe(state);
    }
    expect(await triesOf(challenge)).toBe(before);
  });
});

test('sixteen sign-ups at once over two servers send three mails to one address', async () => {
  const stranger = servers.stranger();
  const outcomes = await Promise.all(
    Array.from({ length: 16 }, (_, nth) => stranger.another('Phone', servers.client(nth % 2)).signUp()),
  );
  expect(tally(outcomes)).toEqual({ Challenge: 16 });
  const sent = servers.database.count('delivery', 'to_address = $1 and not is_withheld', [stranger.owner.email]);
  expect(await sent).toBe(3);
});
