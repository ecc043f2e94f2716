import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Backend, sessionOf } from '../../support/backend.js';
import { confirmationsSeenBy, denyConfirmation } from '../../support/confirmations.js';
import { happened, openFeed } from '../../support/feed.js';
import type { Handset } from '../../support/handset.js';
import { codeIn } from '../../support/mailbox.js';
import { asA } from '../../support/outcomes.js';
import { codeShownOn, removeDevice, wrongCode } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';
import {
  actionCodeShownOn,
  asConfirm,
  ask,
  askedToConfirm,
  begin,
  begun,
  confirmAction,
  enrolled,
  epochOf,
  type Person,
  payment,
  redeem,
  redeemed,
  START_VERIFICATION,
  signInElsewhere,
  start,
  verificationOf,
} from '../../support/verifications.js';

// What somebody does in a session of a product, confirmed by a code that stands for it.

const limits = {
  CHALLENGE_TRIES: 5,
  CONFIRM_TRIES_BEFORE_PAUSE: 6,
  CONFIRMS_PER_ACCOUNT_HOUR: 7,
  CONFIRM_MAILS_PER_ACCOUNT_HOUR: 2,
};

let servers: Servers;
let shop: Backend;

beforeAll(async () => {
  servers = await Servers.start({ count: 2, limits });
  shop = await Backend.add(servers, { name: 'shop' });
});
afterAll(() => servers[Symbol.asyncDispose]());

interface Desk {
  readonly person: Person;
  readonly phone: Handset;
  /** Signed in, and what is done there has to be confirmed. */
  readonly laptop: Handset;
}

async function desk({ trustDevice = false } = {}): Promise<Desk> {
  const { person, phone } = await enrolled(servers, shop);
  const { device: laptop } = await signInElsewhere(servers, person, phone, 'Laptop', { trustDevice });
  return { person, phone, laptop };
}

const provenAt = async (handset: Handset) => {
  const { id } = await sessionOf(servers, handset);
  const found = await servers.database.row<{ at: Date | null }>('select proven_at as at from session where id = $1', [
    id,
  ]);
  return found.at;
};

describe('an action', () => {
  test('is confirmed by the code that the other device shows for it, and the backend is told which it was', async () => {
    const { person, phone, laptop } = await desk();
    const types = ['CONFIRMATION_REQUESTED', 'CODE_OVER', 'VERIFIED'];
    const { feed } = await openFeed(shop, { types });
    await using _ = feed;
    const { started, challenge } = await askedToConfirm(servers, person, laptop);
    expect(challenge).toMatchObject({
      ...{ purpose: 'CONFIRM', method: 'APP', availableMethods: ['APP'], codeLength: 8 },
    });
    const { deviceId } = await sessionOf(servers, laptop);
    // The end of the laptop's own sign-in may get its number only now.
    expect(await feed.nextThat(({ requestId }) => requestId === started.requestId)).toMatchObject({
      ...{ type: 'CONFIRMATION_REQUESTED', purpose: 'CONFIRM', deviceId },
    });
    const [shown] = await confirmationsSeenBy(phone);
    expect(shown).toMatchObject({ action: payment, deviceName: 'Laptop', state: 'PENDING' });
    expect((await phone.viewer())?.loginRequests).toEqual([]);
    expect(await provenAt(laptop)).toBeNull();
    const { receipt } = asConfirm('Confirmed', await confirmAction(laptop, challenge, shown?.code ?? ''));
    expect(await provenAt(laptop)).not.toBeNull();
    const told = [await happened(feed), await happened(feed)];
    expect(told.map(({ type, requestId }) => [type, requestId]).sort()).toEqual([
      ['CODE_OVER', started.requestId],
      ['VERIFIED', started.requestId],
    ]);
    expect(await redeemed(started, receipt)).toMatchObject({
      ...{ purpose: 'CONFIRM', method: 'APP', action: payment, session: null, externalId: person.externalId },
    });
    expect(await verificationOf(started)).toMatchObject({ state: 'VERIFIED', action: payment, method: 'APP' });
    expect((await redeem(started, receipt)).__typename).toBe('ReceiptVoid');
  });

  test('is shown on no device that asks, trusted though it is, and goes by no mail while another can show it', async () => {
    const { person, phone, laptop } = await desk({ trustDevice: true });
    const codes = () => servers.mailbox.to(person.email).filter((mail) => codeIn(mail) !== null).length;
    const before = codes();
    const { challenge } = await askedToConfirm(servers, person, laptop);
    expect(await confirmationsSeenBy(laptop)).toEqual([]);
    expect(await confirmationsSeenBy(phone)).toHaveLength(1);
    expect(await laptop.sendCode(challenge, 'EMAIL')).toMatchObject({
      ...{ __typename: 'MethodUnavailable', availableMethods: ['APP'] },
    });
    expect(codes()).toBe(before);
  });

  test('is mailed where no other device can show it, and where mail is held there is no method', async () => {
    const { person, phone, laptop } = await desk({ trustDevice: true });
    await removeDevice(laptop, (await sessionOf(servers, phone)).deviceId);
    const { started, challenge } = await askedToConfirm(servers, person, laptop);
    expect(challenge).toMatchObject({ method: 'EMAIL', availableMethods: ['EMAIL'] });
    const code = await servers.mailbox.code(person.email);
    const { receipt } = asConfirm('Confirmed', await confirmAction(laptop, challenge, code));
    expect(await redeemed(started, receipt)).toMatchObject({ method: 'EMAIL' });
    await servers.database.query(
      "update account set mail_held_until = clock_timestamp() + interval '1 hour' where id = $1",
      [person.accountId],
    );
    const { id: sessionId } = await sessionOf(servers, laptop);
    const wish = { externalId: person.externalId, purpose: 'CONFIRM', action: payment, sessionId };
    expect((await ask(shop, wish)).__typename).toBe('NoMethod');
  });

  test('has a code of its own: that of another action, or of a sign-in, is wrong', async () => {
    const { person, phone, laptop } = await desk();
    const one = await askedToConfirm(servers, person, laptop);
    const other = await askedToConfirm(servers, person, laptop, { action: { ...payment, title: 'Pay twice' } });
    const tablet = phone.another('Tablet');
    const signingIn = await begun(tablet, await start(servers, person));
    const codes = {
      one: await actionCodeShownOn(phone, one.challenge),
      other: await actionCodeShownOn(phone, other.challenge),
      signIn: await codeShownOn(phone, signingIn),
    };
    asConfirm('WrongCode', await confirmAction(laptop, one.challenge, codes.other));
    expect(asConfirm('ChallengeClosed', await confirmAction(laptop, signingIn, codes.signIn)).state).toBe('EXPIRED');
    expect(asA('ChallengeClosed', await laptop.verify(one.challenge, codes.one)).state).toBe('EXPIRED');
    asConfirm('Confirmed', await confirmAction(laptop, one.challenge, codes.one));
    asConfirm('Confirmed', await confirmAction(laptop, other.challenge, codes.other));
    asA('SignedIn', await tablet.verify(signingIn, codes.signIn));
  });

  test('that was changed behind the code is not what the code stands for', async () => {
    const { person, phone, laptop } = await desk();
    const { challenge } = await askedToConfirm(servers, person, laptop);
    const code = await actionCodeShownOn(phone, challenge);
    await servers.database.query(
      `update challenge set action = jsonb_set(action, '{title}', '"Give all"') where id = $1`,
      [challenge.id],
    );
    asConfirm('WrongCode', await confirmAction(laptop, challenge, code));
  });

  test('is over with the session that asks, by whatever it ended', async () => {
    const { person, phone, laptop } = await desk();
    const ends: ((device: Handset) => Promise<unknown>)[] = [
      (device) => device.signOut(),
      async (device) => removeDevice(phone, (await sessionOf(servers, device)).deviceId),
      async (device) => servers.database.age('session', '8 days', 'id = $1', [(await sessionOf(servers, device)).id]),
    ];
    for (const [nth, end] of ends.entries()) {
      const device =
        nth === 0
          ? laptop
          : (await signInElsewhere(servers, person, phone, `Laptop ${nth}`, { trustDevice: false })).device;
      const { started, challenge } = await askedToConfirm(servers, person, device);
      const code = await actionCodeShownOn(phone, challenge);
      await end(device);
      const anonymous = device.another('Anybody');
      expect(asConfirm('ChallengeClosed', await confirmAction(anonymous, challenge, code)).state).toBe('CANCELLED');
      if (nth < 2) {
        expect((await confirmationsSeenBy(phone)).find(({ id }) => id === `cnf_${challenge.id}`)).toBeUndefined();
        expect(await verificationOf(started)).toMatchObject({ state: 'CANCELLED' });
      }
    }
  });

  test('that was confirmed is proven no more once the session that asked is over, by whatever it ended', async () => {
    const { person, phone, laptop } = await desk();
    const ends: ((device: Handset) => Promise<unknown>)[] = [
      (device) => device.signOut(),
      async (device) => removeDevice(phone, (await sessionOf(servers, device)).deviceId),
      async (device) => servers.database.age('session', '8 days', 'id = $1', [(await sessionOf(servers, device)).id]),
    ];
    for (const [nth, end] of ends.entries()) {
      const device =
        nth === 0
          ? laptop
          : (await signInElsewhere(servers, person, phone, `Laptop ${nth}`, { trustDevice: false })).device;
      const { started, challenge } = await askedToConfirm(servers, person, device);
      const code = await actionCodeShownOn(phone, challenge);
      const { receipt } = asConfirm('Confirmed', await confirmAction(device, challenge, code));
      await end(device);
      expect((await redeem(started, receipt)).__typename).toBe('ReceiptVoid');
    }
  });

  test('is asked for by a live session of that person alone, which is there still when a device begins', async () => {
    const [one, other] = [await desk(), await desk()];
    const { id: sessionId } = await sessionOf(servers, other.laptop);
    const wish = { externalId: one.person.externalId, purpose: 'CONFIRM', action: payment };
    for (const wrong of [sessionId, randomUUID(), 'none']) {
      const error = await shop.error(START_VERIFICATION, {
        input: { ...wish, requestId: randomUUID(), sessionId: wrong },
      });
      expect(error.extensions.code).toBe('NOT_FOUND');
    }
    const own = await sessionOf(servers, one.laptop);
    const started = await start(servers, one.person, { ...wish, sessionId: own.id });
    await one.laptop.signOut();
    expect(asA('ChallengeClosed', await begin(one.laptop, started)).state).toBe('CANCELLED');
  });

  test('is denied at once, and pauses no sign-in', async () => {
    const { person, phone, laptop } = await desk();
    const { feed } = await openFeed(shop, { types: ['CONFIRMATION_DENIED'] });
    await using _ = feed;
    for (let nth = 0; nth < 4; nth += 1) {
      const { started, challenge } = await askedToConfirm(servers, person, laptop);
      const code = await actionCodeShownOn(phone, challenge);
      await denyConfirmation(phone, `cnf_${challenge.id}`);
      expect(await happened(feed)).toMatchObject({ requestId: started.requestId, purpose: 'CONFIRM' });
      expect(asConfirm('ChallengeClosed', await confirmAction(laptop, challenge, code)).state).toBe('DENIED');
    }
    await begun(phone.another('Tablet'), await start(servers, person));
  });

  test('is confirmed for an own account too, by a client that sees it', async () => {
    const [one, none] = [
      await Backend.add(servers, { ownAccounts: true }),
      await Backend.add(servers, { ownAccounts: false }),
    ];
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    asA('SignedIn', await laptop.verify(await laptop.challenged(), await shownCode(phone)));
    const { id: sessionId, accountId } = await sessionOf(servers, laptop);
    const wish = { accountId, externalId: null, purpose: 'CONFIRM', action: payment, sessionId };
    expect((await ask(none, wish)).__typename).toBe('UnknownSubject');
    const owner = { backend: one, accountId, externalId: null, email: phone.owner.email };
    const started = await start(servers, owner, wish);
    const challenge = await begun(laptop, started);
    const code = await actionCodeShownOn(phone, challenge);
    const { receipt } = asConfirm('Confirmed', await confirmAction(laptop, challenge, code));
    // Another client that sees the account as well has not started it.
    const backend = await Backend.add(servers, { ownAccounts: true });
    expect((await redeem({ ...started, backend }, receipt)).__typename).toBe('ReceiptVoid');
    expect(await redeemed(started, receipt)).toMatchObject({ accountId, externalId: null, action: payment });
  });

  const shownCode = async (phone: Handset) => (await phone.viewer())?.loginRequests[0]?.code ?? '';
});

describe('DISABLE_TWO_STEP', () => {
  test('turns it off by a code that is shown in our own words, ends all trust, and leaves the session', async () => {
    const { person, phone, laptop } = await desk();
    const before = await epochOf(servers, person);
    const { started, challenge } = await askedToConfirm(servers, person, laptop, { purpose: 'DISABLE_TWO_STEP' });
    const [shown] = await confirmationsSeenBy(phone);
    expect(shown?.purpose).toBe('DISABLE_TWO_STEP');
    expect(shown?.action.title).not.toBe('');
    const { receipt } = asConfirm('Confirmed', await confirmAction(laptop, challenge, shown?.code ?? ''));
    expect(await epochOf(servers, person)).toBe(before + 1);
    expect((await laptop.viewer())?.twoStep.enabled).toBe(false);
    expect((await laptop.viewer())?.trustedDevices).toEqual([]);
    expect(await redeemed(started, receipt)).toMatchObject({ purpose: 'DISABLE_TWO_STEP', action: null });
    const again = { externalId: person.externalId, purpose: 'DISABLE_TWO_STEP', epoch: before + 1 };
    const { id: sessionId } = await sessionOf(servers, laptop);
    expect((await ask(shop, { ...again, sessionId })).__typename).toBe('TwoStepOff');
  });

  test('ends what else waits to be confirmed', async () => {
    const { person, phone, laptop } = await desk();
    const waiting = await askedToConfirm(servers, person, laptop);
    const code = await actionCodeShownOn(phone, waiting.challenge);
    const { challenge } = await askedToConfirm(servers, person, laptop, { purpose: 'DISABLE_TWO_STEP' });
    asConfirm('Confirmed', await confirmAction(laptop, challenge, await actionCodeShownOn(phone, challenge)));
    expect(asConfirm('ChallengeClosed', await confirmAction(laptop, waiting.challenge, code)).state).toBe('CANCELLED');
  });
});

describe('wrong codes of actions', () => {
  test('are CONFIRM_TRIES_BEFORE_PAUSE in a row, then nothing is confirmed for a while, and sign-ins go on', async () => {
    const { person, phone, laptop } = await desk();
    const [one, other] = [
      await askedToConfirm(servers, person, laptop),
      await askedToConfirm(servers, person, laptop, { purpose: 'DISABLE_TWO_STEP' }),
    ];
    const code = await actionCodeShownOn(phone, one.challenge);
    const otherCode = await actionCodeShownOn(phone, other.challenge);
    for (let nth = 0; nth < 3; nth += 1) {
      asConfirm('WrongCode', await confirmAction(laptop, one.challenge, wrongCode(code)));
      asConfirm('WrongCode', await confirmAction(laptop, other.challenge, wrongCode(otherCode)));
    }
    const locked = asConfirm('TemporarilyLocked', await confirmAction(laptop, one.challenge, code));
    expect(locked.retryAt).not.toBeNull();
    expect(locked.message).not.toMatch(/sign in/);
    const { id: sessionId } = await sessionOf(servers, laptop);
    const wish = { externalId: person.externalId, purpose: 'CONFIRM', action: payment, sessionId };
    expect((await ask(shop, wish)).__typename).toBe('TemporarilyLocked');
    const tablet = phone.another('Tablet');
    const signingIn = await begun(tablet, await start(servers, person));
    asA('SignedIn', await tablet.verify(signingIn, await codeShownOn(phone, signingIn)));
    await servers.database.query('update account set confirm_paused_until = clock_timestamp() where id = $1', [
      person.accountId,
    ]);
    asConfirm('Confirmed', await confirmAction(laptop, one.challenge, code));
    const { failures } = await servers.database.row<{ failures: number }>(
      'select confirm_failures as failures from account where id = $1',
      [person.accountId],
    );
    expect(failures).toBe(0);
  });

  test('of sign-ins pause no action', async () => {
    const { person, phone, laptop } = await desk();
    await servers.database.query(
      "update account set paused_until = clock_timestamp() + interval '1 hour', code_failures = 60 where id = $1",
      [person.accountId],
    );
    const { challenge } = await askedToConfirm(servers, person, laptop);
    asConfirm('Confirmed', await confirmAction(laptop, challenge, await actionCodeShownOn(phone, challenge)));
  });
});

describe('codes of actions', () => {
  test('are asked for CONFIRMS_PER_ACCOUNT_HOUR times, and sign-ins are not counted among them', async () => {
    const { person, phone, laptop } = await desk();
    const most = limits.CONFIRMS_PER_ACCOUNT_HOUR;
    for (let nth = 0; nth < most; nth += 1) await askedToConfirm(servers, person, laptop);
    const { id: sessionId } = await sessionOf(servers, laptop);
    const late = await start(servers, person, { purpose: 'CONFIRM', action: payment, sessionId });
    expect(asA('TemporarilyLocked', await begin(laptop, late)).retryAt).not.toBeNull();
    await begun(phone.another('Tablet'), await start(servers, person));
    await servers.database.age('challenge', '61 minutes', "account_id = $1 and purpose = 'CONFIRM'", [
      person.accountId,
    ]);
    await begun(laptop, late);
  });

  test('are mailed CONFIRM_MAILS_PER_ACCOUNT_HOUR times, and then there is no method', async () => {
    const { person, phone, laptop } = await desk({ trustDevice: true });
    await removeDevice(laptop, (await sessionOf(servers, phone)).deviceId);
    const { id: sessionId } = await sessionOf(servers, laptop);
    const wish = { externalId: person.externalId, purpose: 'CONFIRM', action: payment, sessionId };
    const early = await start(servers, person, wish);
    for (let nth = 0; nth < limits.CONFIRM_MAILS_PER_ACCOUNT_HOUR; nth += 1) {
      await askedToConfirm(servers, person, laptop);
      await servers.mailbox.code(person.email);
    }
    expect((await ask(shop, wish)).__typename).toBe('NoMethod');
    expect(await begun(laptop, early)).toMatchObject({
      deliveries: [{ method: 'EMAIL', state: 'FAILED', reason: 'MAIL_LIMIT_REACHED' }],
    });
    // Those of sign-ins are counted by themselves.
    const tablet = phone.another('Tablet');
    const signingIn = await begun(tablet, await start(servers, person));
    asA('Challenge', await tablet.sendCode(signingIn, 'EMAIL'));
    asA('SignedIn', await tablet.verify(signingIn, await servers.mailbox.code(person.email)));
  });
});
