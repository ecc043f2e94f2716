import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildSchema, isObjectType } from 'graphql';
import { endKeys } from '../../src/clients/clients.js';
import { projectRoot } from '../../src/config/project.js';
import { Backend, withDatabase } from '../support/backend.js';
import { END_SESSION, END_TRUST, PERSON, TAKE_DEVICE } from '../support/backend-operations.js';
import { codeShownOn } from '../support/owner.js';
import { Servers } from '../support/servers.js';
import {
  bringDueIntoForce,
  DELETE_SUBJECT,
  deleteSubject,
  HELD_CHANGES,
  heldFor,
  holdIsOver,
  PUT_SUBJECT,
  putSubject,
  START_ADDRESS_PROOF,
  type Subject,
  someAddress,
  subjectOf,
  VETO_CHANGE,
  vetoByMail,
  vetoCode,
} from '../support/subjects.js';
import { begun, START_VERIFICATION, start } from '../support/verifications.js';

// What somebody can and cannot do who has stolen the key of a product's backend. docs/security.md says it in words.

let servers: Servers;
let shop: Backend;
beforeAll(async () => {
  servers = await Servers.start({ limits: { VETO_FAILURES_PER_IP_HOUR: 1_000_000 } });
  shop = await Backend.add(servers);
});
afterAll(() => servers[Symbol.asyncDispose]());

const personOf = ({ externalId }: Subject) => shop.ask<Record<string, unknown> | null>(PERSON, { externalId });
const reasons = ['PASSWORD_CHANGED', 'PASSWORD_RESET', 'SUSPECTED_THEFT', 'CLOSED'] as const;

describe('a stolen key cannot', () => {
  test('be told a code or a token of a person: no field answers with one', () => {
    const schema = buildSchema(readFileSync(path.join(projectRoot, 'backend.graphql'), 'utf8'));
    const told = Object.values(schema.getTypeMap())
      .filter((type) => isObjectType(type) && !type.name.startsWith('__'))
      .flatMap((type) =>
        isObjectType(type) ? Object.keys(type.getFields()).map((field) => `${type.name}.${field}`) : [],
      );
    // What a verification is begun with opens nothing by itself, and is for the person's device.
    expect(told.filter((name) => /(code|token|secret|password|salt)$/i.test(name))).toEqual(
      told.filter((name) => name === 'VerificationStarted.challengeToken'),
    );
  });

  test('be anybody at the API of people', async () => {
    const { phone } = await subjectOf(servers, shop);
    const asKey = { token: shop.key };
    expect((await phone.graphql(HELD_CHANGES, {}, asKey)).data).toEqual({ result: null });
    for (const [document, variables] of [
      [VETO_CHANGE, { id: 'x' }],
      [START_ADDRESS_PROOF, {}],
    ] as const) {
      const { errors } = await phone.graphql(document, variables, asKey);
      expect(errors.map(({ extensions }) => extensions.code)).toEqual(['UNAUTHENTICATED']);
    }
  });

  test('move the second factor to another mailbox, however long it waits and whatever it ends', async () => {
    const subject = await subjectOf(servers, shop);
    const wanted = someAddress();
    await putSubject(shop, { externalId: subject.externalId, email: wanted });
    for (const reason of reasons) {
      await shop.ask(END_TRUST, { externalId: subject.externalId, reason });
      await holdIsOver(servers, subject.accountId);
      await bringDueIntoForce(servers);
    }
    expect(await personOf(subject)).toMatchObject({
      email: subject.email,
      pendingEmail: wanted,
      twoStepEnabled: true,
    });
    // Nothing went there: a code for it takes a session of the person's.
    expect(await servers.database.count('delivery', 'to_address = $1', [wanted])).toBe(0);
  });

  test('sign in by itself: the code of what it starts goes to the owner, also while another address waits', async () => {
    const subject = await subjectOf(servers, shop);
    const { externalId, email, phone } = subject;
    const wanted = someAddress();
    await putSubject(shop, { externalId, email: wanted });
    await vetoCode(servers, email);
    // Its thief begins on a device of his own: he vouches for the first factor, and has the token of the challenge.
    const thief = phone.another('Of the thief');
    const challenge = await begun(thief, await start(servers, subject));
    await thief.sendCode(challenge, 'EMAIL');
    expect(await servers.mailbox.code(email)).toBe(await codeShownOn(phone, challenge));
    expect(servers.mailbox.to(wanted)).toEqual([]);
  });

  test('start anything for somebody who is to go, as if there were none', async () => {
    const subject = await subjectOf(servers, shop);
    await deleteSubject(shop, subject.externalId);
    const input = { requestId: randomUUID(), externalId: subject.externalId, epoch: 0, purpose: 'SIGN_IN' };
    expect((await shop.error(START_VERIFICATION, { input })).extensions.code).toBe('FORBIDDEN');
    await holdIsOver(servers, subject.accountId);
    await bringDueIntoForce(servers);
    expect((await shop.error(START_VERIFICATION, { input })).extensions.code).toBe('FORBIDDEN');
  });

  test('delete a subject past the hold: the owner is told, and stops it from a device or from the mailbox', async () => {
    const subject = await subjectOf(servers, shop);
    const stops = [
      async () => {
        const [change] = await heldFor(subject);
        await subject.phone.ask(VETO_CHANGE, { id: change?.id });
      },
      async (code: string) => void (await vetoByMail(servers, subject.email, code)),
    ];
    for (const stop of stops) {
      await deleteSubject(shop, subject.externalId);
      await stop(await vetoCode(servers, subject.email));
      await holdIsOver(servers, subject.accountId);
      await bringDueIntoForce(servers);
      expect(await personOf(subject)).toMatchObject({ email: subject.email, twoStepEnabled: true });
    }
  });

  test.each(reasons)('take the mailbox its veto, by ending all trust for %s', async (reason) => {
    const subject = await subjectOf(servers, shop);
    const { externalId, email, accountId } = subject;
    await putSubject(shop, { externalId });
    const addressCode = await vetoCode(servers, email);
    await shop.ask(END_TRUST, { externalId, reason });
    await deleteSubject(shop, externalId);
    const deletionCode = await vetoCode(servers, email);
    for (const code of [addressCode, deletionCode]) {
      expect(await vetoByMail(servers, email, code)).toMatchObject({ __typename: 'ChangeVetoed' });
    }
    await holdIsOver(servers, accountId);
    await bringDueIntoForce(servers);
    expect(await personOf(subject)).toMatchObject({ email, pendingEmail: null, twoStepEnabled: true });
  });

  test('put somebody without a second step in the place of one who had it', async () => {
    const subject = await subjectOf(servers, shop);
    await deleteSubject(shop, subject.externalId);
    const input = { externalId: subject.externalId, email: someAddress() };
    expect((await shop.error(PUT_SUBJECT, { input })).extensions.code).toBe('FORBIDDEN');
    await holdIsOver(servers, subject.accountId);
    await bringDueIntoForce(servers);
    expect(await personOf(subject)).toBeNull();
    expect((await shop.error(PUT_SUBJECT, { input })).extensions.code).toBe('FORBIDDEN');
  });

  test('reach anybody of another client', async () => {
    const other = await Backend.add(servers);
    const { externalId, accountId, phone } = await subjectOf(servers, other);
    const { id: sessionId } = await servers.database.row<{ id: string }>(
      'select id from session where account_id = $1',
      [accountId],
    );
    for (const [document, variables] of [
      [DELETE_SUBJECT, { externalId }],
      [END_TRUST, { externalId, reason: 'CLOSED' }],
      [END_SESSION, { sessionId }],
    ] as const) {
      expect((await shop.error(document, variables)).extensions.code).toBe('NOT_FOUND');
    }
    // The same id of its own is another person.
    expect((await putSubject(shop, { externalId })).accountId).not.toBe(accountId);
    expect(await phone.ask(HELD_CHANGES)).toMatchObject({ id: accountId, heldChanges: [] });
  });

  test('do anything once its client has ended, and what it has asked for can still be stopped', async () => {
    const stolen = await Backend.add(servers);
    const subject = await subjectOf(servers, stolen);
    await deleteSubject(stolen, subject.externalId);
    const code = await vetoCode(servers, subject.email);
    await withDatabase(servers.database.url, (db) => db.transaction((tx) => endKeys(tx, stolen.name, 'ALL')));
    for (const [document, variables] of [
      [PERSON, { externalId: subject.externalId }],
      [DELETE_SUBJECT, { externalId: subject.externalId }],
      [PUT_SUBJECT, { input: { externalId: subject.externalId, email: someAddress() } }],
    ] as const) {
      const { errors } = await stolen.graphql(document, variables);
      expect(errors.map(({ extensions }) => extensions.code)).toEqual(['UNAUTHENTICATED']);
    }
    expect(await vetoByMail(servers, subject.email, code)).toMatchObject({ __typename: 'ChangeVetoed' });
  });
});

describe('a stolen key can, until it is ended,', () => {
  test('sign people out and take their devices away, which opens nothing', async () => {
    const subject = await subjectOf(servers, shop);
    const { devices } = (await personOf(subject)) as { devices: { id: string }[] };
    const [device] = devices;
    expect(await shop.ask(TAKE_DEVICE, { deviceId: device?.id })).toEqual({ sessionsEnded: 1 });
    expect(await subject.phone.viewer()).toBeNull();
    await servers.mailbox.next(subject.email, ({ subject: line }) => line === 'A device was removed from your account');
  });

  test('move or delete at once who has no second step: there is none to protect', async () => {
    const subject = await subjectOf(servers, shop, { hasTwoStep: false });
    const email = someAddress();
    expect(await putSubject(shop, { externalId: subject.externalId, email })).toMatchObject({ email });
    expect(await deleteSubject(shop, subject.externalId)).toMatchObject({ waitsUntil: null });
  });
});
