import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Backend } from '../../support/backend.js';
import { CHECK, PERSON } from '../../support/backend-operations.js';
import { openFeed } from '../../support/feed.js';
import { ENABLE_TWO_STEP, START_TWO_STEP_SETUP } from '../../support/operations.js';
import { asA } from '../../support/outcomes.js';
import { CHANGE_PASSWORD, DISABLE_TWO_STEP } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';
import {
  DELETE_SUBJECT,
  deleteSubject,
  HELD_CHANGES,
  PUT_SUBJECT,
  putSubject,
  someAddress,
  subjectOf,
} from '../../support/subjects.js';
import { CANCEL_VERIFICATION, REDEEM_RECEIPT, START_VERIFICATION, VERIFICATION } from '../../support/verifications.js';

// Users whom products' backends hold by ids of their own, without a second step: with one, see held-changes.test.ts.

const CHANGES = 2;

let servers: Servers;
let shop: Backend;
beforeAll(async () => {
  servers = await Servers.start({ limits: { ADDRESS_CHANGES_DAY: CHANGES } });
  shop = await Backend.add(servers);
});
afterAll(() => servers[Symbol.asyncDispose]());

describe('putSubject', () => {
  test('opens the account of a user, in one form of the address and one of our languages, and is safe to repeat', async () => {
    const externalId = `user:${randomUUID()}`;
    const address = someAddress();
    const wish = { externalId, email: address.toUpperCase(), locale: 'de-AT' };
    const opened = await putSubject(shop, wish);
    expect(opened).toMatchObject({
      externalId,
      email: address.replace(/@.*/, (host) => host.toLowerCase()),
      pendingEmail: null,
      epoch: 0,
      twoStepEnabled: false,
      devices: [],
      sessions: [],
    });
    expect(await putSubject(shop, wish)).toEqual(opened);
    expect(await shop.ask(PERSON, { externalId })).toMatchObject({ accountId: opened.accountId, email: opened.email });
    const row = await servers.database.row(
      'select email, password_hash, subject_email, address_proven_at, locale from account where id = $1',
      [opened.accountId],
    );
    expect(row).toEqual({
      email: null,
      password_hash: null,
      subject_email: opened.email,
      address_proven_at: null,
      locale: 'de',
    });
  });

  test('leaves the language alone where it names none', async () => {
    const externalId = randomUUID();
    const { accountId, email } = await putSubject(shop, { externalId, locale: 'ru' });
    await putSubject(shop, { externalId, email });
    const locale = async () =>
      (await servers.database.row('select locale from account where id = $1', [accountId])).locale;
    expect(await locale()).toBe('ru');
    await putSubject(shop, { externalId, email, locale: 'xx' });
    expect(await locale()).toBe('en');
  });

  test.each([
    ['an empty id', { externalId: '' }],
    ['an id of 129 characters', { externalId: 'x'.repeat(129) }],
    ['an id with a blank', { externalId: 'a b' }],
    ['an id that is not ASCII', { externalId: 'ümlaut' }],
    ['an id with a NUL', { externalId: 'a\u0000' }],
    ['a list of addresses', { email: 'a@example.com, b@example.com' }],
    ['a name with the address', { email: 'A <a@example.com>' }],
    ['a language of 36 characters', { locale: `de-${'x'.repeat(33)}` }],
    ['an empty language', { locale: '' }],
  ])('refuses %s', async (_what, odd) => {
    const input = { externalId: randomUUID(), email: someAddress(), ...odd };
    expect((await shop.error(PUT_SUBJECT, { input })).extensions.code).toBe('BAD_USER_INPUT');
  });

  test('takes an id of 128 characters of every kind, compared byte by byte', async () => {
    const externalId = `!~'"\\;--%${'Aa'.repeat(60)}`.slice(0, 128).padEnd(128, '$');
    const { accountId } = await putSubject(shop, { externalId });
    const other = await putSubject(shop, { externalId: externalId.toLowerCase() });
    expect(other.accountId).not.toBe(accountId);
    expect(await shop.ask(PERSON, { externalId })).toMatchObject({ accountId });
  });

  test('changes the address at once where two-step is off: the epoch rises, sessions stay, and the feed tells of it', async () => {
    const subject = await subjectOf(servers, shop, { hasTwoStep: false });
    const { feed } = await openFeed(shop, { types: ['ADDRESS_CHANGED'] });
    await using _closing = feed;
    const email = someAddress();
    const changed = await putSubject(shop, { externalId: subject.externalId, email });
    expect(changed).toMatchObject({ email, pendingEmail: null, epoch: 1 });
    expect(await feed.nextThat(({ type }) => type === 'ADDRESS_CHANGED')).toMatchObject({
      accountId: subject.accountId,
      externalId: subject.externalId,
    });
    expect(await subject.phone.ask(HELD_CHANGES)).toMatchObject({ email, heldChanges: [] });
  });

  test('changes the address ADDRESS_CHANGES_DAY times a day, to the same again as often as one likes', async () => {
    const externalId = randomUUID();
    const { accountId } = await putSubject(shop, { externalId });
    let email = '';
    for (let nth = 0; nth < CHANGES; nth += 1) {
      email = someAddress();
      await putSubject(shop, { externalId, email });
    }
    const input = { externalId, email: someAddress() };
    const { extensions } = await shop.error(PUT_SUBJECT, { input });
    expect(extensions).toMatchObject({ code: 'RATE_LIMITED', retryAt: expect.any(String) });
    expect(await putSubject(shop, { externalId, email })).toMatchObject({ email });
    await servers.database.age('held_change', '25 hours', 'account_id = $1', [accountId]);
    expect(await putSubject(shop, input)).toMatchObject({ email: input.email });
  });

  test('takes the scope people', async () => {
    const without = await Backend.add(servers, { scopes: ['check', 'verify', 'events'] });
    const input = { externalId: 'x', email: someAddress() };
    expect((await without.error(PUT_SUBJECT, { input })).extensions.code).toBe('FORBIDDEN');
    expect((await without.error(DELETE_SUBJECT, { externalId: 'x' })).extensions.code).toBe('FORBIDDEN');
  });
});

test('one address is that of subjects of two clients, of two subjects of one client, and of an own account', async () => {
  const other = await Backend.add(servers);
  const owner = await servers.signedUp();
  const { email } = owner.owner;
  const externalId = randomUUID();
  const mine = await subjectOf(servers, shop, { email });
  const theirs = await putSubject(other, { externalId, email });
  const another = await putSubject(shop, { email });
  expect(new Set([mine.accountId, theirs.accountId, another.accountId]).size).toBe(3);
  // Neither of them is the other, whoever asks.
  expect(await shop.ask(PERSON, { externalId })).toBeNull();
  expect(await other.ask(PERSON, { accountId: mine.accountId })).toBeNull();
  expect(await other.ask(CHECK, { token: mine.phone.sessionToken })).toBeNull();
  expect(await shop.ask(CHECK, { token: mine.phone.sessionToken })).toMatchObject({ email, accountId: mine.accountId });
  // The one who signs in with a password is the owner, and somebody may sign up with an address that subjects have.
  asA('SignedIn', await owner.another('Laptop').signIn());
  const stranger = servers.stranger();
  await putSubject(shop, { email: stranger.owner.email });
  const challenge = asA('Challenge', await stranger.signUp());
  asA('SignedIn', await stranger.verify(challenge, await servers.mailbox.code(stranger.owner.email)));
});

describe('a session of a subject', () => {
  test('is told whose it is, and an own account that it is nobody’s', async () => {
    const { phone, externalId, email, accountId } = await subjectOf(servers, shop);
    expect(await phone.ask(HELD_CHANGES)).toEqual({ id: accountId, email, externalId, heldChanges: [] });
    const own = await servers.signedUp();
    expect(await own.ask(HELD_CHANGES)).toMatchObject({ externalId: null, heldChanges: [] });
  });

  test.each([
    ['changePassword', CHANGE_PASSWORD, { currentPassword: 'x', newPassword: 'velvet-harbour-57-kettle' }],
    ['disableTwoStep', DISABLE_TWO_STEP, { password: 'x' }],
    ['startTwoStepSetup', START_TWO_STEP_SETUP, {}],
    ['enableTwoStep', ENABLE_TWO_STEP, { token: `chl_${'A'.repeat(43)}`, code: '12345678' }],
  ])('is FORBIDDEN %s, and nothing is counted for it', async (_field, document, variables) => {
    for (const hasTwoStep of [true, false]) {
      const { phone, accountId } = await subjectOf(servers, shop, { hasTwoStep });
      const { errors } = await phone.graphql(document, variables);
      expect(errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
      expect(await servers.database.count('challenge', 'account_id = $1', [accountId])).toBe(0);
      expect(await servers.database.count('activity', 'account_id = $1', [accountId])).toBe(0);
    }
  });
});

describe('deleteSubject', () => {
  test('takes everything away at once where two-step is off, and tells of every session', async () => {
    const { externalId, accountId, phone, email } = await subjectOf(servers, shop, { hasTwoStep: false });
    const { feed } = await openFeed(shop, { types: ['SESSION_ENDED', 'SUBJECT_DELETED'] });
    await using _closing = feed;
    await using prompts = phone.client.subscribe(
      'subscription { loginActivity { id } }',
      {},
      { token: phone.sessionToken },
    );
    await servers.database.query(
      `insert into delivery (account_id, method, notice, facts, to_address, locale) values ($1, 'EMAIL', 'NEW_DEVICE', '{}', $2, 'en')`,
      [accountId, email],
    );
    const gone = await deleteSubject(shop, externalId);
    expect(gone).toEqual({ externalId, deletedAt: expect.any(String), waitsUntil: null, sessionsEnded: 1 });
    for (const type of ['SESSION_ENDED', 'SUBJECT_DELETED']) {
      expect(await feed.nextThat((event) => event.type !== 'HEARTBEAT')).toMatchObject({ type, accountId, externalId });
    }
    expect(await prompts.closed()).toMatchObject({ code: 4401 });
    expect(await phone.viewer()).toBeNull();
    expect(await shop.ask(PERSON, { externalId })).toBeNull();
    for (const table of ['session', 'device', 'challenge', 'activity', 'delivery', 'held_change']) {
      expect([table, await servers.database.count(table, 'account_id = $1', [accountId])]).toEqual([table, 0]);
    }
    expect(await servers.database.count('delivery', 'to_address = $1', [email])).toBe(0);
  });

  test('is safe to repeat, and knows nobody whom it never had', async () => {
    const { externalId } = await putSubject(shop);
    await deleteSubject(shop, externalId);
    expect(await deleteSubject(shop, externalId)).toEqual({
      externalId,
      deletedAt: null,
      waitsUntil: null,
      sessionsEnded: 0,
    });
    for (const nobody of [randomUUID(), '', 'ümlaut', 'x'.repeat(5000)]) {
      expect((await shop.error(DELETE_SUBJECT, { externalId: nobody })).extensions.code).toBe('NOT_FOUND');
    }
    const other = await Backend.add(servers);
    expect((await other.error(DELETE_SUBJECT, { externalId })).extensions.code).toBe('NOT_FOUND');
  });

  test('leaves an id that nobody takes for EVENTS_DAYS', async () => {
    const { externalId } = await putSubject(shop);
    await deleteSubject(shop, externalId);
    const input = { externalId, email: someAddress() };
    expect((await shop.error(PUT_SUBJECT, { input })).extensions.code).toBe('FORBIDDEN');
    await servers.database.age('deleted_subject', '8 days', 'external_id = $1', [externalId]);
    expect(await putSubject(shop, input)).toMatchObject({ externalId, epoch: 0 });
  });
});

test('what PostgreSQL has no text for is the id of nobody, and of nothing that was started', async () => {
  const odd = 'a\u0000';
  const [requestId, receipt] = [randomUUID(), `rcp_${'A'.repeat(43)}`];
  expect((await shop.error(DELETE_SUBJECT, { externalId: odd })).extensions.code).toBe('NOT_FOUND');
  const input = { requestId, externalId: odd, epoch: 0, purpose: 'SIGN_IN' };
  expect(await shop.ask(START_VERIFICATION, { input })).toMatchObject({ __typename: 'UnknownSubject' });
  expect(await shop.ask(VERIFICATION, { requestId: odd })).toBeNull();
  expect((await shop.error(CANCEL_VERIFICATION, { requestId: odd })).extensions.code).toBe('NOT_FOUND');
  expect(await shop.ask(REDEEM_RECEIPT, { requestId: odd, receipt })).toMatchObject({ __typename: 'ReceiptVoid' });
});
