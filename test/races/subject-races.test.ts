import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Backend } from '../support/backend.js';
import { PERSON } from '../support/backend-operations.js';
import { asA } from '../support/outcomes.js';
import { Servers } from '../support/servers.js';
import {
  bringDueIntoForce,
  DELETE_SUBJECT,
  deleteSubject,
  heldFor,
  holdIsOver,
  PROVE_ADDRESS,
  PUT_SUBJECT,
  proveByMail,
  putSubject,
  START_ADDRESS_PROOF,
  type Subject,
  someAddress,
  startAddressProof,
  subjectOf,
  VETO_CHANGE,
  vetoByMail,
  vetoCode,
} from '../support/subjects.js';

const REQUESTS = 16;
const CHANGES = 3;

let servers: Servers;
let shop: Backend;
beforeAll(async () => {
  const limits = { VETO_FAILURES_PER_IP_HOUR: 1_000_000, ADDRESS_CHANGES_DAY: CHANGES, UNPROVEN_MAILS_DAY: 3 };
  servers = await Servers.start({ count: 2, limits });
  shop = await Backend.add(servers);
});
afterAll(() => servers[Symbol.asyncDispose]());

/** So many times at once, by turns over both servers. */
const atOnce = <T>(work: (backend: Backend, nth: number) => Promise<T>) =>
  Promise.all(Array.from({ length: REQUESTS }, (_, nth) => work(shop.at(servers.client(nth % 2).url), nth)));
const counted = (outcomes: readonly { readonly __typename: string }[], name: string) =>
  outcomes.filter(({ __typename }) => __typename === name).length;
const pendingOf = async (externalId: string) =>
  (await shop.ask<{ email: string; pendingEmail: string | null } | null>(PERSON, { externalId })) ?? null;
const eventsOf = (accountId: string, type: string) =>
  servers.database.count('event', 'account_id = $1 and type = $2', [accountId, type]);

test('one id is one account, however many open it at once, with whatever addresses', async () => {
  const externalId = randomUUID();
  const opened = await atOnce((backend, nth) =>
    backend.graphql<{ result: { accountId: string } }>(PUT_SUBJECT, {
      input: { externalId, email: nth < REQUESTS / 2 ? 'same@example.com' : someAddress() },
    }),
  );
  const ids = opened.flatMap(({ data }) => (data ? [data.result.accountId] : []));
  expect(new Set(ids).size).toBe(1);
  expect(await servers.database.count('account', 'external_id = $1', [externalId])).toBe(1);
  // The others were changes of the address, of which a day has so many.
  expect(await servers.database.count('held_change', 'account_id = $1', [ids[0]])).toBeLessThanOrEqual(CHANGES);
});

test('of any number of addresses that are asked for at once ADDRESS_CHANGES_DAY are told, and one waits', async () => {
  const { externalId, accountId, email } = await subjectOf(servers, shop);
  const asked = await atOnce((backend) =>
    backend.graphql<{ result: object }>(PUT_SUBJECT, { input: { externalId, email: someAddress() } }),
  );
  expect(asked.filter(({ data }) => data)).toHaveLength(CHANGES);
  expect(await servers.database.count('held_change', 'account_id = $1 and ended_at is null', [accountId])).toBe(1);
  expect(await servers.database.count('delivery', 'to_address = $1', [email])).toBe(CHANGES);
});

test('the same address that is asked for at once waits once, and is told once', async () => {
  const { externalId, accountId, email } = await subjectOf(servers, shop);
  const wanted = someAddress();
  const asked = await atOnce((backend) => putSubject(backend, { externalId, email: wanted }));
  expect(new Set(asked.map(({ pendingEmail }) => pendingEmail))).toEqual(new Set([wanted]));
  expect(await servers.database.count('held_change', 'account_id = $1', [accountId])).toBe(1);
  expect(await servers.database.count('delivery', 'to_address = $1', [email])).toBe(1);
});

test('a code stops its change once, and a trusted device too', async () => {
  const byMail = await subjectOf(servers, shop);
  await putSubject(shop, { externalId: byMail.externalId });
  const code = await vetoCode(servers, byMail.email);
  const outcomes = await atOnce((_backend, nth) => vetoByMail(servers, byMail.email, code, nth % 2));
  expect([counted(outcomes, 'ChangeVetoed'), counted(outcomes, 'VetoVoid')]).toEqual([1, REQUESTS - 1]);
  const byDevice = await subjectOf(servers, shop);
  await deleteSubject(shop, byDevice.externalId);
  const [change] = await heldFor(byDevice);
  const answers = await atOnce((_backend, nth) =>
    byDevice.phone.twin(servers.client(nth % 2)).graphql(VETO_CHANGE, { id: change?.id }),
  );
  expect(answers.filter(({ errors }) => errors.length === 0)).toHaveLength(1);
});

test('a veto and the moment at which the change comes into force: it is stopped or done, and never both', async () => {
  for (let round = 0; round < 6; round += 1) {
    const isDeletion = round % 2 === 1;
    const subject = await subjectOf(servers, shop);
    const { externalId, accountId, email } = subject;
    const wanted = someAddress();
    if (isDeletion) await deleteSubject(shop, externalId);
    else await putSubject(shop, { externalId, email: wanted });
    const code = await vetoCode(servers, email);
    if (!isDeletion) await proveByMail(servers, subject, wanted);
    await holdIsOver(servers, accountId);
    const [, , ...vetoes] = await Promise.all([
      bringDueIntoForce(servers),
      bringDueIntoForce(servers),
      ...Array.from({ length: 4 }, (_, nth) => vetoByMail(servers, email, code, nth % 2)),
    ]);
    const isStopped = counted(vetoes, 'ChangeVetoed') === 1;
    const done = await eventsOf(accountId, isDeletion ? 'SUBJECT_DELETED' : 'ADDRESS_CHANGED');
    expect({ isDeletion, isStopped, done }).toEqual({ isDeletion, isStopped, done: isStopped ? 0 : 1 });
    const person = await pendingOf(externalId);
    if (isDeletion) expect(person !== null).toBe(isStopped);
    else expect(person).toMatchObject({ email: isStopped ? email : wanted, pendingEmail: null });
  }
});

test('a right code proves an address once, however many type it at once', async () => {
  const subject = await subjectOf(servers, shop);
  const wanted = someAddress();
  await putSubject(shop, { externalId: subject.externalId, email: wanted });
  const { token } = await startAddressProof(subject);
  const code = await servers.mailbox.code(wanted);
  const outcomes = await atOnce((_backend, nth) =>
    subject.phone.twin(servers.client(nth % 2)).ask<{ __typename: string }>(PROVE_ADDRESS, { token, code }),
  );
  expect(counted(outcomes, 'AddressProven')).toBe(1);
  expect(counted(outcomes, 'ChallengeClosed')).toBe(REQUESTS - 1);
});

test('of any number of wrong codes for an address five are compared', async () => {
  const subject = await subjectOf(servers, shop);
  const wanted = someAddress();
  await putSubject(shop, { externalId: subject.externalId, email: wanted });
  const { token } = await startAddressProof(subject);
  const code = await servers.mailbox.code(wanted);
  const outcomes = await atOnce((_backend, nth) =>
    subject.phone.twin(servers.client(nth % 2)).ask<{ __typename: string }>(PROVE_ADDRESS, {
      token,
      code: String((Number(code) + nth + 1) % 1e8).padStart(8, '0'),
    }),
  );
  expect(counted(outcomes, 'WrongCode')).toBe(5);
});

test('an address that nobody has proven gets UNPROVEN_MAILS_DAY codes, however many subjects ask for them at once', async () => {
  const wanted = someAddress();
  const subjects: Subject[] = [];
  for (let nth = 0; nth < 4; nth += 1) {
    const subject = await subjectOf(servers, shop);
    await putSubject(shop, { externalId: subject.externalId, email: wanted });
    subjects.push(subject);
  }
  await atOnce((_backend, nth) => {
    const phone = subjects[nth % subjects.length]?.phone;
    if (!phone) throw new Error('there is no such subject');
    return phone.twin(servers.client(nth % 2)).ask(START_ADDRESS_PROOF);
  });
  expect(await servers.database.count('delivery', 'to_address = $1 and not is_withheld', [wanted])).toBe(3);
});

test('a subject is deleted once, however many ask for it at once', async () => {
  const off = await subjectOf(servers, shop, { hasTwoStep: false });
  const gone = await atOnce((backend) => deleteSubject(backend, off.externalId));
  expect(gone.filter(({ deletedAt }) => deletedAt !== null)).toHaveLength(1);
  expect(gone.reduce((ended, { sessionsEnded }) => ended + sessionsEnded, 0)).toBe(1);
  expect(await eventsOf(off.accountId, 'SUBJECT_DELETED')).toBe(1);
  const on = await subjectOf(servers, shop);
  const held = await atOnce((backend) => deleteSubject(backend, on.externalId));
  expect(new Set(held.map(({ waitsUntil }) => waitsUntil)).size).toBe(1);
  expect(await servers.database.count('delivery', 'to_address = $1', [on.email])).toBe(1);
});

test('a subject that is put while it is deleted is the one before, or none', async () => {
  for (let round = 0; round < 4; round += 1) {
    const { externalId, email, accountId } = await subjectOf(servers, shop, { hasTwoStep: false });
    const answers = await atOnce((backend, nth) =>
      nth % 4 === 0
        ? backend.graphql<{ result: object }>(DELETE_SUBJECT, { externalId })
        : backend.graphql<{ result: { accountId: string } }>(PUT_SUBJECT, { input: { externalId, email } }),
    );
    for (const { data, errors } of answers) {
      if (errors.length > 0) expect(errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
      else if (data && 'accountId' in data.result) expect(data.result.accountId).toBe(accountId);
    }
    expect(await servers.database.count('account', 'external_id = $1', [externalId])).toBe(0);
  }
});

test('sessions that are being opened leave none behind a deletion', async () => {
  // The account is somebody's own until now, so that a password signs in; the races of its sessions are those of all.
  const phone = await servers.signedUp();
  const externalId = await shop.holds(servers, phone);
  const { accountId } = await putSubject(shop, { externalId, email: phone.owner.email });
  await Promise.all([
    deleteSubject(shop, externalId),
    ...Array.from({ length: 8 }, (_, nth) => phone.twin(servers.client(nth % 2)).viewer()),
  ]);
  expect(await servers.database.count('session', 'account_id = $1', [accountId])).toBe(0);
  expect(await phone.viewer()).toBeNull();
  expect(asA('InvalidCredentials', await phone.another('Laptop').signIn())).toBeTruthy();
});
