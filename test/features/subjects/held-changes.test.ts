import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Backend } from '../../support/backend.js';
import { PERSON } from '../../support/backend-operations.js';
import { openFeed } from '../../support/feed.js';
import { Handset } from '../../support/handset.js';
import { codeIn } from '../../support/mailbox.js';
import { asA } from '../../support/outcomes.js';
import { wrongCode } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';
import {
  bringDueIntoForce,
  DELETE_SUBJECT,
  deleteSubject,
  HELD_CHANGES,
  heldFor,
  holdIsOver,
  PROVE_ADDRESS,
  PUT_SUBJECT,
  proveAddress,
  proveByMail,
  putSubject,
  START_ADDRESS_PROOF,
  type Subject,
  signIn,
  someAddress,
  startAddressProof,
  subjectOf,
  VETO_BY_MAIL,
  VETO_CHANGE,
  vetoByMail,
  vetoCode,
} from '../../support/subjects.js';

// What a product's backend asks for a subject with two-step verification waits, and the subject may stop it.

let servers: Servers;
let shop: Backend;
beforeAll(async () => {
  servers = await Servers.start({ limits: { VETO_FAILURES_PER_IP_HOUR: 1_000_000, ADDRESS_CHANGES_DAY: 5 } });
  shop = await Backend.add(servers);
});
afterAll(() => servers[Symbol.asyncDispose]());

const personOf = ({ externalId }: Subject) => shop.ask<Record<string, unknown>>(PERSON, { externalId });

/** A subject for whom another address was asked for. */
async function moving(): Promise<Subject & { readonly wanted: string }> {
  const subject = await subjectOf(servers, shop);
  const wanted = someAddress();
  await putSubject(shop, { externalId: subject.externalId, email: wanted });
  return { ...subject, wanted };
}

/** A subject that is to be deleted. */
async function going(): Promise<Subject> {
  const subject = await subjectOf(servers, shop);
  await deleteSubject(shop, subject.externalId);
  return subject;
}

/** Another device of a subject, which is signed in. */
async function deviceOf({ accountId, phone }: Subject, isTrusted: boolean): Promise<Handset> {
  const device = phone.another('Laptop');
  await signIn(servers, accountId, device, isTrusted);
  return device;
}

describe('another address', () => {
  test('waits, told to the mailbox and to the devices; nothing else changes', async () => {
    const subject = await subjectOf(servers, shop);
    const wanted = someAddress();
    const put = () => putSubject(shop, { externalId: subject.externalId, email: wanted, locale: 'fr' });
    const asked = await put();
    expect(asked).toMatchObject({ email: subject.email, pendingEmail: wanted, epoch: 0, twoStepEnabled: true });
    expect(await put()).toEqual(asked);
    expect(await personOf(subject)).toMatchObject({ email: subject.email, pendingEmail: wanted });
    const [change, ...others] = await heldFor(subject);
    expect(others).toEqual([]);
    expect(change).toMatchObject({ kind: 'ADDRESS', email: wanted, isProven: false });
    expect(change?.holdEndsInSeconds).toBeGreaterThan(23 * 3600);
    expect(change?.holdEndsInSeconds).toBeLessThanOrEqual(24 * 3600);
    await vetoCode(servers, subject.email);
    expect(servers.mailbox.to(subject.email)).toHaveLength(1);
    expect(servers.mailbox.to(wanted)).toEqual([]);
  });

  test('is in force once it is proven and has waited, whichever comes first', async () => {
    for (const isProvenFirst of [true, false]) {
      const subject = await moving();
      const { feed } = await openFeed(shop, { types: ['ADDRESS_CHANGED'] });
      await using _closing = feed;
      if (!isProvenFirst) await holdIsOver(servers, subject.accountId);
      await bringDueIntoForce(servers);
      expect(await personOf(subject)).toMatchObject({ email: subject.email, pendingEmail: subject.wanted });
      const proven = (await proveByMail(servers, subject, subject.wanted)) as unknown;
      if (isProvenFirst) {
        expect(proven).toMatchObject({
          __typename: 'AddressProven',
          account: { email: subject.email },
          heldChange: { kind: 'ADDRESS', isProven: true },
        });
        await bringDueIntoForce(servers);
        expect(await personOf(subject)).toMatchObject({ email: subject.email });
        await holdIsOver(servers, subject.accountId);
        await bringDueIntoForce(servers);
      } else {
        expect(proven).toMatchObject({
          __typename: 'AddressProven',
          account: { email: subject.wanted },
          heldChange: null,
        });
      }
      expect(await personOf(subject)).toMatchObject({ email: subject.wanted, pendingEmail: null, epoch: 1 });
      expect(await feed.nextThat(({ type }) => type === 'ADDRESS_CHANGED')).toMatchObject({
        externalId: subject.externalId,
      });
      // Who is signed in stays, and the mailbox before is told.
      expect(await subject.phone.ask(HELD_CHANGES)).toMatchObject({ email: subject.wanted, heldChanges: [] });
      const notices = "notice = 'ADDRESS_CHANGED' and to_address = $1";
      expect(await servers.database.count('delivery', notices, [subject.email])).toBe(1);
      // It is proven now: what happens is told there from now on.
      await deleteSubject(shop, subject.externalId);
      await vetoCode(servers, subject.wanted);
    }
  });

  test('is told of in the language that somebody was let in with, whatever the product says', async () => {
    const subject = await subjectOf(servers, shop);
    await putSubject(shop, { externalId: subject.externalId, email: someAddress(), locale: 'ru' });
    await vetoCode(servers, subject.email);
    expect(servers.mailbox.to(subject.email)[0]?.text).not.toMatch(/\p{Script=Cyrillic}/u);
  });

  test('is brought into force by whoever asks next, once it may', async () => {
    const subject = await moving();
    await proveByMail(servers, subject, subject.wanted);
    await holdIsOver(servers, subject.accountId);
    expect(await putSubject(shop, { externalId: subject.externalId, email: subject.wanted })).toMatchObject({
      email: subject.wanted,
      pendingEmail: null,
    });
  });

  test('is taken back by the one that is in force, and with it the codes that prove it', async () => {
    const subject = await moving();
    const challenge = await startAddressProof(subject);
    const code = await servers.mailbox.code(subject.wanted);
    expect(await putSubject(shop, { externalId: subject.externalId, email: subject.email })).toMatchObject({
      email: subject.email,
      pendingEmail: null,
    });
    expect(await heldFor(subject)).toEqual([]);
    expect(await proveAddress(subject, challenge, code)).toMatchObject({
      __typename: 'ChallengeClosed',
      state: 'CANCELLED',
    });
  });

  test('begins to wait anew where it is another one, which the proof of the one before does not prove', async () => {
    const subject = await moving();
    await proveByMail(servers, subject, subject.wanted);
    await holdIsOver(servers, subject.accountId);
    await servers.database.query('update held_change set proven_at = null where account_id = $1', [subject.accountId]);
    const challenge = await startAddressProof(subject);
    const code = await servers.mailbox.code(subject.wanted);
    const third = someAddress();
    await putSubject(shop, { externalId: subject.externalId, email: third });
    expect(await proveAddress(subject, challenge, code)).toMatchObject({ __typename: 'ChallengeClosed' });
    await bringDueIntoForce(servers);
    expect(await personOf(subject)).toMatchObject({ email: subject.email, pendingEmail: third });
    const [change] = await heldFor(subject);
    expect(change).toMatchObject({ email: third, isProven: false });
    expect(change?.holdEndsInSeconds).toBeGreaterThan(23 * 3600);
  });

  test('RESET_HOLD_HOURS=0 turns the wait off, and not the proof', async () => {
    await using unheld = await Servers.start({ limits: { RESET_HOLD_HOURS: 0 } });
    const backend = await Backend.add(unheld);
    const subject = await subjectOf(unheld, backend);
    const wanted = someAddress();
    expect(await putSubject(backend, { externalId: subject.externalId, email: wanted })).toMatchObject({
      email: subject.email,
      pendingEmail: wanted,
    });
    expect((await proveByMail(unheld, subject, wanted)) as unknown).toMatchObject({ account: { email: wanted } });
    expect(await deleteSubject(backend, subject.externalId)).toMatchObject({
      deletedAt: expect.any(String),
      waitsUntil: null,
    });
  });
});

describe('a proof', () => {
  test('is nothing where no address waits, and asks for a session', async () => {
    const subject = await subjectOf(servers, shop);
    const codeOf = async (device: Handset) =>
      (await device.graphql(START_ADDRESS_PROOF)).errors.map(({ extensions }) => extensions.code);
    expect(await codeOf(subject.phone)).toEqual(['NOT_FOUND']);
    expect(await codeOf(await servers.signedUp())).toEqual(['NOT_FOUND']);
    expect(await codeOf(servers.stranger())).toEqual(['UNAUTHENTICATED']);
  });

  test('takes the code that was mailed to the new address alone, five tries, and the session that began it', async () => {
    const subject = await moving();
    const challenge = await startAddressProof(subject);
    expect(challenge).toMatchObject({ purpose: 'PROVE_ADDRESS', method: 'EMAIL', availableMethods: ['EMAIL'] });
    expect(challenge.codeLength).toBe(8);
    const mail = await servers.mailbox.next(subject.wanted);
    const code = codeIn(mail) ?? '';
    // Who has that mailbox may be a stranger: no text that somebody chose gets there.
    expect(mail.text).not.toContain(subject.phone.name);
    expect(await proveAddress(subject, challenge, wrongCode(code))).toMatchObject({
      __typename: 'WrongCode',
      attemptsRemaining: 4,
    });
    const laptop = await deviceOf(subject, true);
    expect(await laptop.ask(PROVE_ADDRESS, { token: challenge.token, code })).toMatchObject({
      __typename: 'ChallengeClosed',
    });
    for (let nth = 0; nth < 4; nth += 1) await proveAddress(subject, challenge, wrongCode(code));
    expect(await proveAddress(subject, challenge, code)).toMatchObject({
      __typename: 'ChallengeClosed',
      state: 'LOCKED',
    });
  });

  test('is mailed UNPROVEN_MAILS_DAY times a day to one address, whoever of a client it is for', async () => {
    const wanted = someAddress();
    const other = await Backend.add(servers);
    const withheld = async (backend: Backend) => {
      const subject = await subjectOf(servers, backend);
      await putSubject(backend, { externalId: subject.externalId, email: wanted });
      const { deliveries } = await startAddressProof(subject);
      return { subject, isWithheld: deliveries.some(({ reason }) => reason === 'MAIL_LIMIT_REACHED') };
    };
    for (let nth = 0; nth < 3; nth += 1) expect(await withheld(shop)).toMatchObject({ isWithheld: false });
    const { subject, isWithheld } = await withheld(shop);
    expect(isWithheld).toBe(true);
    // No other way past it, and another client has its own.
    const challenge = await startAddressProof(subject);
    await servers.database.query('update challenge set last_mail_send_at = null where id = $1', [challenge.id]);
    await subject.phone.sendCode(challenge, 'EMAIL');
    expect(await withheld(other)).toMatchObject({ isWithheld: false });
    for (let nth = 0; nth < 4; nth += 1) await servers.mailbox.code(wanted);
    expect(servers.mailbox.to(wanted)).toHaveLength(4);
    // Nor does any of it count against somebody who opens an account with that address.
    const stranger = new Handset(servers.client(), servers.mailbox, { ...servers.stranger().owner, email: wanted });
    const signUp = asA('Challenge', await stranger.signUp());
    asA('SignedIn', await stranger.verify(signUp, await servers.mailbox.code(wanted)));
    await servers.database.age('delivery', '25 hours', 'to_address = $1', [wanted]);
    expect(await withheld(shop)).toMatchObject({ isWithheld: false });
  });
});

describe.each([
  ['another address', moving],
  ['a deletion', going],
] as const)('%s is stopped', (_what, asked) => {
  const stopped = async (subject: Subject) => {
    await holdIsOver(servers, subject.accountId);
    await bringDueIntoForce(servers);
    expect(await personOf(subject)).toMatchObject({ email: subject.email, pendingEmail: null });
    expect(await heldFor(subject)).toEqual([]);
    // It may be asked for again, and waits again.
    expect(await putSubject(shop, { externalId: subject.externalId, email: someAddress() })).toMatchObject({
      email: subject.email,
    });
  };

  test('by a trusted device, and by no other', async () => {
    const subject = await asked();
    const [change] = await heldFor(subject);
    const errorOf = async (device: Handset, id = change?.id) =>
      (await device.graphql(VETO_CHANGE, { id })).errors.map(({ extensions }) => extensions.code);
    expect(await errorOf(servers.stranger())).toEqual(['UNAUTHENTICATED']);
    expect(await errorOf(await deviceOf(subject, false))).toEqual(['FORBIDDEN']);
    expect(await errorOf((await subjectOf(servers, shop)).phone)).toEqual(['NOT_FOUND']);
    for (const id of ['nonsense', randomUUID()]) expect(await errorOf(subject.phone, id)).toEqual(['NOT_FOUND']);
    const laptop = await deviceOf(subject, true);
    expect(await laptop.ask(VETO_CHANGE, { id: change?.id })).toEqual({ kind: change?.kind });
    expect(await errorOf(subject.phone)).toEqual(['NOT_FOUND']);
    await stopped(subject);
  });

  test('by the mailbox, with the code of the mail and the address that it went to', async () => {
    const subject = await asked();
    const code = await vetoCode(servers, subject.email);
    const elsewhere = await asked();
    for (const [email, typed] of [
      [subject.email, wrongCode(code)],
      [elsewhere.email, code],
      [someAddress(), code],
    ] as const) {
      expect(await vetoByMail(servers, email, typed)).toMatchObject({ __typename: 'VetoVoid' });
    }
    // As people copy it.
    const typed = ` ${code.replace(/(.{5})/g, '$1 ')}`;
    expect(await vetoByMail(servers, subject.email.toUpperCase(), typed)).toMatchObject({ __typename: 'ChangeVetoed' });
    expect(await vetoByMail(servers, subject.email, code)).toMatchObject({ __typename: 'VetoVoid' });
    expect(await heldFor(elsewhere)).toHaveLength(1);
    await stopped(subject);
  });
});

test.each(['', '1234567890123456789', '123456789012345678901', 'not digits at all', '1'.repeat(5000)])(
  'what cannot be a code that stops something is refused: %j',
  async (code) => {
    const { errors } = await servers.client().graphql(VETO_BY_MAIL, { email: someAddress(), code });
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['BAD_USER_INPUT']);
  },
);

test('wrong codes of one network are VETO_FAILURES_PER_IP_HOUR, and a right one works all the same', async () => {
  await using few = await Servers.start({ limits: { VETO_FAILURES_PER_IP_HOUR: 2 } });
  const backend = await Backend.add(few);
  const subject = await subjectOf(few, backend);
  await deleteSubject(backend, subject.externalId);
  const code = await vetoCode(few, subject.email);
  for (let nth = 0; nth < 2; nth += 1) {
    expect(await vetoByMail(few, subject.email, wrongCode(code))).toMatchObject({ __typename: 'VetoVoid' });
  }
  for (const email of [subject.email, someAddress()]) {
    const { errors } = await few.client().graphql(VETO_BY_MAIL, { email, code: wrongCode(code) });
    expect(errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED' } }]);
  }
  expect(await vetoByMail(few, subject.email, code)).toMatchObject({ __typename: 'ChangeVetoed' });
});

test('who reads the mailbox stops what waits for each of its subjects by the code of that one alone', async () => {
  const email = someAddress();
  const other = await Backend.add(servers);
  const mine = await subjectOf(servers, shop, { email });
  await putSubject(shop, { externalId: mine.externalId });
  const code = await vetoCode(servers, email);
  const theirs = await subjectOf(servers, other, { email });
  await putSubject(other, { externalId: theirs.externalId });
  const otherCode = await vetoCode(servers, email);
  expect(await vetoByMail(servers, email, otherCode)).toMatchObject({ __typename: 'ChangeVetoed', kind: 'ADDRESS' });
  expect([await heldFor(mine), await heldFor(theirs)]).toMatchObject([[{ kind: 'ADDRESS' }], []]);
  expect(await vetoByMail(servers, email, code)).toMatchObject({ __typename: 'ChangeVetoed' });
});

describe('a deletion', () => {
  test('waits, told to the mailbox; what is asked for meanwhile is FORBIDDEN, and who is signed in stays so', async () => {
    const subject = await going();
    const again = await deleteSubject(shop, subject.externalId);
    expect(again).toMatchObject({ deletedAt: null, waitsUntil: expect.any(String), sessionsEnded: 0 });
    expect(await heldFor(subject)).toMatchObject([{ kind: 'DELETION', email: null, holdEndsAt: again.waitsUntil }]);
    for (const email of [subject.email, someAddress()]) {
      const input = { externalId: subject.externalId, email };
      expect((await shop.error(PUT_SUBJECT, { input })).extensions.code).toBe('FORBIDDEN');
    }
    const code = await vetoCode(servers, subject.email);
    expect(servers.mailbox.to(subject.email)).toHaveLength(1);
    await bringDueIntoForce(servers);
    expect(await personOf(subject)).toMatchObject({ twoStepEnabled: true });
    await vetoByMail(servers, subject.email, code);
    expect(await putSubject(shop, { externalId: subject.externalId, email: subject.email })).toMatchObject({
      epoch: 0,
    });
  });

  test('may be asked for as often in a day as another address, however often it is stopped', async () => {
    const subject = await subjectOf(servers, shop);
    for (let nth = 0; nth < 5; nth += 1) {
      await deleteSubject(shop, subject.externalId);
      const [change] = await heldFor(subject);
      await subject.phone.ask(VETO_CHANGE, { id: change?.id });
    }
    const { extensions } = await shop.error(DELETE_SUBJECT, { externalId: subject.externalId });
    expect(extensions).toMatchObject({ code: 'RATE_LIMITED', retryAt: expect.any(String) });
    expect(await heldFor(subject)).toEqual([]);
  });

  test('that cannot be done holds up nobody behind it', async () => {
    const subjects = [await going(), await going(), await going()];
    const [first] = subjects.map(({ accountId }) => accountId).sort();
    for (const { accountId } of subjects) await holdIsOver(servers, accountId);
    await servers.database.query(`create function not_now() returns trigger language plpgsql as $$
      begin raise exception 'not now'; end $$`);
    await servers.database.query(`create trigger not_now before delete on account for each row
      when (old.id = '${first}') execute function not_now()`);
    const left = () => servers.database.count('account', 'id = any($1)', [subjects.map(({ accountId }) => accountId)]);
    await bringDueIntoForce(servers);
    expect(await left()).toBe(1);
    await servers.database.query('drop trigger not_now on account');
    await bringDueIntoForce(servers);
    expect(await left()).toBe(0);
  });

  test('is done once it has waited, and then nothing stops it', async () => {
    const subject = await going();
    const code = await vetoCode(servers, subject.email);
    const { feed } = await openFeed(shop, { types: ['SUBJECT_DELETED'] });
    await using _closing = feed;
    await holdIsOver(servers, subject.accountId);
    await bringDueIntoForce(servers);
    expect(await feed.nextThat(({ externalId }) => externalId === subject.externalId)).toMatchObject({
      type: 'SUBJECT_DELETED',
      externalId: subject.externalId,
      accountId: subject.accountId,
    });
    expect(await subject.phone.viewer()).toBeNull();
    expect(await shop.ask(PERSON, { externalId: subject.externalId })).toBeNull();
    expect(await vetoByMail(servers, subject.email, code)).toMatchObject({ __typename: 'VetoVoid' });
    expect(await deleteSubject(shop, subject.externalId)).toMatchObject({ deletedAt: null, waitsUntil: null });
  });
});

describe('a mail that tells of a change which waits', () => {
  test('holds the code alone on its line, says where it is typed, and nothing in it is a link', async () => {
    for (const asked of [moving, going]) {
      const subject = await asked();
      const mail = await servers.mailbox.next(subject.email);
      expect(mail.text?.split('\n').filter((line) => /\d{20}/.test(line))).toEqual([expect.stringMatching(/^\d{20}$/)]);
      expect(mail.text).toContain('localhost:4000/stop-change');
      expect(mail.subject).not.toMatch(/\d/);
      for (const part of [mail.text ?? '', mail.html || '']) expect(part).not.toMatch(/:\/\/|<a[\s>]|href/i);
    }
  });

  test('is not sent to an address that nobody has proven', async () => {
    const subject = await subjectOf(servers, shop);
    await servers.database.query('update account set address_proven_at = null where id = $1', [subject.accountId]);
    await putSubject(shop, { externalId: subject.externalId });
    await deleteSubject(shop, subject.externalId);
    expect(await servers.database.count('delivery', 'to_address = $1', [subject.email])).toBe(0);
  });

  test('is not sent once nothing waits any more', async () => {
    await using late = await Servers.start({ worker: false });
    const backend = await Backend.add(late);
    const subject = await subjectOf(late, backend);
    await putSubject(backend, { externalId: subject.externalId });
    await putSubject(backend, { externalId: subject.externalId, email: subject.email });
    await late.add({ api: false, worker: true });
    await deleteSubject(backend, subject.externalId);
    expect((await late.mailbox.next(subject.email)).subject).toBe('Your account is about to be deleted');
    expect(late.mailbox.to(subject.email)).toHaveLength(1);
  });
});
