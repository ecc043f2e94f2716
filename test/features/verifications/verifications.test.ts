import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Backend } from '../../support/backend.js';
import { happened, openFeed } from '../../support/feed.js';
import { codeIn } from '../../support/mailbox.js';
import { asA, promptId } from '../../support/outcomes.js';
import { codeShownOn, REMOVE_DEVICE, wrongCode } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';
import {
  ask,
  begin,
  begun,
  CANCEL_VERIFICATION,
  cancel,
  deviceOf,
  enrol,
  enrolled,
  epochOf,
  heldPerson,
  type Person,
  redeem,
  redeemed,
  START_VERIFICATION,
  signInElsewhere,
  start,
  VERIFICATION,
  verificationOf,
} from '../../support/verifications.js';

// A product proves the first factor of its own users, and has the second one verified here.

let servers: Servers;
let shop: Backend;
let other: Backend;

beforeAll(async () => {
  servers = await Servers.start({ count: 2 });
  shop = await Backend.add(servers, { name: 'shop' });
  other = await Backend.add(servers);
});
afterAll(() => servers[Symbol.asyncDispose]());

const signIn = async (person: Person, requestId: string = randomUUID()) => ({
  requestId,
  externalId: person.externalId,
  epoch: await epochOf(servers, person),
  purpose: 'SIGN_IN',
});
const codesTo = ({ email }: Person) => servers.mailbox.to(email).filter((mail) => codeIn(mail) !== null);
const raiseEpoch = ({ accountId }: Pick<Person, 'accountId'>) =>
  servers.database.query('update account set epoch = epoch + 1 where id = $1', [accountId]);

describe('to start one', () => {
  test('sends nothing, shows nothing, and tells the token of the challenge that a device will begin', async () => {
    const { person, phone } = await enrolled(servers, shop);
    const mails = codesTo(person).length;
    const input = await signIn(person);
    const outcome = await ask(shop, input);
    expect(outcome).toEqual({
      __typename: 'VerificationStarted',
      challengeToken: expect.stringMatching(/^chl_[\w-]{43}$/),
      verification: {
        ...{
          requestId: input.requestId,
          externalId: person.externalId,
          accountId: person.accountId,
          purpose: 'SIGN_IN',
        },
        ...{ state: 'PENDING', startedAt: expect.any(String), expiresAt: expect.any(String) },
        ...{ redeemedAt: null, method: null, action: null, session: null },
      },
    });
    expect(codesTo(person)).toHaveLength(mails);
    expect((await phone.viewer())?.loginRequests).toEqual([]);
    expect(await verificationOf({ backend: shop, ...input, token: '' })).toMatchObject({ state: 'PENDING' });
  });

  test('answers the same again, on every server, and refuses the id for anything else', async () => {
    const { person } = await enrolled(servers, shop);
    const input = await signIn(person);
    const first = await ask(shop, input);
    expect(await ask(shop.at(servers.client(1).url), input)).toEqual(first);
    for (const changed of [{ epoch: input.epoch + 1 }, { purpose: 'ENABLE_TWO_STEP' }]) {
      const error = await shop.error(START_VERIFICATION, { input: { ...input, ...changed } });
      expect(error.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.requestId' });
    }
    const { person: somebodyElse } = await enrolled(servers, shop);
    const error = await shop.error(START_VERIFICATION, {
      input: { ...input, externalId: somebodyElse.externalId, epoch: await epochOf(servers, somebodyElse) },
    });
    expect(error.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.requestId' });
    // Ids are each client's own.
    expect(await other.ask(VERIFICATION, { requestId: input.requestId })).toBeNull();
  });

  test('tells the token no more once it is over', async () => {
    const { person } = await enrolled(servers, shop);
    const input = await signIn(person);
    await ask(shop, input);
    await cancel({ backend: shop, requestId: input.requestId, token: '' });
    expect(await ask(shop, input)).toMatchObject({ challengeToken: '', verification: { state: 'CANCELLED' } });
  });

  test('under an epoch that is over starts nothing, whatever else is wrong', async () => {
    const { person } = await enrolled(servers, shop);
    const input = await signIn(person);
    await raiseEpoch(person);
    expect((await ask(shop, input)).__typename).toBe('StaleFirstFactor');
    expect(await shop.ask(VERIFICATION, { requestId: input.requestId })).toBeNull();
    expect((await ask(shop, { ...input, epoch: input.epoch + 1 })).__typename).toBe('VerificationStarted');
    const off = await heldPerson(servers, shop);
    expect((await ask(shop, { ...(await signIn(off)), epoch: 7 })).__typename).toBe('StaleFirstFactor');
  });

  test('depends on whether two-step verification is on', async () => {
    const off = await heldPerson(servers, shop);
    const { person: on } = await enrolled(servers, shop);
    const outcome = async (person: Person, purpose: string) =>
      (await ask(shop, { ...(await signIn(person)), purpose })).__typename;
    expect(await outcome(off, 'SIGN_IN')).toBe('TwoStepOff');
    expect(await outcome(off, 'ENABLE_TWO_STEP')).toBe('VerificationStarted');
    expect(await outcome(on, 'SIGN_IN')).toBe('VerificationStarted');
    expect(await outcome(on, 'ENABLE_TWO_STEP')).toBe('TwoStepAlreadyEnabled');
  });

  test("knows the caller's own subjects alone, and never says of a deleted one that it is unknown", async () => {
    const { person } = await enrolled(servers, shop);
    const input = await signIn(person);
    expect((await ask(other, input)).__typename).toBe('UnknownSubject');
    expect((await ask(shop, { ...input, externalId: 'nobody' })).__typename).toBe('UnknownSubject');
    expect((await ask(shop, { ...input, externalId: 'not an id' })).__typename).toBe('UnknownSubject');
    const own = await servers.trusted();
    const { id } = await servers.database.row<{ id: string }>('select id from account where email = $1', [
      own.owner.email,
    ]);
    const error = await shop.error(START_VERIFICATION, { input: { ...input, externalId: null, accountId: id } });
    expect(error.extensions.code).toBe('BAD_USER_INPUT');
    await servers.database.query('insert into deleted_subject (client_id, external_id) values ($1, $2)', [
      shop.id,
      'gone',
    ]);
    const gone = await shop.error(START_VERIFICATION, { input: { ...input, externalId: 'gone' } });
    expect(gone.extensions.code).toBe('FORBIDDEN');
    expect((await ask(other, { ...input, externalId: 'gone' })).__typename).toBe('UnknownSubject');
  });

  test.each<[string, Record<string, unknown>]>([
    ['input.requestId', { requestId: '' }],
    ['input.requestId', { requestId: 'a b' }],
    ['input.requestId', { requestId: 'é' }],
    ['input.requestId', { requestId: 'x'.repeat(129) }],
    ['input.externalId', { externalId: null }],
    ['input.accountId', { accountId: randomUUID() }],
    ['input.accountId', { externalId: null, accountId: randomUUID() }],
    ['input.epoch', { epoch: null }],
    ['input.action', { action: { title: 'Pay', fields: [] } }],
    ['input.sessionId', { sessionId: randomUUID() }],
    ['input.sessionId', { purpose: 'DISABLE_TWO_STEP' }],
    ['input.sessionId', { purpose: 'CONFIRM', action: { title: 'Pay', fields: [] } }],
    ['input.action', { purpose: 'CONFIRM', sessionId: randomUUID() }],
    ['input.action', { purpose: 'DISABLE_TWO_STEP', sessionId: randomUUID(), action: { title: 'Pay', fields: [] } }],
    ['input.action.title', { purpose: 'CONFIRM', sessionId: randomUUID(), action: { title: 'a\nb', fields: [] } }],
  ])('with a wrong %s is refused: %j', async (field, changed) => {
    const input = { requestId: randomUUID(), externalId: 'somebody', epoch: 0, purpose: 'SIGN_IN', ...changed };
    const { extensions } = await shop.error(START_VERIFICATION, { input });
    expect(extensions).toMatchObject({ code: 'BAD_USER_INPUT', field });
  });

  test('needs the scope verify', async () => {
    const reader = await Backend.add(servers, { scopes: ['check', 'people', 'events'] });
    const error = await reader.error(VERIFICATION, { requestId: 'r' });
    expect(error.extensions.code).toBe('FORBIDDEN');
  });
});

describe('ENABLE_TWO_STEP', () => {
  test('goes by mail to the address, proves it, opens a session on a trusted device and turns it on', async () => {
    const person = await heldPerson(servers, shop);
    const phone = deviceOf(servers, person);
    const { feed } = await openFeed(shop, { types: ['VERIFIED', 'TWO_STEP_ENABLED', 'SESSION_STARTED'] });
    await using _ = feed;
    const started = await start(servers, person, { purpose: 'ENABLE_TWO_STEP' });
    const challenge = await begun(phone, started);
    expect(challenge).toMatchObject({
      ...{ purpose: 'ENABLE_TWO_STEP', state: 'PENDING', method: 'EMAIL', availableMethods: ['EMAIL'], codeLength: 8 },
      token: started.token,
    });
    const code = await servers.mailbox.code(person.email);
    asA('WrongCode', await phone.verify(challenge, wrongCode(code)));
    const signedIn = asA('SignedIn', await phone.verify(challenge, code, false));
    expect(signedIn.device.isTrusted).toBe(true);
    expect((await phone.viewer())?.twoStep.enabled).toBe(true);
    const { proven } = await servers.database.row<{ proven: boolean }>(
      'select address_proven_at is not null as proven from account where id = $1',
      [person.accountId],
    );
    expect(proven).toBe(true);
    const told = [await happened(feed), await happened(feed), await happened(feed)];
    expect(told.map(({ type }) => type).sort()).toEqual(['SESSION_STARTED', 'TWO_STEP_ENABLED', 'VERIFIED']);
    expect(told.find(({ type }) => type === 'VERIFIED')).toMatchObject({
      ...{ requestId: started.requestId, purpose: 'ENABLE_TWO_STEP', externalId: person.externalId },
      ...{ sessionId: signedIn.session.id, deviceId: signedIn.device.id },
    });
    expect(await redeemed(started, signedIn.receipt)).toMatchObject({
      ...{ purpose: 'ENABLE_TWO_STEP', method: 'EMAIL', externalId: person.externalId },
      session: { id: signedIn.session.id, isTrusted: true, reason: 'VERIFIED_CHALLENGE' },
    });
  });

  test('is on before a second one ends: its code is nothing then', async () => {
    const person = await heldPerson(servers, shop);
    const [phone, tablet] = [deviceOf(servers, person), deviceOf(servers, person, 'Tablet')];
    const second = await start(servers, person, { purpose: 'ENABLE_TWO_STEP' });
    const late = await begun(tablet, second);
    const code = await servers.mailbox.code(person.email);
    await enrol(servers, person, phone);
    expect(asA('ChallengeClosed', await tablet.verify(late, code)).state).toBe('CANCELLED');
    expect(await verificationOf(second)).toMatchObject({ state: 'CANCELLED' });
  });
});

describe('SIGN_IN', () => {
  test('asks a new device for the code that the trusted one shows, and the receipt proves it', async () => {
    const { person, phone } = await enrolled(servers, shop);
    const types = ['LOGIN_REQUESTED', 'CODE_OVER', 'VERIFIED', 'SESSION_STARTED'];
    const { feed } = await openFeed(shop, { types });
    await using _ = feed;
    const laptop = phone.another('Laptop', servers.client(1));
    const started = await start(servers, person);
    const challenge = await begun(laptop, started);
    expect(challenge).toMatchObject({ purpose: 'SIGN_IN', method: 'APP', codeLength: 6, token: started.token });
    expect(await happened(feed)).toMatchObject({
      ...{ type: 'LOGIN_REQUESTED', requestId: started.requestId, purpose: 'SIGN_IN', promptId: promptId(challenge) },
    });
    expect((await phone.viewer())?.loginRequests).toMatchObject([{ id: promptId(challenge), deviceName: 'Laptop' }]);
    const code = await codeShownOn(phone, challenge);
    const signedIn = asA('SignedIn', await laptop.verify(challenge, code));
    expect(signedIn.receipt).toMatch(/^rcp_[\w-]{43}$/);
    const told = [await happened(feed), await happened(feed), await happened(feed)];
    expect(told.map(({ type, requestId }) => [type, requestId]).sort()).toEqual([
      ['CODE_OVER', started.requestId],
      ['SESSION_STARTED', null],
      ['VERIFIED', started.requestId],
    ]);
    expect(await verificationOf(started)).toMatchObject({ state: 'VERIFIED', redeemedAt: null, method: null });
    const verified = await redeemed(started, signedIn.receipt);
    expect(verified).toEqual({
      ...{ __typename: 'Verified', externalId: person.externalId, accountId: person.accountId },
      ...{ purpose: 'SIGN_IN', method: 'APP', verifiedAt: expect.any(String), action: null },
      session: {
        ...{ id: signedIn.session.id, accountId: person.accountId, externalId: person.externalId },
        ...{
          deviceId: signedIn.device.id,
          isTrusted: true,
          reason: 'VERIFIED_CHALLENGE',
          lastUsedAt: expect.any(String),
        },
      },
    });
    expect(await verificationOf(started)).toMatchObject({
      ...{ state: 'VERIFIED', redeemedAt: expect.any(String), method: 'APP', session: { id: signedIn.session.id } },
    });
  });

  test('says EMAIL where the code was ever mailed', async () => {
    const { person, phone } = await enrolled(servers, shop);
    const laptop = phone.another('Laptop');
    const started = await start(servers, person);
    const challenge = await begun(laptop, started);
    asA('Challenge', await laptop.sendCode(challenge, 'EMAIL'));
    const code = await servers.mailbox.code(person.email);
    expect(await codeShownOn(phone, challenge)).toBe(code);
    const { receipt } = asA('SignedIn', await laptop.verify(challenge, code));
    expect(await redeemed(started, receipt)).toMatchObject({ method: 'EMAIL' });
  });

  test('lets a trusted device in without a code, and the receipt says so', async () => {
    const { person, phone } = await enrolled(servers, shop);
    const started = await start(servers, person);
    const signedIn = asA('SignedIn', await begin(phone, started));
    expect(await redeemed(started, signedIn.receipt)).toMatchObject({
      ...{ method: null, session: { id: signedIn.session.id, reason: 'TRUSTED_DEVICE' } },
    });
    expect(asA('ChallengeClosed', await begin(phone, started)).state).toBe('VERIFIED');
  });

  test('lets a trusted device in while new devices wait', async () => {
    const { person, phone } = await enrolled(servers, shop);
    await servers.database.query(
      "update account set paused_until = clock_timestamp() + interval '1 hour', code_failures = 10 where id = $1",
      [person.accountId],
    );
    const started = await start(servers, person);
    expect(asA('TemporarilyLocked', await begin(phone.another('Laptop'), started)).retryAt).toEqual(expect.any(String));
    asA('SignedIn', await begin(phone, started));
    await phone.ask(REMOVE_DEVICE, { id: (await phone.viewer())?.currentDevice.id });
    expect((await ask(shop, await signIn(person))).__typename).toBe('TemporarilyLocked');
  });

  test('is begun once: a second device is given the challenge that the first one has', async () => {
    const { person, phone } = await enrolled(servers, shop);
    const started = await start(servers, person);
    const challenge = await begun(phone.another('Laptop'), started);
    expect(await begun(phone.another('Tablet', servers.client(1)), started)).toMatchObject({
      ...{ id: challenge.id, deliveries: [{ id: challenge.deliveries[0]?.id }] },
    });
    expect((await phone.viewer())?.loginRequests).toHaveLength(1);
  });

  test('raises the alarm over a copied token, and goes on with a code', async () => {
    const { person, phone } = await enrolled(servers, shop);
    const thief = phone.twin();
    for (let nth = 0; nth < 2; nth += 1) asA('SignedIn', await begin(phone, await start(servers, person)));
    await servers.database.query(
      `update device_token set retired_at = retired_at - interval '61 seconds'
       where device_id in (select id from device where account_id = $1)`,
      [person.accountId],
    );
    const before = await epochOf(servers, person);
    const started = await start(servers, person);
    const challenge = await begun(thief, started);
    expect(await epochOf(servers, person)).toBe(before + 1);
    expect(await phone.viewer()).toBeNull();
    expect(challenge.method).toBe('EMAIL');
    expect(await verificationOf(started)).toMatchObject({ state: 'PENDING' });
  });

  test('tells what became of each send, as any sign-in does', async () => {
    const { person, phone } = await enrolled(servers, shop);
    const laptop = phone.another('Laptop', servers.client(1));
    const challenge = await begun(laptop, await start(servers, person));
    expect(challenge.deliveries).toMatchObject([
      { method: 'APP', state: 'QUEUED', reason: 'NO_TRUSTED_DEVICE_ONLINE', hint: expect.any(String) },
    ]);
    await using changes = laptop.challengeChanges(challenge);
    await using requests = phone.loginRequests();
    await requests.nextThat(({ id }) => id === promptId(challenge));
    await changes.nextThat(({ deliveries }) => deliveries[0]?.state === 'SENT');
    await phone.acknowledge({ id: promptId(challenge) });
    await changes.nextThat(({ deliveries }) => deliveries[0]?.state === 'SEEN');
    asA('Challenge', await laptop.sendCode(challenge, 'EMAIL'));
    await changes.nextThat(({ deliveries }) => deliveries[0]?.reason === 'MAIL_ACCEPTED');
  });

  test('ends by a denial, as the backend is told', async () => {
    const { person, phone } = await enrolled(servers, shop);
    const started = await start(servers, person);
    const laptop = phone.another('Laptop');
    const challenge = await begun(laptop, started);
    await phone.deny({ id: promptId(challenge) });
    expect(await verificationOf(started)).toMatchObject({ state: 'DENIED' });
    expect(asA('ChallengeClosed', await begin(laptop, started)).state).toBe('DENIED');
  });
});

describe('what waits', () => {
  test('is over if no device has begun in time, and lives as long again from its begin on', async () => {
    const { person, phone } = await enrolled(servers, shop);
    const laptop = phone.another('Laptop');
    const late = await start(servers, person);
    await servers.database.age('verification', '601 seconds', 'request_id = $1', [late.requestId]);
    expect(asA('ChallengeClosed', await begin(laptop, late)).state).toBe('EXPIRED');
    expect(await verificationOf(late)).toMatchObject({ state: 'EXPIRED' });
    const early = await start(servers, person);
    await servers.database.age('verification', '590 seconds', 'request_id = $1', [early.requestId]);
    const challenge = await begun(laptop, early);
    await servers.database.age('verification', '590 seconds', 'request_id = $1', [early.requestId]);
    expect(await verificationOf(early)).toMatchObject({ state: 'PENDING', expiresAt: challenge.expiresAt });
  });

  test('is over once the epoch is another, begun or not', async () => {
    const { person, phone } = await enrolled(servers, shop);
    const { device: tablet, signedIn } = await signInElsewhere(servers, person, phone, 'Tablet');
    const laptop = phone.another('Laptop');
    const [waiting, going] = [await start(servers, person), await start(servers, person)];
    const challenge = await begun(laptop, going);
    const code = await codeShownOn(phone, challenge);
    await phone.ask(REMOVE_DEVICE, { id: signedIn.device.id });
    expect(await tablet.viewer()).toBeNull();
    for (const started of [waiting, going]) {
      expect(await verificationOf(started)).toMatchObject({ state: 'CANCELLED' });
      expect(asA('ChallengeClosed', await begin(laptop, started)).state).toBe('CANCELLED');
    }
    expect(asA('ChallengeClosed', await laptop.verify(challenge, code)).state).toBe('CANCELLED');
  });

  test('ends when its backend says so, wherever the code is shown', async () => {
    const { person, phone } = await enrolled(servers, shop);
    const laptop = phone.another('Laptop');
    const [waiting, going] = [await start(servers, person), await start(servers, person)];
    const challenge = await begun(laptop, going);
    for (const started of [waiting, going]) {
      expect(await cancel(started)).toMatchObject({ state: 'CANCELLED' });
      expect(asA('ChallengeClosed', await begin(laptop, started)).state).toBe('CANCELLED');
    }
    expect((await phone.viewer())?.loginRequests).toEqual([]);
    expect((await laptop.challenge(challenge)).state).toBe('CANCELLED');
    const error = await other.error(CANCEL_VERIFICATION, {
      requestId: going.requestId,
    });
    expect(error.extensions.code).toBe('NOT_FOUND');
  });

  test('that is over already stays as it is', async () => {
    const { person, phone } = await enrolled(servers, shop);
    const { started, signedIn } = await signInElsewhere(servers, person, phone);
    expect(await cancel(started)).toMatchObject({ state: 'VERIFIED' });
    expect((await redeem(started, signedIn.receipt)).__typename).toBe('Verified');
  });

  test('is nothing without its token', async () => {
    const laptop = (await enrolled(servers, shop)).phone.another('Laptop');
    for (const token of ['', 'chl_', `chl_${'x'.repeat(43)}`]) {
      expect(asA('ChallengeClosed', await begin(laptop, { token })).state).toBe('EXPIRED');
    }
  });
});

describe('a receipt', () => {
  const signedIn = async () => {
    const { person, phone } = await enrolled(servers, shop);
    return { person, phone, ...(await signInElsewhere(servers, person, phone)) };
  };

  test('is redeemed once', async () => {
    const { started, signedIn: entered } = await signedIn();
    expect((await redeem(started, entered.receipt)).__typename).toBe('Verified');
    expect((await redeem(started, entered.receipt)).__typename).toBe('ReceiptVoid');
  });

  test('is good for its own request and client alone, and stays good for those', async () => {
    const one = await signedIn();
    const another = await signedIn();
    const { receipt } = one.signedIn;
    expect((await redeem(another.started, receipt)).__typename).toBe('ReceiptVoid');
    expect((await redeem({ ...one.started, backend: other }, receipt)).__typename).toBe('ReceiptVoid');
    for (const wrong of ['', 'rcp_', one.started.token, one.device.sessionToken]) {
      expect((await redeem(one.started, wrong)).__typename).toBe('ReceiptVoid');
    }
    expect((await redeem(one.started, receipt)).__typename).toBe('Verified');
  });

  test('is good for RECEIPT_SECONDS', async () => {
    const [early, late] = [await signedIn(), await signedIn()];
    await servers.database.age('verification', '50 seconds', 'request_id = $1', [early.started.requestId]);
    await servers.database.age('verification', '61 seconds', 'request_id = $1', [late.started.requestId]);
    expect((await redeem(early.started, early.signedIn.receipt)).__typename).toBe('Verified');
    expect((await redeem(late.started, late.signedIn.receipt)).__typename).toBe('ReceiptVoid');
  });

  test('is void once the epoch is another, or its session is over', async () => {
    const [raised, ended] = [await signedIn(), await signedIn()];
    await raiseEpoch(raised.person);
    await ended.device.signOut();
    for (const { started, signedIn: entered } of [raised, ended]) {
      expect((await redeem(started, entered.receipt)).__typename).toBe('ReceiptVoid');
    }
  });

  test('is the first use of the session that was opened', async () => {
    const [used, lost] = [await signedIn(), await signedIn()];
    await redeemed(used.started, used.signedIn.receipt);
    for (const { signedIn: entered } of [used, lost]) {
      await servers.database.age('session', '601 seconds', 'id = $1', [entered.session.id]);
    }
    expect(await used.device.viewer()).not.toBeNull();
    expect(await lost.device.viewer()).toBeNull();
  });

  test('comes with nothing that no backend has started', async () => {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    const challenge = await laptop.challenged();
    const entered = asA('SignedIn', await laptop.verify(challenge, await codeShownOn(phone, challenge)));
    expect(entered.receipt).toBeNull();
  });

  test('is stored as its hash, and the token of the challenge too', async () => {
    const { started, signedIn: entered } = await signedIn();
    const dump = await servers.database.dump();
    expect(dump).not.toContain(started.token);
    expect(dump).not.toContain(entered.receipt);
    expect(servers.log.join('\n')).not.toContain(entered.receipt);
  });
});
