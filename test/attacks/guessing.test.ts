import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { Handset } from '../support/handset.js';
import { asA, type Challenge } from '../support/outcomes.js';
import { codeShownOn, letIn, requestReset, resetPassword, wrongCode } from '../support/owner.js';
import { backEnds, Servers } from '../support/servers.js';

const limits = { CHALLENGES_PER_ACCOUNT_HOUR: 1000, PROMPTS_UNANSWERED: 1000, PASSWORD_FAILURES_FREE: 100 };

let servers: Servers;

beforeAll(async () => {
  servers = await Servers.start({ count: 2, redis: backEnds.some(({ redis }) => redis), limits });
});
afterAll(() => servers[Symbol.asyncDispose]());

interface Asked {
  readonly laptop: Handset;
  readonly challenge: Challenge;
  readonly code: string;
}

async function asked(phone: Handset, name = 'Laptop'): Promise<Asked> {
  const laptop = phone.another(name, servers.client(1));
  const challenge = await laptop.challenged();
  return { laptop, challenge, code: await codeShownOn(phone, challenge) };
}

/** Types wrong codes, one after the other, each of which must be compared. */
async function guess({ laptop, challenge, code }: Asked, times: number): Promise<number[]> {
  const left: number[] = [];
  while (left.length < times) {
    left.push(asA('WrongCode', await laptop.verify(challenge, wrongCode(code))).attemptsRemaining);
  }
  return left;
}

const failuresOf = async ({ owner }: Handset) =>
  (await servers.database.row<{ n: number }>('select code_failures as n from account where email = $1', [owner.email]))
    .n;

const endPause = ({ owner }: Handset) =>
  servers.database.query('update account set paused_until = clock_timestamp() where email = $1', [owner.email]);

describe('the tries of a challenge', () => {
  test('come back by no resend, no other channel, no flushed Redis and no new server', async () => {
    const phone = await servers.trusted();
    const { laptop, challenge, code } = await asked(phone);
    expect(await guess({ laptop, challenge, code }, 2)).toEqual([4, 3]);
    asA('Challenge', await laptop.sendCode(challenge, 'EMAIL'));
    await servers.mailbox.code(phone.owner.email);
    await servers.database.query("update challenge set last_app_send_at = last_app_send_at - interval '1 minute'");
    expect(asA('Challenge', await laptop.sendCode(challenge, 'APP')).attemptsRemaining).toBe(3);
    expect(await guess({ laptop, challenge, code }, 1)).toEqual([2]);
    if (servers.redis) {
      const redis = new Redis(servers.redis.url);
      await redis.flushall();
      redis.disconnect();
    }
    const started = await servers.add({ api: true, worker: false });
    const elsewhere = laptop.twin(servers.client(2));
    expect(await guess({ laptop: elsewhere, challenge, code }, 2)).toEqual([1, 0]);
    for (const device of [laptop, elsewhere]) {
      expect(asA('ChallengeClosed', await device.verify(challenge, code)).state).toBe('LOCKED');
    }
    await started.close();
  });
});

describe('wrong codes in a row', () => {
  test('add up to fifty over thirty challenges that were opened before, pauses waited out, and then only the password helps', async () => {
    const phone = await servers.trusted();
    const all: Asked[] = [];
    while (all.length < 30) all.push(await asked(phone, `Laptop ${all.length}`));
    let compared = 0;
    // The pauses come after the 10th and after each 5 more.
    for (let round = 0; round < 12; round += 1) {
      const outcomes = await Promise.all(
        all.map(({ laptop, challenge, code }) => laptop.verify(challenge, wrongCode(code))),
      );
      compared += outcomes.filter(({ __typename }) => __typename === 'WrongCode').length;
      await endPause(phone);
    }
    expect(compared).toBe(50);
    expect(await failuresOf(phone)).toBe(50);
    const fresh = all.at(-1) as Asked;
    expect(asA('TemporarilyLocked', await fresh.laptop.verify(fresh.challenge, fresh.code)).retryAt).toBeNull();
    expect(asA('TemporarilyLocked', await phone.another('One more').signIn()).retryAt).toBeNull();
    asA('SignedIn', await phone.signIn());
  });

  test('are not forgiven for the right password alone, and are for a verified sign-in', async () => {
    const phone = await servers.trusted();
    await guess(await asked(phone), 5);
    asA('SignedIn', await phone.signIn());
    const next = await asked(phone, 'Tablet');
    expect(await failuresOf(phone)).toBe(5);
    await guess(next, 4);
    asA('SignedIn', await next.laptop.verify(next.challenge, next.code));
    expect(await failuresOf(phone)).toBe(0);
  });

  test('are not forgiven for the code of anything but a sign-in', async () => {
    const phone = await servers.trusted();
    await guess(await asked(phone), 5);
    const tablet = phone.another('Tablet');
    const signUp = asA('Challenge', await tablet.signUp());
    await servers.mailbox.next(phone.owner.email);
    asA('WrongCode', await tablet.verify(signUp, '00000000'));
    expect(await failuresOf(phone)).toBe(5);
  });
});

describe('a pause', () => {
  test('touches no trusted device: it signs in, listens, and lets nobody be asked for a code', async () => {
    const phone = await servers.trusted();
    const tablet = phone.another('Tablet', servers.client(1));
    await letIn(phone, tablet);
    await guess(await asked(phone, 'Thief'), 5);
    await guess(await asked(phone, 'Thief'), 5);
    asA('TemporarilyLocked', await phone.another('Laptop').signIn());
    for (const trusted of [phone, tablet]) {
      asA('SignedIn', await trusted.signIn());
      expect((await trusted.viewer())?.currentDevice.isTrusted).toBe(true);
      await using requests = trusted.loginRequests();
      expect((await requests.next()).id).toEqual(expect.any(String));
    }
  });

  test('is caused by nobody who has not the password, whatever is tried and however often', async () => {
    const phone = await servers.trusted();
    const outsider = phone.another('Outsider', servers.client(1));
    await Promise.all(Array.from({ length: 60 }, () => outsider.signIn({ password: 'not the right password' })));
    for (let nth = 0; nth < 4; nth += 1) {
      const reset = await requestReset(outsider);
      const signUp = asA('Challenge', await outsider.signUp());
      await Promise.all(
        Array.from({ length: 6 }, async () => {
          await resetPassword(outsider, reset, '00000000', 'velvet-harbour-57-kettle');
          await outsider.verify(signUp, '00000000');
        }),
      );
    }
    expect(await failuresOf(phone)).toBe(0);
    const { laptop, challenge, code } = await asked(phone);
    asA('SignedIn', await laptop.verify(challenge, code));
  });
});
