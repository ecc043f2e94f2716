import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Backend, sessionOf } from '../support/backend.js';
import { END_SESSION } from '../support/backend-operations.js';
import { OPEN_PAGES, pagesCode, pagesOf, REDEEM_HAND_OVER, redeemReturn, returnCode } from '../support/hand-overs.js';
import type { Handset } from '../support/handset.js';
import type { Outcome } from '../support/outcomes.js';
import { Servers } from '../support/servers.js';

const REQUESTS = 16;
const [BACK, STATE] = ['https://shop.example/', 'of one browser'];

let servers: Servers;
let shop: Backend;
beforeAll(async () => {
  servers = await Servers.start({ count: 2, env: { RETURN_ORIGINS: 'https://shop.example' } });
  shop = await Backend.add(servers, { ownAccounts: true });
});
afterAll(() => servers[Symbol.asyncDispose]());

/** So many times at once, by turns over both servers. */
const atOnce = <T>(work: (url: string, nth: number) => Promise<T>) =>
  Promise.all(Array.from({ length: REQUESTS }, (_, nth) => work(servers.client(nth % 2).url, nth)));
const counted = (outcomes: readonly { readonly __typename: string }[], name: string) =>
  outcomes.filter(({ __typename }) => __typename === name).length;
const redeem = (phone: Handset, nth: number, code: string) =>
  pagesOf(phone.twin(servers.client(nth % 2))).ask<Outcome>(REDEEM_HAND_OVER, { code });
const liveSessions = (accountId: string) =>
  servers.database.count('session', 'account_id = $1 and ended_at is null', [accountId]);

test('a code back to a product is redeemed once, however many redeem it, on two servers', async () => {
  const code = await returnCode(await servers.signedUp(), BACK, STATE);
  const outcomes = await atOnce((url) => redeemReturn(shop.at(url), code, STATE));
  expect([counted(outcomes, 'LiveSession'), counted(outcomes, 'ReturnVoid')]).toEqual([1, REQUESTS - 1]);
});

test('a code into the pages opens one session, however many exchange it, on two servers', async () => {
  const phone = await servers.signedUp();
  const code = await pagesCode(phone);
  const outcomes = await atOnce((_url, nth) => redeem(phone, nth, code));
  expect([counted(outcomes, 'SignedIn'), counted(outcomes, 'HandOverVoid')]).toEqual([1, REQUESTS - 1]);
  expect(await liveSessions((await sessionOf(servers, phone)).accountId)).toBe(2);
});

test('the end of a session leaves none behind that was being handed over from it', async () => {
  for (let round = 0; round < 5; round += 1) {
    const phone = await servers.signedUp();
    const { id, accountId } = await sessionOf(servers, phone);
    const codes = [];
    for (let nth = 0; nth < 5; nth += 1) codes.push(await pagesCode(phone));
    await Promise.all([
      ...codes.map((code, nth) => redeem(phone, nth, code)),
      shop.ask(END_SESSION, { sessionId: id }),
    ]);
    expect(await liveSessions(accountId)).toBe(0);
  }
});

test('a session has five codes, however many are asked for at once', async () => {
  const phone = await servers.signedUp();
  await atOnce((_url, nth) => phone.twin(servers.client(nth % 2)).ask(OPEN_PAGES));
  const { id } = await sessionOf(servers, phone);
  expect(await servers.database.count('hand_over', 'session_id = $1', [id])).toBe(5);
});
