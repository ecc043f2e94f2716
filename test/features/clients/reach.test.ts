import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Scope, scopes } from '../../../src/api/caller.js';
import { signingKeys } from '../../support/access-tokens.js';
import { Backend, sessionOf } from '../../support/backend.js';
import { CHECK, END_SESSION, END_TRUST, PERSON, TAKE_DEVICE } from '../../support/backend-operations.js';
import { REDEEM_RETURN, returnCode } from '../../support/hand-overs.js';
import type { Handset } from '../../support/handset.js';
import { CREATE_ACCESS_TOKEN } from '../../support/operations.js';
import { Servers } from '../../support/servers.js';
import { DELETE_SUBJECT, putSubject } from '../../support/subjects.js';

// Whose people a client sees and ends: each field, for each client and each kind of account.

let servers: Servers;
/** Two clients, each with and without the accounts that people opened themselves. */
const clients: Record<string, Backend> = {};
beforeAll(async () => {
  servers = await Servers.start({ env: { SIGNING_KEYS: signingKeys, RETURN_ORIGINS: 'https://shop.example' } });
  for (const name of ['one', 'two']) {
    clients[name] = await Backend.add(servers, { audiences: [name] });
    const withOwn = `${name} with own accounts`;
    clients[withOwn] = await Backend.add(servers, { ownAccounts: true, audiences: [withOwn] });
  }
});
afterAll(() => servers[Symbol.asyncDispose]());

function clientNamed(name: string): Backend {
  const client = clients[name];
  if (!client) throw new Error(`there is no client ${name}`);
  return client;
}

const STATE = 'of one browser';

interface Target {
  readonly phone: Handset;
  readonly externalId: string;
  readonly sessionId: string;
  readonly deviceId: string;
  readonly accountId: string;
  /** With which they were led back to a product. */
  readonly code: string;
}

/** Somebody whose account is held by that client; null: opened by themselves. */
async function target(holder: string | null): Promise<Target> {
  const phone = await servers.signedUp();
  const externalId = holder === null ? randomUUID() : await clientNamed(holder).holds(servers, phone);
  const { id: sessionId, accountId, deviceId } = await sessionOf(servers, phone);
  const code = await returnCode(phone, 'https://shop.example', STATE);
  return { phone, externalId, sessionId, deviceId, accountId, code };
}

/** Every way to name somebody, with the scope that it takes; what destroys comes last. */
const fields: readonly {
  readonly name: string;
  readonly scope: Scope;
  readonly document: string;
  readonly variables: (of: Target) => Record<string, unknown>;
  /** What is answered for somebody else's people; null: null. */
  readonly refusal: string | null;
  /** The member of its union that stands for that instead. */
  readonly member?: string;
  /** Names subjects alone. */
  readonly bySubject?: true;
}[] = [
  {
    name: 'session by token',
    scope: 'check',
    document: CHECK,
    variables: ({ phone }) => ({ token: phone.sessionToken }),
    refusal: null,
  },
  {
    name: 'session by token, with an address',
    scope: 'check',
    document: CHECK,
    variables: ({ phone }) => ({ token: phone.sessionToken, usedFrom: '198.51.100.1' }),
    refusal: null,
  },
  {
    name: 'session by id',
    scope: 'check',
    document: CHECK,
    variables: ({ sessionId }) => ({ id: sessionId }),
    refusal: null,
  },
  {
    name: 'redeemReturn',
    scope: 'check',
    document: REDEEM_RETURN,
    variables: ({ code }) => ({ code, state: STATE }),
    refusal: null,
    member: 'ReturnVoid',
  },
  {
    name: 'person by account',
    scope: 'people',
    document: PERSON,
    variables: ({ accountId }) => ({ accountId }),
    refusal: null,
  },
  {
    name: 'person by external id',
    scope: 'people',
    document: PERSON,
    variables: ({ externalId }) => ({ externalId }),
    refusal: null,
    bySubject: true,
  },
  {
    name: 'endSession',
    scope: 'people',
    document: END_SESSION,
    variables: ({ sessionId }) => ({ sessionId }),
    refusal: 'NOT_FOUND',
  },
  {
    name: 'removeDevice',
    scope: 'people',
    document: TAKE_DEVICE,
    variables: ({ deviceId }) => ({ deviceId }),
    refusal: 'NOT_FOUND',
  },
  {
    name: 'endTrust by account',
    scope: 'people',
    document: END_TRUST,
    variables: ({ accountId }) => ({ accountId, reason: 'CLOSED' }),
    refusal: 'NOT_FOUND',
  },
  {
    name: 'endTrust by external id',
    scope: 'people',
    document: END_TRUST,
    variables: ({ externalId }) => ({ externalId, reason: 'SUSPECTED_THEFT' }),
    refusal: 'NOT_FOUND',
    bySubject: true,
  },
  {
    name: 'deleteSubject',
    scope: 'people',
    document: DELETE_SUBJECT,
    variables: ({ externalId }) => ({ externalId }),
    refusal: 'NOT_FOUND',
    bySubject: true,
  },
];

/** All that a stranger's request could change of an account. */
const stateOf = ({ accountId }: Target) =>
  servers.database.query(
    `select (select count(*)::int from hand_over h where h.session_id = s.id and h.used_at is not null) as used, a.epoch, a.mail_held_until, s.ended_at, s.last_used_at, d.removed_at, d.trusted_at, d.last_ip_address
     from account a join session s on s.account_id = a.id join device d on d.id = s.device_id where a.id = $1`,
    [accountId],
  );

describe.each(['one', 'one with own accounts', 'two', 'two with own accounts'])('client %s', (asking) => {
  test.each(['one', 'one with own accounts', 'two', 'two with own accounts', null])(
    'of the people that %s holds',
    async (holder) => {
      const somebody = await target(holder);
      const client = clientNamed(asking);
      const isIts = holder === asking || (holder === null && asking.endsWith('with own accounts'));
      // What its owner does below notes no other use then.
      await somebody.phone.viewer();
      const before = await stateOf(somebody);
      await introspects(client, somebody, isIts);
      for (const { name, document, variables, refusal, member, bySubject } of fields) {
        const { data, errors } = await client.graphql<{ result: unknown }>(document, variables(somebody));
        const told = { name, errors: errors.map(({ extensions }) => extensions.code), result: data?.result ?? null };
        if (isIts && !(bySubject && holder === null)) {
          expect(told).toEqual({ name, errors: [], result: expect.any(Object) });
          if (member) expect(told.result).not.toMatchObject({ __typename: member });
        } else if (member) {
          expect(told).toEqual({ name, errors: [], result: { __typename: member, message: expect.any(String) } });
        } else {
          expect(told).toEqual({ name, errors: refusal === null ? [] : [refusal], result: null });
        }
      }
      if (!isIts) expect(await stateOf(somebody)).toEqual(before);
    },
  );
});

/** Introspection tells of the same people, and knows access tokens for its own audiences alone. */
async function introspects(client: Backend, { phone, sessionId }: Target, isIts: boolean): Promise<void> {
  const told = isIts
    ? expect.objectContaining({ active: true, sid: sessionId, client_id: client.id })
    : { active: false };
  for (const used of ['', '198.51.100.1']) {
    expect((await client.introspect({ token: phone.sessionToken ?? '', used_from: used })).body).toEqual(told);
  }
  for (const [audience, { id }] of Object.entries(clients)) {
    const { errors, data } = await phone.graphql<{ result: { token: string } }>(CREATE_ACCESS_TOKEN, { audience });
    if (id === client.id) expect({ audience, isMade: data?.result !== undefined }).toEqual({ audience, isMade: isIts });
    if (data) {
      const { token } = data.result;
      expect((await client.introspect({ token })).body).toEqual(id === client.id ? told : { active: false });
      const seen = await client.ask<{ id: string } | null>(CHECK, { token });
      expect(seen?.id ?? null).toBe(id === client.id ? sessionId : null);
    } else {
      expect(errors.map(({ extensions }) => extensions.code)).toEqual(['NOT_FOUND']);
    }
  }
}

test('whom a client puts is its own, whatever others call theirs, and nobody whom it sees besides', async () => {
  const [one, two] = [clientNamed('one with own accounts'), clientNamed('two with own accounts')];
  const owner = await servers.signedUp();
  const externalId = randomUUID();
  const mine = await putSubject(one, { externalId, email: owner.owner.email });
  const theirs = await putSubject(two, { externalId, email: owner.owner.email });
  const { accountId } = await sessionOf(servers, owner);
  expect(new Set([mine.accountId, theirs.accountId, accountId]).size).toBe(3);
  expect(await one.ask(PERSON, { accountId: theirs.accountId })).toBeNull();
  expect(await one.ask(PERSON, { accountId })).toMatchObject({ externalId: null });
});

test('one external id is two people, for two clients', async () => {
  const [one, two] = [clientNamed('one'), clientNamed('two')];
  const [first, second] = [await servers.signedUp(), await servers.signedUp()];
  const externalId = `user:${randomUUID()}`;
  await one.holds(servers, first, externalId);
  await two.holds(servers, second, externalId);
  expect(await one.ask(PERSON, { externalId })).toMatchObject({ email: first.owner.email, externalId });
  expect(await two.ask(PERSON, { externalId })).toMatchObject({ email: second.owner.email, externalId });
  expect(await one.ask(CHECK, { token: first.sessionToken })).toMatchObject({ externalId });
  expect(await one.ask(PERSON, { externalId: externalId.toUpperCase() })).toBeNull();
});

describe('a scope', () => {
  test.each(scopes)("opens what it names: a client with '%s' alone", async (scope) => {
    const client = await Backend.add(servers, { scopes: [scope], ownAccounts: true });
    const without = await Backend.add(servers, {
      scopes: scopes.filter((other) => other !== scope),
      ownAccounts: true,
    });
    const introspected = async (backend: Backend) => (await backend.introspect({ token: 'nonsense' })).status;
    expect([await introspected(client), await introspected(without)]).toEqual(
      scope === 'check' ? [200, 403] : [403, 200],
    );
    for (const field of fields) {
      const somebody = await target(null);
      const codeOf = async (backend: Backend) =>
        (await backend.graphql(field.document, field.variables(somebody))).errors[0]?.extensions.code;
      const [mine, theirs] = [await codeOf(client), await codeOf(without)];
      expect({ field: field.name, isForbidden: mine === 'FORBIDDEN' }).toEqual({
        field: field.name,
        isForbidden: field.scope !== scope,
      });
      expect({ field: field.name, isForbidden: theirs === 'FORBIDDEN' }).toEqual({
        field: field.name,
        isForbidden: field.scope === scope,
      });
    }
  });
});

describe('both or none of two ids is refused', () => {
  test.each([
    [PERSON, {}],
    [PERSON, { accountId: randomUUID(), externalId: 'x' }],
    [END_TRUST, { reason: 'CLOSED' }],
    [END_TRUST, { reason: 'CLOSED', accountId: randomUUID(), externalId: 'x' }],
  ])('%s %j', async (document, variables) => {
    expect((await clientNamed('one').error(document, variables)).extensions.code).toBe('BAD_USER_INPUT');
  });
});

describe('what cannot be an id is nobody', () => {
  test.each(['nonsense', '', 'a'.repeat(5000), 'ümlaut', "' or true --"])('%j', async (id) => {
    const one = clientNamed('one with own accounts');
    expect(await one.ask(PERSON, { accountId: id })).toBeNull();
    expect(await one.ask(PERSON, { externalId: id })).toBeNull();
    for (const [document, variables] of [
      [END_SESSION, { sessionId: id }],
      [TAKE_DEVICE, { deviceId: id }],
      [END_TRUST, { accountId: id, reason: 'CLOSED' }],
      [END_TRUST, { externalId: id, reason: 'CLOSED' }],
    ] as const) {
      expect((await one.error(document, variables)).extensions.code).toBe('NOT_FOUND');
    }
  });

  test('a NUL is no text to PostgreSQL', async () => {
    expect(await clientNamed('one').ask(PERSON, { externalId: 'a\u0000b' })).toBeNull();
  });
});
