import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Backend, sessionOf } from '../../support/backend.js';
import { END_SESSION } from '../../support/backend-operations.js';
import { type HandedOver, RETURN, RETURN_ADDRESS, redeemReturn, returnCode } from '../../support/hand-overs.js';
import type { Handset } from '../../support/handset.js';
import { changePassword, letIn, member, removeDevice, resetByMail } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';

// From the pages back to the product, which learns by a code whose session it is.

const BACK = 'https://shop.example/signed-in';
const STATE = 'of this browser alone';

let servers: Servers;
let shop: Backend;
beforeAll(async () => {
  servers = await Servers.start({ env: { RETURN_ORIGINS: 'https://shop.example, myapp://home, https://own.example' } });
  shop = await Backend.add(servers, { ownAccounts: true });
});
afterAll(() => servers[Symbol.asyncDispose]());

const goBack = (handset: Handset, returnTo = BACK, state = STATE) =>
  handset.ask<HandedOver>(RETURN, { returnTo, state });
const typeOf = async (code: string, state = STATE, backend = shop) =>
  (await redeemReturn(backend, code, state)).__typename;

describe('somebody who is signed in', () => {
  test('is led back with a code and the state, and the backend learns whose session it is, once', async () => {
    const phone = await servers.trusted();
    const { url, expiresAt, expiresInSeconds } = await goBack(phone);
    const { origin, pathname, searchParams } = new URL(url);
    expect([origin, pathname, [...searchParams.keys()]]).toEqual([
      'https://shop.example',
      '/signed-in',
      ['code', 'state'],
    ]);
    expect(searchParams.get('state')).toBe(STATE);
    const code = searchParams.get('code') ?? '';
    expect(code).toMatch(/^ret_[\w-]{43}$/);
    expect(expiresInSeconds).toBe(servers.config().limits.RECEIPT_SECONDS);
    expect(Date.parse(expiresAt)).toBeGreaterThan(0);
    const { id, accountId, deviceId } = await sessionOf(servers, phone);
    expect(await redeemReturn(shop, code, STATE)).toEqual({
      ...{ __typename: 'LiveSession', id, accountId, deviceId, externalId: null, email: phone.owner.email },
      ...{ deviceName: 'Phone', isTrusted: true, reason: 'VERIFIED_CHALLENGE', lastUsedAt: expect.any(String) },
      mayBeKept: servers.config().limits.CHECK_KEEP_SECONDS,
    });
    expect(await redeemReturn(shop, code, STATE)).toEqual({ __typename: 'ReturnVoid', message: expect.any(String) });
  });

  test.each([
    ['https://shop.example', `https://shop.example/?code=CODE&state=STATE`],
    ['https://shop.example/?', `https://shop.example/?code=CODE&state=STATE`],
    [
      'https://shop.example/?a=%20b+c&a=%C3%A4#there',
      `https://shop.example/?a=%20b+c&a=%C3%A4&code=CODE&state=STATE#there`,
    ],
    ['HTTPS://SHOP.example:443/x', `https://shop.example/x?code=CODE&state=STATE`],
    ['myapp://home/back?x=1', `myapp://home/back?x=1&code=CODE&state=STATE`],
  ])('finds %s as it was, and nothing besides at its end', async (returnTo, expected) => {
    const { url } = await goBack(await servers.signedUp(), returnTo, 'a&b=c#d/é?'.replace('é', '+'));
    expect(url.replace(/ret_[\w-]{43}/, 'CODE').replace('a%26b%3Dc%23d%2F%2B%3F', 'STATE')).toBe(expected);
  });

  test.each([
    'https://evil.example/',
    '//evil.example',
    'https:evil.example',
    'https://shop.example@evil.example',
    'https://user@shop.example',
    'https://shop.example.evil.example',
    'https://shop.example.',
    'http://shop.example',
    '\\\\shop.example',
    'https://shop.example\t/',
    'javascript://home/%0aalert(1)',
    'data:text/html,x',
    'blob:https://shop.example/x',
    'myapp://Home',
    'null',
    '',
    // The product would find two of them.
    'https://shop.example/?code=ret_of-an-attacker',
    'https://shop.example/?a=b&st%61te=x',
  ])('is led nowhere by %j, and no code is made', async (returnTo) => {
    const phone = await servers.signedUp();
    const error = await phone.client.error(RETURN, { returnTo, state: STATE }, { token: phone.sessionToken });
    expect(error.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'returnTo' });
    expect(await phone.ask(RETURN_ADDRESS, { returnTo })).toBeNull();
    const { id } = await sessionOf(servers, phone);
    expect(await servers.database.count('hand_over', 'session_id = $1', [id])).toBe(0);
  });

  test.each(['', 'a'.repeat(513), 'ü', 'a\nb', '\u0000', '\ud800'])(
    'is not led back with the state %j',
    async (state) => {
      const phone = await servers.signedUp();
      const error = await phone.client.error(RETURN, { returnTo: BACK, state }, { token: phone.sessionToken });
      expect(error.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'state' });
      expect(await typeOf(await returnCode(phone, BACK, 'a'.repeat(512)), state)).toBe('ReturnVoid');
    },
  );

  test('has the last five codes, however many are asked for', async () => {
    const phone = await servers.signedUp();
    const codes: string[] = [];
    for (let nth = 0; nth < 7; nth += 1) codes.push(await returnCode(phone, BACK, STATE));
    const types = [];
    for (const code of codes) types.push(await typeOf(code));
    expect(types).toEqual(['ReturnVoid', 'ReturnVoid', ...Array(5).fill('LiveSession')]);
  });
});

test('nobody who is not signed in is led back, nor told what is not on the list', async () => {
  const client = servers.client();
  expect((await client.error(RETURN, { returnTo: BACK, state: STATE })).extensions.code).toBe('UNAUTHENTICATED');
  expect((await client.error(RETURN, { returnTo: 'x', state: STATE })).extensions.code).toBe('UNAUTHENTICATED');
  expect(await client.data(RETURN_ADDRESS, { returnTo: BACK })).toEqual({ result: BACK });
});

describe('a code is good for nothing', () => {
  test('under another state, without which it stays good', async () => {
    const code = await returnCode(await servers.signedUp(), BACK, STATE);
    for (const state of ['', 'another', `${STATE} `, STATE.toUpperCase()])
      expect(await typeOf(code, state)).toBe('ReturnVoid');
    expect(await typeOf(code)).toBe('LiveSession');
  });

  test('after RECEIPT_SECONDS, and until then it is', async () => {
    const phone = await servers.signedUp();
    const { id } = await sessionOf(servers, phone);
    const { RECEIPT_SECONDS } = servers.config().limits;
    const [first, second] = [await returnCode(phone, BACK, STATE), await returnCode(phone, BACK, STATE)];
    await servers.database.age('hand_over', `${RECEIPT_SECONDS - 5} seconds`, 'session_id = $1', [id]);
    expect(await typeOf(first)).toBe('LiveSession');
    await servers.database.age('hand_over', '5 seconds', 'session_id = $1', [id]);
    expect(await typeOf(second)).toBe('ReturnVoid');
  });

  test('to a client that does not see the account, and stays good for one that does', async () => {
    const phone = await servers.signedUp();
    const code = await returnCode(phone, BACK, STATE);
    const others = [await Backend.add(servers), await Backend.add(servers, { ownAccounts: false, scopes: ['check'] })];
    for (const other of others) expect(await typeOf(code, STATE, other)).toBe('ReturnVoid');
    const holder = await Backend.add(servers);
    await holder.holds(servers, phone);
    expect(await typeOf(code)).toBe('ReturnVoid');
    expect(await typeOf(code, STATE, holder)).toBe('LiveSession');
  });

  test.each<[string, (phone: Handset, laptop: Handset) => Promise<unknown>]>([
    ['signed out', (phone) => phone.signOut()],
    ['ended by a backend', async (phone) => shop.ask(END_SESSION, { sessionId: (await sessionOf(servers, phone)).id })],
    [
      'on a device that was removed',
      async (phone, laptop) => removeDevice(laptop, (await sessionOf(servers, phone)).deviceId),
    ],
    [
      'ended by a change of password',
      async (_phone, laptop) => member('PasswordChanged', await changePassword(laptop, 'velvet-harbour-57-kettle')),
    ],
    [
      'under a new token, after a change of password',
      async (phone) =>
        member(
          'PasswordChanged',
          await changePassword(phone, 'velvet-harbour-57-kettle', { signOutOtherDevices: false }),
        ),
    ],
    ['ended by a reset', (phone) => resetByMail(phone, 'velvet-harbour-57-kettle')],
    [
      'over by itself',
      async (phone) => servers.database.age('session', '400 days', 'id = $1', [(await sessionOf(servers, phone)).id]),
    ],
  ])('once its session is %s', async (_how, end) => {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    await letIn(phone, laptop);
    const code = await returnCode(phone, BACK, STATE);
    await end(phone, laptop);
    expect(await typeOf(code)).toBe('ReturnVoid');
  });

  test.each(['', 'nonsense', `ret_${'a'.repeat(43)}`, 'a'.repeat(50_000), 'ret_\u0000'])(
    'where it is %j',
    async (code) => {
      expect(await typeOf(code)).toBe('ReturnVoid');
    },
  );

  test('to any client but the one whose own the origin is', async () => {
    const owner = await Backend.add(servers, { ownAccounts: true, returnOrigins: ['https://own.example'] });
    const phone = await servers.signedUp();
    const code = await returnCode(phone, 'https://own.example/back', STATE);
    expect(await typeOf(code)).toBe('ReturnVoid');
    expect(await typeOf(code, STATE, owner)).toBe('LiveSession');
  });

  test('where it is another secret of the same person', async () => {
    const phone = await servers.trusted();
    for (const code of [phone.sessionToken, phone.deviceToken]) expect(await typeOf(code ?? '')).toBe('ReturnVoid');
    const code = await returnCode(phone, BACK, STATE);
    expect(
      (await phone.client.data<{ result: unknown }>('{ result: viewer { id } }', {}, { token: code })).result,
    ).toBeNull();
  });
});

test('the database has the hash of a code, and of its state, and neither of them', async () => {
  const phone = await servers.signedUp();
  const code = await returnCode(phone, BACK, 'a-state-that-is-nowhere');
  const { id } = await sessionOf(servers, phone);
  const [row] = await servers.database.query(
    'select hand_over::text as text, kind from hand_over where session_id = $1',
    [id],
  );
  expect(row).toMatchObject({ kind: 'RETURN' });
  expect(String(row?.text)).not.toContain(code.slice(4));
  expect(String(row?.text)).not.toContain('a-state-that-is-nowhere');
});
