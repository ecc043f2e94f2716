import { returnState, sameState, signInAddress } from '@doorstep/server';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Backend, sessionOf } from '../../support/backend.js';
import { Door } from '../../support/doors.js';
import type { Handset } from '../../support/handset.js';
import { Servers } from '../../support/servers.js';

// @doorstep/server: the way back from the sign-in page.

const SHOP = 'https://shop.example';

let servers: Servers;
let shop: Backend;
beforeAll(async () => {
  servers = await Servers.start({ env: { RETURN_ORIGINS: SHOP } });
  shop = await Backend.add(servers, { ownAccounts: true });
});
afterAll(() => servers[Symbol.asyncDispose]());

/** The code with which the pages send somebody back. */
async function codeFor(phone: Handset, state: string): Promise<string> {
  const { url } = await phone.ask<{ url: string }>(
    `mutation ($returnTo: String!, $state: String!) {
      result: returnToProduct(returnTo: $returnTo, state: $state) { url } }`,
    { returnTo: `${SHOP}/returned`, state },
  );
  return new URL(url).searchParams.get('code') ?? '';
}

describe('a code', () => {
  test('is exchanged for the session behind it, once, under the state that it was made for', async () => {
    await using door = Door.of(shop);
    const phone = await servers.signedUp();
    const state = returnState();
    const code = await codeFor(phone, state);
    expect(await door.its.redeemReturn(code, returnState())).toBeNull();
    const { id, accountId } = await sessionOf(servers, phone);
    const session = await door.its.redeemReturn(code, state);
    expect(session).toMatchObject({ id, accountId, email: phone.owner.email, deviceName: 'Phone' });
    expect(session).not.toHaveProperty('__typename');
    expect(await door.its.redeemReturn(code, state)).toBeNull();
    expect(await door.its.checkId(session?.id)).toMatchObject({ id });
  });

  test.each([undefined, null, '', 'nonsense', ['ret_'], { $ne: '' }, `ses_${'A'.repeat(43)}`])(
    'that cannot be one is not asked about: %j',
    async (code) => {
      await using door = Door.of(shop);
      const redeem = async () => expect(await door.its.redeemReturn(code, returnState())).toBeNull();
      expect(await door.questionsDuring(redeem)).toBe(0);
    },
  );

  test.each([undefined, null, ''])('without a state is not asked about: %j', async (state) => {
    await using door = Door.of(shop);
    const redeem = async () => expect(await door.its.redeemReturn(`ret_${'A'.repeat(43)}`, state)).toBeNull();
    expect(await door.questionsDuring(redeem)).toBe(0);
  });
});

test('a state is the same as itself alone', () => {
  const [state, other] = [returnState(), returnState()];
  expect(state).toMatch(/^[\w-]{43}$/);
  expect(sameState(state, state)).toBe(true);
  const others = [other, '', undefined, null, [state], { toString: () => state }, `${state}A`];
  expect(others.filter((returned) => sameState(state, returned))).toEqual([]);
  expect([undefined, null, ''].filter((kept) => sameState(kept, kept ?? ''))).toEqual([]);
});

test.each([
  ['https://login.example', 'https://login.example/'],
  ['https://shop.example/door', 'https://shop.example/door/'],
  ['https://shop.example/door/', 'https://shop.example/door/'],
])('the sign-in page of %s is told where to lead back to', (publicUrl, page) => {
  const returnTo = `${SHOP}/returned?from=/a b&c=1#d`;
  const address = new URL(signInAddress(publicUrl, { returnTo, state: 'a+b/c=' }));
  expect(address.href.startsWith(`${page}?`)).toBe(true);
  expect(Object.fromEntries(address.searchParams)).toEqual({ return_to: returnTo, state: 'a+b/c=' });
});
