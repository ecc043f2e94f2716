import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { hash } from '@node-rs/argon2';
import { HashSlots } from '../../../src/passwords/hash-slots.js';
import { type Handset, PASSWORD } from '../../support/handset.js';
import { asA, type Outcome } from '../../support/outcomes.js';
import { letIn, removeDevice } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';
import { until, within } from '../../support/waiting.js';

// About the work that a password costs: one is hashed at a time here, and nobody may wait for that.
let servers: Servers;
/** Whose password keeps a slot busy for about a second. */
let slow: Handset;
/** Whose password is compared in no time, where there is a slot for it. */
let quick: Handset;

beforeAll(async () => {
  servers = await Servers.start({ limits: { HASHES_AT_ONCE: 1, HASHES_WAITING: 0, PASSWORD_FAILURES_FREE: 1 } });
  slow = await servers.signedUp();
  quick = await servers.signedUp();
  const slowHash = await hash(PASSWORD, { memoryCost: 65_536, timeCost: 24, parallelism: 1 });
  await servers.database.query('update account set password_hash = $2 where email = $1', [slow.owner.email, slowHash]);
});
afterAll(() => servers[Symbol.asyncDispose]());

const outcomeOf = (answer: Promise<Outcome>): Promise<string> =>
  answer.then(
    ({ __typename }) => __typename,
    (error: Error) => (error.message.includes('OVERLOADED') ? 'OVERLOADED' : error.message),
  );

const isBusy = async () => (await outcomeOf(quick.another('Laptop').signIn())) === 'OVERLOADED';

/** What the work ends in while a stranger keeps the one slot busy; done again where it was not busy all the time. */
async function whileBusy<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    const entering = outcomeOf(slow.another('Laptop').signIn());
    let isOver = false;
    const ended = entering.finally(() => {
      isOver = true;
    });
    await until(async () => isOver || (await isBusy()), 'the slot, to be busy');
    const result = await work();
    const wasBusy = await isBusy();
    await ended;
    if (wasBusy) return result;
  }
}

test('as many wait for a hash as may, and one more is turned away at once', async () => {
  const slots = new HashSlots(2, 3);
  const finish: (() => void)[] = [];
  let running = 0;
  let most = 0;
  const work = async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise<void>((resolve) => finish.push(resolve));
    running -= 1;
  };
  const taken = Array.from({ length: 5 }, () => slots.run(work));
  await expect(within(slots.run(work), 'a refusal', 1000)).rejects.toThrow('busy');
  for (let nth = 0; nth < 5; nth += 1) {
    await until(() => finish.length > nth, 'the next in line');
    finish[nth]?.();
  }
  await Promise.all(taken);
  expect(most).toBe(2);
});

describe('what waits for a hash', () => {
  /** Slots whose work ends one after the other; the order in which it began. */
  function line(maxWaiting: number) {
    const slots = new HashSlots(1, maxWaiting);
    const begun: string[] = [];
    const finish: (() => void)[] = [];
    const ask = (group: string, member = group) => {
      const work = async () => {
        begun.push(member);
        await new Promise<void>((resolve) => finish.push(resolve));
      };
      return slots.run(work, { group, member }).then(
        () => 'done',
        (error: Error) => error.message,
      );
    };
    const finishAll = async (count: number) => {
      for (let nth = 0; nth < count; nth += 1) {
        await until(() => finish.length > nth, 'the next in line');
        finish[nth]?.();
      }
    };
    return { ask, begun, finishAll };
  }

  test('takes turns: however many wait for one account, another waits for one hash', async () => {
    const { ask, begun, finishAll } = line(100);
    const ofAnn = Array.from({ length: 24 }, (_, nth) => ask('ann', `ann ${nth % 2}`));
    const ofBen = ask('ben');
    await finishAll(25);
    expect(begun.slice(0, 5)).toEqual(['ann 0', 'ann 1', 'ben', 'ann 0', 'ann 1']);
    expect(await Promise.all([...ofAnn, ofBen])).toEqual(Array(25).fill('done'));
  });

  test('gives way to whoever has fewer there, be it of another account or of another device', async () => {
    const { ask, finishAll } = line(3);
    const ofAnn = [ask('ann'), ask('ann'), ask('ann'), ask('ann')];
    const ofBen = ask('ben');
    const tablet = ask('ann', 'tablet');
    await finishAll(4);
    expect((await Promise.all(ofAnn)).map((outcome) => outcome === 'done')).toEqual([true, true, false, false]);
    expect(await ofBen).toBe('done');
    expect(await tablet).toBe('done');
  });

  test('of one account keeps no known device of another out', async () => {
    await using narrow = await Servers.start({
      limits: { HASHES_AT_ONCE: 1, HASHES_WAITING: 4, PASSWORD_FAILURES_FREE: 100, SESSIONS_PER_DEVICE: 100 },
    });
    const [crowd, phone] = [await narrow.signedUp(), await narrow.signedUp()];
    const heavy = await hash(PASSWORD, { memoryCost: 65_536, timeCost: 8, parallelism: 1 });
    await narrow.database.query('update account set password_hash = $2 where email = $1', [crowd.owner.email, heavy]);
    const crowded = Array.from({ length: 24 }, () => outcomeOf(crowd.twin().signIn()));
    expect(await Promise.race(crowded)).toBe('OVERLOADED');
    expect(await outcomeOf(phone.signIn())).toBe('SignedIn');
    await Promise.all(crowded);
  });
});

test('a known device is let in while strangers keep every slot of theirs busy', async () => {
  const phone = await servers.trusted();
  expect(await whileBusy(() => outcomeOf(phone.signIn()))).toBe('SignedIn');
});

test('while an address waits nothing is hashed for it', async () => {
  const stranger = servers.stranger();
  for (let nth = 0; nth < 2; nth += 1) asA('InvalidCredentials', await stranger.signIn());
  await servers.database.query(
    "update password_attempt set delayed_until = clock_timestamp() + interval '1 hour' where delayed_until is not null",
  );
  expect(await whileBusy(() => outcomeOf(stranger.signIn()))).toBe('InvalidCredentials');
});

test('neither a retired token nor that of another account counts as a known device', async () => {
  const phone = await servers.trusted();
  const retired = phone.twin();
  for (let nth = 0; nth < 2; nth += 1) asA('SignedIn', await phone.signIn());
  const foreign = (await servers.trusted()).another('Phone');
  foreign.deviceToken = phone.deviceToken;
  const removed = phone.another('Laptop');
  const { device } = await letIn(phone, removed);
  await removeDevice(phone, device.id);
  const outcomes = await whileBusy(async () => {
    const found: string[] = [];
    for (const handset of [retired, foreign, removed, phone]) found.push(await outcomeOf(handset.signIn()));
    return found;
  });
  expect(outcomes).toEqual(['OVERLOADED', 'OVERLOADED', 'OVERLOADED', 'SignedIn']);
});

// That it is as much work: equal-work.test.ts.
test('an address that nobody has costs a hash like any other, and is turned away where no slot is free', async () => {
  expect(await whileBusy(() => outcomeOf(servers.stranger().signIn()))).toBe('OVERLOADED');
});

test('a wrong password is answered although the account is locked by somebody', async () => {
  const phone = await servers.signedUp();
  await servers.database.holding('select 1 from account where email = $1 for update', [phone.owner.email], async () => {
    const answer = phone.another('Thief').signIn({ password: 'not the right password' });
    asA('InvalidCredentials', await within(answer, 'the answer'));
  });
  await until(
    () =>
      servers.database.count(
        'activity',
        "type = 'WRONG_PASSWORD' and account_id = (select id from account where email = $1)",
        [phone.owner.email],
      ),
    'the entry in the activity',
  );
});

describe('the hash of a password', () => {
  const costs = { ARGON2_MEMORY_KIB: 9000, ARGON2_PASSES: 2, ARGON2_LANES: 2 };
  const hashOf = async ({ owner }: Handset, { database }: Servers) => {
    const found = database.row<{ hash: string }>('select password_hash as hash from account where email = $1', [
      owner.email,
    ]);
    return (await found).hash;
  };

  test('has the costs that are set, and is made anew at a sign-in once one of them rises', async () => {
    await using costly = await Servers.start({ limits: costs });
    const phone = await costly.signedUp();
    const asSet = await hashOf(phone, costly);
    expect(asSet).toMatch(/^\$argon2id\$v=19\$m=9000,t=2,p=2\$/);
    asA('SignedIn', await phone.signIn());
    expect(await hashOf(phone, costly)).toBe(asSet);
    for (const [memoryCost, timeCost, parallelism] of [
      [8999, 2, 2],
      [9000, 1, 2],
      [9000, 2, 1],
    ] as const) {
      const cheap = await hash(PASSWORD, { memoryCost, timeCost, parallelism });
      await costly.database.query('update account set password_hash = $2 where email = $1', [phone.owner.email, cheap]);
      asA('SignedIn', await phone.signIn());
      expect(await hashOf(phone, costly)).toMatch(/^\$argon2id\$v=19\$m=9000,t=2,p=2\$/);
    }
  });

  test('a hash that is made anew does not bring back a password that was changed meanwhile', async () => {
    await using costly = await Servers.start({ limits: costs });
    const phone = await costly.signedUp();
    const [cheap, changed] = [
      await hash(PASSWORD, { memoryCost: 8192, timeCost: 1, parallelism: 1 }),
      await hash('velvet-harbour-57-kettle', { memoryCost: 9000, timeCost: 2, parallelism: 2 }),
    ];
    await costly.database.query('update account set password_hash = $2 where email = $1', [phone.owner.email, cheap]);
    const change = 'update account set password_hash = $2 where email = $1';
    await costly.database.holding(change, [phone.owner.email, changed], async (held) => {
      const entering = phone.another('Laptop').signIn();
      await held.waiters(1);
      await held.release();
      await entering;
    });
    expect(await hashOf(phone, costly)).toBe(changed);
  });
});
