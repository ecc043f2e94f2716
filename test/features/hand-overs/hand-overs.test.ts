import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Backend, sessionOf } from '../../support/backend.js';
import { CHECK, type CheckedSession, END_SESSION as END, END_TRUST } from '../../support/backend-operations.js';
import {
  HAND_OVER,
  type HandedOver,
  OPEN_PAGES,
  openedPages,
  pagesCode,
  pagesOf,
  REDEEM_HAND_OVER,
} from '../../support/hand-overs.js';
import type { Handset } from '../../support/handset.js';
import { asA, type SignedIn } from '../../support/outcomes.js';
import {
  changePassword,
  deviceOf,
  endSession,
  letIn,
  member,
  removeDevice,
  resetByMail,
  SIGN_OUT_OTHERS,
} from '../../support/owner.js';
import { cleanUp } from '../../support/retention.js';
import { Servers } from '../../support/servers.js';

// From an app into the pages: a session of its own on the same device, which ends with the one that it came from.

const NEW_PASSWORD = 'velvet-harbour-57-kettle';

let servers: Servers;
let shop: Backend;
beforeAll(async () => {
  servers = await Servers.start();
  shop = await Backend.add(servers, { ownAccounts: true });
});
afterAll(() => servers[Symbol.asyncDispose]());

const isLive = async (handset: Handset) => (await handset.viewer()) !== null;
const redeem = (pages: Handset, code: string) => pages.ask<SignedIn>(REDEEM_HAND_OVER, { code });
const typeOf = async (pages: Handset, code: string): Promise<string> => (await redeem(pages, code)).__typename;
const checked = async (handset: Handset) => shop.ask<CheckedSession | null>(CHECK, { token: handset.sessionToken });

describe('an app', () => {
  test('opens the pages by an address with a code in its fragment, which says whose it is and is exchanged once', async () => {
    const phone = await servers.trusted();
    const { url, expiresInSeconds } = await phone.ask<HandedOver>(OPEN_PAGES);
    const { pathname, search, hash } = new URL(url);
    expect([pathname, search]).toEqual(['/hand-over', '']);
    expect(hash).toMatch(/^#hof_[\w-]{43}$/);
    expect(expiresInSeconds).toBe(servers.config().limits.HANDOVER_SECONDS);
    const code = hash.slice(1);
    const pages = pagesOf(phone);
    for (let nth = 0; nth < 3; nth += 1) {
      expect(await pages.ask(HAND_OVER, { code })).toEqual({ email: phone.owner.email, deviceName: 'Phone' });
    }
    const { id, deviceId } = await sessionOf(servers, phone);
    const outcome = await redeem(pages, code);
    expect(outcome).toMatchObject({
      __typename: 'SignedIn',
      account: { email: phone.owner.email },
      device: { id: deviceId, isTrusted: true, isCurrent: true },
      deviceToken: null,
    });
    pages.sessionToken = outcome.sessionToken;
    expect(await isLive(pages)).toBe(true);
    expect(await checked(pages)).toMatchObject({ reason: 'HAND_OVER', deviceId, isTrusted: true, provenAt: null });
    expect((await checked(pages))?.id).not.toBe(id);
    expect(await typeOf(pagesOf(phone), code)).toBe('HandOverVoid');
    expect(await pagesOf(phone).ask(HAND_OVER, { code })).toBeNull();
  });

  test('keeps the token of its device, which is the same one', async () => {
    const phone = await servers.trusted();
    await openedPages(phone);
    await servers.database.query("update device_token set retired_at = retired_at - interval '5 minutes'");
    asA('SignedIn', await phone.signIn());
    expect((await deviceOf(phone)).isTrusted).toBe(true);
  });

  test('on a device that is not trusted opens pages that are not either', async () => {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    await letIn(phone, laptop, false);
    const pages = await openedPages(laptop);
    expect(await checked(pages)).toMatchObject({ isTrusted: false });
    expect(
      (
        await pages.client.error(
          'mutation { acknowledgeLoginRequest(id: "x") { id } }',
          {},
          { token: pages.sessionToken },
        )
      ).extensions.code,
    ).toBe('FORBIDDEN');
  });

  test('that is signed out opens nothing', async () => {
    const phone = await servers.signedUp();
    await phone.signOut();
    expect((await phone.client.error(OPEN_PAGES, {}, { token: phone.sessionToken })).extensions.code).toBe(
      'UNAUTHENTICATED',
    );
    expect((await phone.client.error(OPEN_PAGES)).extensions.code).toBe('UNAUTHENTICATED');
  });

  test('has the last five codes, however many are asked for', async () => {
    const phone = await servers.signedUp();
    const codes: string[] = [];
    for (let nth = 0; nth < 7; nth += 1) codes.push(await pagesCode(phone));
    const isGood = [];
    for (const code of codes) isGood.push((await phone.ask(HAND_OVER, { code })) !== null);
    expect(isGood).toEqual([false, false, true, true, true, true, true]);
  });
});

describe('a code', () => {
  test('is good for HANDOVER_SECONDS, and no longer', async () => {
    const phone = await servers.signedUp();
    const { id } = await sessionOf(servers, phone);
    const [first, second] = [await pagesCode(phone), await pagesCode(phone)];
    const { HANDOVER_SECONDS } = servers.config().limits;
    await servers.database.age('hand_over', `${HANDOVER_SECONDS - 5} seconds`, 'session_id = $1', [id]);
    expect(await typeOf(pagesOf(phone), first)).toBe('SignedIn');
    await servers.database.age('hand_over', '5 seconds', 'session_id = $1', [id]);
    expect(await pagesOf(phone).ask(HAND_OVER, { code: second })).toBeNull();
    expect(await typeOf(pagesOf(phone), second)).toBe('HandOverVoid');
  });

  test('opens nothing over a live session, of whomever, and stays good for a browser without one', async () => {
    const [phone, victim] = [await servers.signedUp(), await servers.signedUp()];
    const code = await pagesCode(phone);
    expect(await typeOf(victim, code)).toBe('HandOverVoid');
    expect(await typeOf(phone, code)).toBe('HandOverVoid');
    expect(await isLive(victim)).toBe(true);
    expect(await typeOf(pagesOf(phone), code)).toBe('SignedIn');
  });

  test('goes over a session that has ended, whose cookie a browser still has', async () => {
    const [phone, former] = [await servers.signedUp(), await servers.signedUp()];
    const cookie = `doorstep-session=${former.sessionToken}`;
    const sent = async (code: string) => {
      const { data, headers } = await phone.client.graphql<{ result: SignedIn }>(
        REDEEM_HAND_OVER,
        { code },
        { headers: { cookie, 'session-transport': 'cookie' } },
      );
      return { outcome: data?.result, cookies: headers.getSetCookie() };
    };
    const code = await pagesCode(phone);
    expect(await sent(code)).toMatchObject({ outcome: { __typename: 'HandOverVoid' }, cookies: [] });
    await former.signOut();
    const { outcome, cookies } = await sent(code);
    expect(outcome).toMatchObject({ __typename: 'SignedIn', sessionToken: null, deviceToken: null });
    expect(cookies).toEqual([expect.stringMatching(/^doorstep-session=ses_[\w-]{43};.*HttpOnly.*SameSite=Strict/i)]);
  });

  test('that was made before a change of password opens nothing after it, though its session goes on', async () => {
    const phone = await servers.signedUp();
    const code = await pagesCode(phone);
    member('PasswordChanged', await changePassword(phone, NEW_PASSWORD));
    expect(await isLive(phone)).toBe(true);
    expect(await pagesOf(phone).ask(HAND_OVER, { code })).toBeNull();
    expect(await typeOf(pagesOf(phone), code)).toBe('HandOverVoid');
    expect(await typeOf(pagesOf(phone), await pagesCode(phone))).toBe('SignedIn');
  });

  test('is not asked about by GET, where it would stand in an address', async () => {
    const phone = await servers.signedUp();
    const code = await pagesCode(phone);
    const url = new URL(phone.client.graphqlUrl);
    url.search = String(new URLSearchParams({ query: `{ handOver(code: "${code}") { email } }` }));
    const { status } = await fetch(url, { headers: { 'apollo-require-preflight': 'yes' } });
    expect(status).toBe(405);
  });

  test.each(['', 'nonsense', `hof_${'a'.repeat(43)}`, 'a'.repeat(50_000), 'hof_\u0000'])(
    'opens nothing where it is %j',
    async (code) => {
      const stranger = servers.stranger();
      expect(await stranger.ask(HAND_OVER, { code })).toBeNull();
      expect(await typeOf(stranger, code)).toBe('HandOverVoid');
    },
  );

  test('is stored as its hash alone', async () => {
    const phone = await servers.signedUp();
    const code = await pagesCode(phone);
    const { id } = await sessionOf(servers, phone);
    const [row] = await servers.database.query('select hand_over::text as text from hand_over where session_id = $1', [
      id,
    ]);
    expect(String(row?.text)).not.toContain(code.slice(4));
  });
});

test('what was handed over hands nothing over', async () => {
  const pages = await openedPages(await servers.signedUp());
  expect((await pages.client.error(OPEN_PAGES, {}, { token: pages.sessionToken })).extensions.code).toBe('FORBIDDEN');
});

/** What ends the session of a phone, at the wish of whom it says. */
const endings: readonly [string, (phone: Handset, laptop: Handset) => Promise<unknown>][] = [
  ['a sign-out', (phone) => phone.signOut()],
  ['its owner elsewhere', async (phone, laptop) => endSession(laptop, (await sessionOf(servers, phone)).id)],
  ['a backend', async (phone) => shop.ask(END, { sessionId: (await sessionOf(servers, phone)).id })],
  [
    'the removal of the device',
    async (phone, laptop) => removeDevice(laptop, (await sessionOf(servers, phone)).deviceId),
  ],
  ['the end of all others', (_phone, laptop) => laptop.ask(SIGN_OUT_OTHERS)],
  [
    'a change of password elsewhere',
    async (_phone, laptop) => member('PasswordChanged', await changePassword(laptop, NEW_PASSWORD)),
  ],
  ['a reset', (phone) => resetByMail(phone, NEW_PASSWORD)],
  [
    'the end of all trust',
    async (phone) => shop.ask(END_TRUST, { accountId: (await sessionOf(servers, phone)).accountId, reason: 'CLOSED' }),
  ],
];

describe('the pages are signed out', () => {
  test.each(endings)('together with the app, by %s, and each of the two has an event', async (_how, end) => {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    await letIn(phone, laptop);
    const pages = await openedPages(phone);
    const { id: pagesId, accountId } = await sessionOf(servers, pages);
    const { id: phoneId } = await sessionOf(servers, phone);
    await end(phone, laptop);
    expect([await isLive(phone), await isLive(pages)]).toEqual([false, false]);
    const rows = await servers.database.query<{ ended: boolean; told: number }>(
      `select s.ended_at is not null as ended,
         (select count(*)::int from event e where e.session_id = s.id and e.type = 'SESSION_STARTED') as begun,
         (select count(*)::int from event e where e.session_id = s.id and e.type = 'SESSION_ENDED') as told
       from session s where s.id = any($1) and s.account_id = $2`,
      [[pagesId, phoneId], accountId],
    );
    expect(rows).toEqual(Array(2).fill({ ended: true, begun: 1, told: 1 }));
  });

  test('once the session of the app has lapsed, and are told to lapse with it', async () => {
    const phone = await servers.signedUp();
    const pages = await openedPages(phone);
    const { id } = await sessionOf(servers, phone);
    await isLive(pages);
    await servers.database.age('session', '6 days', 'id = $1', [id]);
    const left = Date.parse((await checked(pages))?.expiresAt ?? '') - Date.now();
    expect(left / 86_400_000).toBeGreaterThan(0.9);
    expect(left / 86_400_000).toBeLessThan(1.1);
    await servers.database.age('session', '2 days', 'id = $1', [id]);
    expect([await isLive(pages), await checked(pages)]).toEqual([false, null]);
  });

  test('where the session of the app has to make room', async () => {
    const phone = await servers.trusted();
    const pages = await openedPages(phone);
    await isLive(pages);
    const { id } = await sessionOf(servers, phone);
    await servers.database.age('session', '1 hour', 'id = $1', [id]);
    const { SESSIONS_PER_DEVICE } = servers.config().limits;
    const tabs = [];
    for (let nth = 0; nth < SESSIONS_PER_DEVICE - 1; nth += 1) {
      const tab = phone.twin();
      tab.sessionToken = null;
      asA('SignedIn', await tab.signIn());
      phone.deviceToken = tab.deviceToken;
      tabs.push(tab);
    }
    expect([await isLive(phone), await isLive(pages)]).toEqual([false, false]);
    for (const tab of tabs) expect(await isLive(tab)).toBe(true);
  });

  test('together with the token that the app had before a change of password', async () => {
    const phone = await servers.trusted();
    const pages = await openedPages(phone);
    member('PasswordChanged', await changePassword(phone, NEW_PASSWORD, { signOutOtherDevices: false }));
    expect([await isLive(phone), await isLive(pages)]).toEqual([true, false]);
  });

  test('and not the app with them', async () => {
    const phone = await servers.signedUp();
    const pages = await openedPages(phone);
    await pages.signOut();
    expect([await isLive(phone), await isLive(pages)]).toEqual([true, false]);
  });
});

describe('who ends all others from the pages stays, and stands alone from then on', () => {
  test.each<[string, (pages: Handset) => Promise<unknown>]>([
    ['by signing them out', (pages) => pages.ask(SIGN_OUT_OTHERS)],
    ['by a change of password', async (pages) => member('PasswordChanged', await changePassword(pages, NEW_PASSWORD))],
    [
      'by the product, which keeps it',
      async (pages) => {
        const { id: exceptSessionId, accountId } = await sessionOf(servers, pages);
        await shop.ask(END_TRUST, { accountId, reason: 'PASSWORD_CHANGED', exceptSessionId });
      },
    ],
  ])('%s', async (_how, end) => {
    const phone = await servers.signedUp();
    const [pages, others] = [await openedPages(phone), await openedPages(phone)];
    await end(pages);
    expect([await isLive(phone), await isLive(others), await isLive(pages)]).toEqual([false, false, true]);
  });

  test('it is as old as the app was, and hands nothing over', async () => {
    const phone = await servers.trusted();
    const { id } = await sessionOf(servers, phone);
    await servers.database.age('session', '3 days', 'id = $1', [id]);
    const pages = await openedPages(phone);
    const { createdAt } = (await checked(phone)) ?? {};
    expect(createdAt).toEqual(expect.any(String));
    await pages.ask(SIGN_OUT_OTHERS);
    expect(await checked(pages)).toMatchObject({ createdAt, reason: 'HAND_OVER' });
    const { errors } = await pages.graphql(OPEN_PAGES);
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });
});

test('the session of the pages counts among those of its device, and its app is the last to make room', async () => {
  const phone = await servers.signedUp();
  const { SESSIONS_PER_DEVICE } = servers.config().limits;
  const pages: Handset[] = [];
  for (let nth = 0; nth < SESSIONS_PER_DEVICE; nth += 1) {
    const { id } = await sessionOf(servers, phone);
    const code = await pagesCode(phone);
    await servers.database.query("update session set last_used_at = last_used_at - interval '1 hour' where id = $1", [
      id,
    ]);
    pages.push(await openedPages(phone, code));
  }
  const live = await Promise.all(pages.map(isLive));
  expect(live).toEqual([false, ...Array(SESSIONS_PER_DEVICE - 1).fill(true)]);
  expect(await isLive(phone)).toBe(true);
});

test('where a device may have one session alone, nothing is handed over, and the app stays', async () => {
  await using narrow = await Servers.start({ limits: { SESSIONS_PER_DEVICE: 1 } });
  const phone = await narrow.signedUp();
  const code = await pagesCode(phone);
  expect(await typeOf(pagesOf(phone), code)).toBe('HandOverVoid');
  expect(await isLive(phone)).toBe(true);
});

test('a session whose answer was lost lapses in UNUSED_SESSION_SECONDS, and its device stays', async () => {
  const phone = await servers.signedUp();
  const pages = await openedPages(phone);
  const { id, deviceId } = await sessionOf(servers, pages);
  await servers.database.age('session', '11 minutes', 'id = $1', [id]);
  await cleanUp(servers);
  expect(await servers.database.row('select ended_at is not null as ended from session where id = $1', [id])).toEqual({
    ended: true,
  });
  expect(await servers.database.row('select removed_at from device where id = $1', [deviceId])).toEqual({
    removed_at: null,
  });
  expect([await isLive(pages), await isLive(phone)]).toEqual([false, true]);
});

test('its activity says where somebody signed in', async () => {
  const phone = await servers.signedUp();
  await openedPages(phone);
  const { loginActivity } = await phone.ask<{
    loginActivity: { edges: { node: { type: string; deviceName: string } }[] };
  }>('{ result: viewer { loginActivity(first: 1) { edges { node { type deviceName } } } } }');
  expect(loginActivity.edges[0]?.node).toEqual({ type: 'SIGNED_IN', deviceName: 'Phone' });
});

test('the two kinds of codes do not stand for each other', async () => {
  const phone = await servers.signedUp();
  const code = await pagesCode(phone);
  expect(await typeOf(servers.stranger(), code.replace('hof_', 'ret_'))).toBe('HandOverVoid');
});
