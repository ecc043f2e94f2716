import { beforeEach, describe, expect, test } from '@jest/globals';
import { KeptChecks } from '../../packages/server/dist/kept-checks.js';
import type { LiveSession } from '../../packages/server/dist/operations.js';

// When an answer of a session check may be kept: backend.graphql says it at LiveSession.mayBeKept.

const KEEP_SECONDS = 10;
const [ada, bob] = ['account-of-ada', 'account-of-bob'];

function live(accountId = ada, fields: Partial<LiveSession> = {}): LiveSession {
  return {
    ...{ id: `session-of-${accountId}`, accountId, externalId: null, email: 'someone@example.com' },
    ...{ deviceId: 'device', deviceName: 'Phone', isTrusted: true, reason: 'VERIFIED_CHALLENGE', provenAt: null },
    ...{ createdAt: '', lastUsedAt: null, expiresAt: '', mayBeKept: KEEP_SECONDS },
    ...fields,
  };
}

/** A question whose answer comes when the test says so. */
interface Question {
  answer(session: LiveSession | null): Promise<LiveSession | null>;
}

let now: { monotonicMs: number; wallMs: number };
let serverMs: number;
let kept: KeptChecks;
let asked: number;
beforeEach(() => {
  now = { monotonicMs: 5_000, wallMs: 1_800_000_000_000 };
  serverMs = 1_800_000_123_456;
  kept = new KeptChecks(100, () => ({ ...now }));
  asked = 0;
});

function pass(ms: number): void {
  now.monotonicMs += ms;
  now.wallMs += ms;
  serverMs += ms;
}

/** The feed is heard each second for so long. */
function passHeard(seconds: number): void {
  for (let second = 0; second < seconds; second += 1) {
    pass(1_000);
    beat();
  }
}

/** @param underWayMs how much longer than usual */
function beat(underWayMs = 0): void {
  kept.beat(serverMs - underWayMs);
}

function check(session: LiveSession | null = live(), key = 'token', usedFrom: string | null = null) {
  return kept.answer(key, usedFrom, async () => {
    asked += 1;
    return session;
  });
}

function begin(key = 'token'): Question {
  let answer: (session: LiveSession | null) => void = () => {};
  const answered = kept.answer(key, null, () => new Promise((resolve) => (answer = resolve)));
  return {
    answer(session) {
      answer(session);
      return answered;
    },
  };
}

/** Whether the next check is answered without being asked. */
async function isKept(key = 'token'): Promise<boolean> {
  const before = asked;
  await check(null, key);
  return asked === before;
}

describe('an answer is kept', () => {
  test('while the feed is heard, for as long as it says, counted from the question', async () => {
    beat();
    const question = begin();
    passHeard(2);
    const session = live();
    await question.answer(session);
    passHeard(7);
    expect(await check()).toBe(session);
    pass(999);
    expect(await check()).toBe(session);
    expect(asked).toBe(0);
    pass(1);
    expect(await isKept()).toBe(false);
  });

  test.each([0, -1])('not at all where it says %i', async (mayBeKept) => {
    beat();
    await check(live(ada, { mayBeKept }));
    expect(kept.size).toBe(0);
  });

  test('not where the feed was not heard yet when it was asked for', async () => {
    const question = begin();
    beat();
    await question.answer(live());
    expect(await isKept()).toBe(false);
  });

  test('not where there was never a feed', async () => {
    await check();
    expect(await isKept()).toBe(false);
  });

  test('not where it is that nobody is signed in', async () => {
    beat();
    await check(null);
    await check(null);
    expect(asked).toBe(2);
  });

  test('not where there was an error, which is thrown', async () => {
    beat();
    await expect(kept.answer('token', null, () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(await isKept()).toBe(false);
  });

  test('not for who asks while it is under way: it was asked for earlier', async () => {
    beat();
    const question = begin();
    await check();
    expect(asked).toBe(1);
    await question.answer(live());
  });

  test('for each key by itself', async () => {
    beat();
    await check(live(), 'one');
    expect(await isKept('two')).toBe(false);
    expect(await isKept('one')).toBe(true);
  });
});

describe('an event', () => {
  test('of the account drops all that is kept of it, and nothing else', async () => {
    beat();
    await check(live(ada), 'token');
    await check(live(ada), 'id');
    await check(live(bob), 'of bob');
    kept.happened(ada);
    expect([await isKept('token'), await isKept('id'), await isKept('of bob')]).toEqual([false, false, true]);
    expect(kept.size).toBe(1);
  });

  test('between question and answer keeps the answer from being kept', async () => {
    beat();
    const question = begin();
    kept.happened(ada);
    await question.answer(live());
    expect(await isKept()).toBe(false);
  });

  test('of another account, or from before the question, does not', async () => {
    beat();
    const earlier = begin('earlier');
    kept.happened(ada);
    const question = begin();
    kept.happened(bob);
    await question.answer(live(ada));
    expect(await isKept()).toBe(true);
    await earlier.answer(live(ada));
    expect(await isKept('earlier')).toBe(false);
  });
});

describe('a break of the feed', () => {
  test('drops all; what is asked after it is kept again once the feed is heard', async () => {
    beat();
    await check();
    kept.broke();
    expect(kept.size).toBe(0);
    await check();
    beat();
    expect(await isKept()).toBe(false);
    await check();
    expect(await isKept()).toBe(true);
  });

  test.each<[string, () => void]>([
    ['a break', () => kept.broke()],
    ['a gap of more than two seconds', () => pass(2_001)],
  ])(
    'such as %s between question and answer, though it is over, keeps the answer from being kept',
    async (_what, make) => {
      beat();
      const question = begin();
      make();
      beat();
      await question.answer(live());
      expect(await isKept()).toBe(false);
    },
  );

  test('is each silence of more than two seconds, also once it is over', async () => {
    beat();
    await check();
    pass(2_000);
    expect(await isKept()).toBe(true);
    pass(1);
    expect(await isKept()).toBe(false);
    beat();
    await check();
    pass(2_001);
    beat();
    expect(kept.size).toBe(0);
  });

  test('is no event of whatever account: heartbeats alone tell that all was told', async () => {
    beat();
    await check();
    for (let times = 0; times < 5; times += 1) {
      pass(500);
      kept.happened(bob);
    }
    expect(await isKept()).toBe(false);
  });
});

describe('time', () => {
  test('that a heartbeat lay in a buffer is time in which nothing was heard', async () => {
    passHeard(5);
    await check();
    pass(3_000);
    // What was sent during these three seconds comes at once, and then what happened in them.
    beat(2_500);
    expect(await isKept()).toBe(false);
    await check();
    expect(await isKept()).toBe(false);
    beat();
    await check();
    expect(await isKept()).toBe(true);
  });

  test('in which the machine slept counts, whichever of its clocks stood still', async () => {
    beat();
    await check();
    now.wallMs += 3_600_000;
    serverMs += 3_600_000;
    expect(await isKept()).toBe(false);
    // Heard, but sent when the machine fell asleep.
    beat(3_599_000);
    await check();
    expect(await isKept()).toBe(false);
  });

  test('that is set back lengthens nothing', async () => {
    beat();
    await check();
    now.wallMs -= 3_600_000;
    pass(2_001);
    expect(await isKept()).toBe(false);
  });

  test('that runs a little slower here than there does not end it', async () => {
    for (let beats = 0; beats < 100_000; beats += 1) {
      pass(1_000);
      serverMs -= 0.05;
      beat();
    }
    await check();
    expect(await isKept()).toBe(true);
  });
});

describe('that nobody is signed in', () => {
  test('is known at once, before the event comes: by every key of the account', async () => {
    beat();
    await check(live(), 'token');
    await check(live(), 'id');
    await check(null, 'token', '192.0.2.1');
    expect(await isKept('id')).toBe(false);
  });

  test('outlives an answer that was asked for earlier and comes later', async () => {
    beat();
    const question = begin();
    await check(null);
    await question.answer(live());
    expect(await isKept()).toBe(false);
  });
});

test('an address that Doorstep has not been told is told', async () => {
  beat();
  await check(live(), 'token', '192.0.2.1');
  await check(live(), 'token', '192.0.2.1');
  await check(live(), 'token', null);
  expect(asked).toBe(1);
  await check(live(), 'token', '192.0.2.2');
  await check(live(), 'token', '192.0.2.2');
  expect(asked).toBe(2);
});

describe('there are bounds:', () => {
  test('the answer used longest ago makes room', async () => {
    kept = new KeptChecks(2, () => ({ ...now }));
    beat();
    await check(live(ada), 'one');
    await check(live(bob), 'two');
    await check(live(ada), 'one');
    await check(live(bob), 'three');
    expect(kept.size).toBe(2);
    expect([await isKept('one'), await isKept('three')]).toEqual([true, true]);
    expect(await isKept('two')).toBe(false);
  });

  test('more events than can be remembered during a question count as a break', async () => {
    kept = new KeptChecks(3, () => ({ ...now }));
    beat();
    await check(live(bob), 'kept');
    const question = begin();
    for (let nth = 0; nth < 10; nth += 1) kept.happened(`account-${nth}`);
    expect(await isKept('kept')).toBe(false);
    await question.answer(live());
    expect(await isKept()).toBe(false);
    beat();
    await check(live(ada));
    expect(await isKept()).toBe(true);
  });
});
