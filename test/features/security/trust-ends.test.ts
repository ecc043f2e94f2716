import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Backend, sessionOf } from '../../support/backend.js';
import { CHECK, END_SESSION, END_TRUST, PERSON, TAKE_DEVICE } from '../../support/backend-operations.js';
import type { Handset } from '../../support/handset.js';
import { asA } from '../../support/outcomes.js';
import { codeShownOn, letIn, requestReset, resetPassword, wrongCode } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';

// What a product's backend ends, and what stands after it.

type Reason = 'PASSWORD_CHANGED' | 'PASSWORD_RESET' | 'SUSPECTED_THEFT' | 'CLOSED';
const reasons: readonly Reason[] = ['PASSWORD_CHANGED', 'PASSWORD_RESET', 'SUSPECTED_THEFT', 'CLOSED'];

interface PersonLists {
  readonly sessions: readonly unknown[];
  readonly activity: readonly { readonly type: string }[];
  readonly deliveries: readonly { readonly sentAt: string }[];
}

let servers: Servers;
let shop: Backend;
beforeAll(async () => {
  servers = await Servers.start({ count: 2 });
  shop = await Backend.add(servers, { ownAccounts: true });
});
afterAll(() => servers[Symbol.asyncDispose]());

async function endTrust(phone: Handset, reason: Reason, exceptSessionId: string | null = null): Promise<number> {
  const { id: accountId } = await accountOf(phone);
  const { sessionsEnded } = await shop.ask<{ sessionsEnded: number }>(END_TRUST, {
    accountId,
    reason,
    exceptSessionId,
  });
  return sessionsEnded;
}

const accountOf = ({ owner }: Handset) =>
  servers.database.row<{
    id: string;
    epoch: number;
    failures: number;
    heldUntil: Date | null;
    pausedUntil: Date | null;
  }>(
    `select id, epoch, code_failures as failures, mail_held_until as "heldUntil", paused_until as "pausedUntil"
     from account where email = $1`,
    [owner.email],
  );

/** A phone and a laptop, both trusted. */
async function twoDevices(): Promise<{ phone: Handset; laptop: Handset }> {
  const phone = await servers.trusted();
  const laptop = phone.another('Laptop');
  await letIn(phone, laptop);
  return { phone, laptop };
}

/** By which ways the code of a new sign-in may go. */
async function methodsOf(device: Handset): Promise<readonly string[]> {
  return (await device.challenged()).availableMethods;
}

describe('endTrust', () => {
  test.each(reasons)('for %s ends sessions, trust and what waits, and raises the epoch', async (reason) => {
    const { phone, laptop } = await twoDevices();
    const tablet = phone.another('Tablet');
    const waiting = await tablet.challenged();
    const code = await codeShownOn(phone, waiting);
    await using prompts = laptop.loginRequests();
    await prompts.next();
    const before = await accountOf(phone);
    expect(await endTrust(phone, reason)).toBe(2);
    expect((await accountOf(phone)).epoch).toBeGreaterThan(before.epoch);
    expect(await phone.viewer()).toBeNull();
    expect(await prompts.closed()).toMatchObject({ code: 4401 });
    expect(await tablet.verify(waiting, code)).toMatchObject({ __typename: 'ChallengeClosed', state: 'CANCELLED' });
    expect((await phone.signIn()).__typename).toBe('Challenge');
    expect(await endTrust(phone, reason)).toBe(0);
  });

  test('makes the code of a reset that waits wrong, and the reset itself looks as before', async () => {
    const { phone } = await twoDevices();
    const reset = await requestReset(phone);
    const code = await servers.mailbox.code(phone.owner.email);
    await endTrust(phone, 'CLOSED');
    const outcome = await resetPassword(phone, reset, code, 'copper-meadow-41-saturn');
    expect(outcome.__typename).toBe('WrongCode');
  });

  test.each([
    ['PASSWORD_CHANGED', ['EMAIL'], ['EMAIL']],
    ['CLOSED', ['EMAIL'], ['EMAIL']],
    ['PASSWORD_RESET', ['EMAIL'], ['APP']],
    ['SUSPECTED_THEFT', ['APP'], ['APP']],
  ] as const)('for %s leaves a device that was trusted %j, and a new one %j', async (reason, known, unknown) => {
    const { phone } = await twoDevices();
    asA('SignedIn', await phone.signIn());
    await endTrust(phone, reason);
    expect(await methodsOf(phone)).toEqual(known);
    expect(await methodsOf(phone.another('Tablet'))).toEqual(unknown);
  });

  test.each(['PASSWORD_RESET', 'SUSPECTED_THEFT'] as const)(
    'for %s holds no mail where nothing was trusted',
    async (reason) => {
      const phone = await servers.signedUp();
      await endTrust(phone, reason);
      expect((await accountOf(phone)).heldUntil).toBeNull();
    },
  );

  test.each(reasons)('for %s keeps the session that changed the password, with its trust', async (reason) => {
    const { phone, laptop } = await twoDevices();
    const { id } = await sessionOf(servers, phone);
    expect(await endTrust(phone, reason, id)).toBe(1);
    expect(await shop.ask(CHECK, { token: phone.sessionToken })).toMatchObject({ id, isTrusted: true });
    expect(await laptop.viewer()).toBeNull();
    asA('SignedIn', await phone.signIn());
    expect((await laptop.signIn()).__typename).toBe('Challenge');
    expect((await accountOf(phone)).heldUntil === null).toBe(reason === 'PASSWORD_CHANGED' || reason === 'CLOSED');
  });

  test("keeps nobody else's session, none that is over, and ends nothing then", async () => {
    const { phone, laptop } = await twoDevices();
    const stranger = await servers.signedUp();
    const { id: accountId } = await accountOf(phone);
    const over = await sessionOf(servers, laptop);
    await laptop.signOut();
    for (const exceptSessionId of [(await sessionOf(servers, stranger)).id, over.id, randomUUID(), 'nonsense']) {
      const { extensions } = await shop.error(END_TRUST, { accountId, reason: 'PASSWORD_CHANGED', exceptSessionId });
      expect(extensions.code).toBe('NOT_FOUND');
    }
    expect(await phone.viewer()).not.toBeNull();
  });

  describe('and wrong codes', () => {
    const failures = (phone: Handset, count: number) =>
      servers.database.row(
        `update account set code_failures = $2, paused_until = clock_timestamp() + interval '10 minutes'
         where email = $1 returning id`,
        [phone.owner.email, count],
      );

    test.each([
      ['PASSWORD_CHANGED', 0],
      ['PASSWORD_RESET', 0],
      ['SUSPECTED_THEFT', 50],
      ['CLOSED', 50],
    ] as const)('for %s leaves %i of the stop, and the pause as it is', async (reason, left) => {
      const phone = await servers.trusted();
      await failures(phone, 50);
      const { pausedUntil } = await accountOf(phone);
      await endTrust(phone, reason);
      expect(await accountOf(phone)).toMatchObject({ failures: left, pausedUntil });
    });

    test('leaves those short of the stop', async () => {
      const phone = await servers.trusted();
      await failures(phone, 49);
      await endTrust(phone, 'PASSWORD_RESET');
      expect(await accountOf(phone)).toMatchObject({ failures: 49 });
    });

    test('lifts the stop at most once a day', async () => {
      const phone = await servers.trusted();
      await failures(phone, 50);
      await endTrust(phone, 'PASSWORD_RESET');
      await failures(phone, 50);
      await Promise.all(Array.from({ length: 8 }, () => endTrust(phone, 'PASSWORD_CHANGED')));
      expect(await accountOf(phone)).toMatchObject({ failures: 50 });
      await servers.database.age('account', '23 hours', 'email = $1', [phone.owner.email]);
      await endTrust(phone, 'PASSWORD_RESET');
      expect(await accountOf(phone)).toMatchObject({ failures: 50 });
      await servers.database.age('account', '61 minutes', 'email = $1', [phone.owner.email]);
      await endTrust(phone, 'PASSWORD_RESET');
      expect(await accountOf(phone)).toMatchObject({ failures: 0 });
    });
  });

  test('races of sixteen leave no session behind', async () => {
    const { phone, laptop } = await twoDevices();
    const tablet = phone.another('Tablet');
    const waiting = await tablet.challenged();
    const code = await codeShownOn(phone, waiting);
    const [, ...ways] = await Promise.all([
      endTrust(phone, 'CLOSED'),
      ...Array.from({ length: 8 }, () => tablet.twin(servers.client(1)).verify(waiting, code)),
      ...Array.from({ length: 7 }, () => laptop.twin(servers.client(1)).signIn()),
    ]);
    expect(ways).toHaveLength(15);
    const live = await servers.database.count(
      'session s join device d on d.id = s.device_id',
      's.ended_at is null and d.trusted_at is null and s.account_id = $1',
      [(await accountOf(phone)).id],
    );
    expect(live).toBe(0);
    const trusted = await servers.database.count('device', 'trusted_at is not null and account_id = $1', [
      (await accountOf(phone)).id,
    ]);
    expect(trusted).toBe(0);
  });
});

describe('endSession', () => {
  test('ends it wherever its sockets are, once, tells its owner, and leaves its device trusted', async () => {
    const { phone, laptop } = await twoDevices();
    const { id: sessionId } = await sessionOf(servers, laptop);
    await using prompts = laptop.twin(servers.client(1)).loginRequests();
    expect(await shop.ask(END_SESSION, { sessionId })).toEqual({ sessionsEnded: 1 });
    expect(await prompts.closed()).toMatchObject({ code: 4401 });
    expect(await shop.ask(END_SESSION, { sessionId })).toEqual({ sessionsEnded: 0 });
    expect(await laptop.viewer()).toBeNull();
    const { activity } = await shop.ask<{ activity: { type: string; deviceName: string }[] }>(PERSON, {
      accountId: (await accountOf(phone)).id,
    });
    expect(activity[0]).toMatchObject({ type: 'SIGNED_OUT', deviceName: 'Laptop' });
    asA('SignedIn', await laptop.signIn());
  });
});

describe('removeDevice', () => {
  test('takes a device away as its owner could, once', async () => {
    const { phone, laptop } = await twoDevices();
    const { deviceId } = await sessionOf(servers, laptop);
    expect(await shop.ask(TAKE_DEVICE, { deviceId })).toEqual({ sessionsEnded: 1 });
    expect((await shop.error(TAKE_DEVICE, { deviceId })).extensions.code).toBe('NOT_FOUND');
    expect((await laptop.signIn()).__typename).toBe('Challenge');
    const { devices } = await shop.ask<{ devices: unknown[] }>(PERSON, { accountId: (await accountOf(phone)).id });
    expect(devices).toHaveLength(1);
    const notice = await servers.mailbox.next(
      phone.owner.email,
      ({ subject }) => subject === 'A device was removed from your account',
    );
    expect(notice.text).toContain('Laptop');
  });
});

describe('person', () => {
  test('tells the support desk what it needs, and no code', async () => {
    const { phone, laptop } = await twoDevices();
    const tablet = phone.another('Tablet');
    const waiting = await tablet.challenged();
    const code = await codeShownOn(phone, waiting);
    asA('Challenge', await tablet.sendCode(waiting, 'EMAIL'));
    await servers.mailbox.code(phone.owner.email);
    await tablet.verify(waiting, wrongCode(code));
    const { id: accountId, epoch } = await accountOf(phone);
    const person = await shop.ask<PersonLists>(PERSON, { accountId });
    const devices = [laptop, phone].map((handset) =>
      expect.objectContaining({ name: handset.name, isTrusted: true, hasPush: false, receivesCodes: true }),
    );
    expect(person).toMatchObject({
      ...{ accountId, externalId: null, email: phone.owner.email, pendingEmail: null, epoch, twoStepEnabled: true },
      ...{ lockedUntil: null, devices: expect.arrayContaining(devices) },
      deliveries: expect.arrayContaining([
        {
          method: 'EMAIL',
          state: 'SENT',
          reason: 'MAIL_ACCEPTED',
          sentAt: expect.any(String),
          hint: expect.stringContaining('spam'),
        },
        expect.objectContaining({ method: 'APP' }),
      ]),
    });
    expect(person.sessions).toHaveLength(2);
    expect(person.activity.map(({ type }) => type)).toEqual(expect.arrayContaining(['WRONG_CODE', 'SIGNED_UP']));
    const sent = person.deliveries.map(({ sentAt }) => sentAt);
    expect(sent).toEqual([...sent].sort().reverse());
    const told = JSON.stringify(person);
    for (const secret of [code, phone.sessionToken, phone.deviceToken, waiting.token])
      expect(told).not.toContain(String(secret));
  });

  test('says until when new devices wait', async () => {
    const phone = await servers.trusted();
    const { id: accountId } = await accountOf(phone);
    await servers.database.query(
      "update account set paused_until = clock_timestamp() + interval '10 minutes' where id = $1",
      [accountId],
    );
    const { lockedUntil } = await shop.ask<{ lockedUntil: string }>(PERSON, { accountId });
    expect(new Date(lockedUntil)).toEqual((await accountOf(phone)).pausedUntil);
    await servers.database.age('account', '11 minutes', 'id = $1', [accountId]);
    expect(await shop.ask(PERSON, { accountId })).toMatchObject({ lockedUntil: null });
  });

  test.each([
    ['activity', 0, 100],
    ['deliveries', 0, 50],
  ])('takes no %s but 1 to its most', async (list, below, most) => {
    const phone = await servers.signedUp();
    const { id: accountId } = await accountOf(phone);
    const asking = `query ($accountId: ID!, $first: Int!) { result: person(accountId: $accountId) { ${list}(first: $first) { __typename } } }`;
    for (const first of [below, most + 1, -1]) {
      expect((await shop.error(asking, { accountId, first })).extensions).toMatchObject({
        code: 'BAD_USER_INPUT',
        field: 'first',
      });
    }
    expect(await shop.ask(asking, { accountId, first: most })).toMatchObject({ [list]: expect.any(Array) });
  });
});
