import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newSigningKey } from '../../../src/codes/signing-keys.js';
import type { Handset } from '../../support/handset.js';
import { asA } from '../../support/outcomes.js';
import {
  changePassword,
  deviceOf,
  disableTwoStep,
  endSession,
  letIn,
  removeDevice,
  resetByMail,
  SIGN_OUT_OTHERS,
  sessionOf,
} from '../../support/owner.js';
import {
  BrowserSubscription,
  hasPush,
  pushKeyOf,
  REGISTER_PUSH,
  subscribePush,
  TEST_PUSH,
  UNREGISTER_PUSH,
  vapidKeys,
} from '../../support/push.js';
import { cleanUp } from '../../support/retention.js';
import { Servers } from '../../support/servers.js';

let servers: Servers;
/** Of which nothing is changed. */
let steady: Handset;

beforeAll(async () => {
  servers = await Servers.start({ env: { VAPID_KEYS: vapidKeys }, limits: { PUSH_DEVICES: 3 } });
  steady = await servers.trusted();
});
afterAll(() => servers[Symbol.asyncDispose]());

type Stored = { readonly device_id: string; readonly endpoint: string; readonly key_id: string };

/** What is stored of the account's devices, by endpoint. */
function storedOf(handset: Handset): Promise<Stored[]> {
  return servers.database.query<Stored>(
    `select ps.device_id, ps.endpoint, ps.key_id from push_subscription ps join device d on d.id = ps.device_id
     join account a on a.id = d.account_id where a.email = $1 order by ps.endpoint`,
    [handset.owner.email],
  );
}

/** A trusted phone, and a trusted laptop with a push subscription. */
async function phoneAndLaptop(): Promise<{ phone: Handset; laptop: Handset; laptopId: string }> {
  const phone = await servers.trusted();
  const laptop = phone.another('Laptop');
  const { device } = await letIn(phone, laptop);
  await subscribePush(laptop);
  expect(await hasPush(phone, device.id)).toBe(true);
  return { phone, laptop, laptopId: device.id };
}

const codeOf = (error: { errors?: readonly { extensions?: Record<string, unknown> }[] }) =>
  error.errors?.[0]?.extensions;

describe('a push subscription', () => {
  test('is registered by a trusted device, replaced by its next one, and forgotten at its wish', async () => {
    const phone = await servers.trusted();
    const [first, second] = [new BrowserSubscription(), new BrowserSubscription()];
    expect(await subscribePush(phone, first)).toMatchObject({ hasPush: true });
    expect(await subscribePush(phone, second)).toMatchObject({ hasPush: true });
    expect(await storedOf(phone)).toEqual([expect.objectContaining({ endpoint: second.endpoint, key_id: 'test' })]);
    expect(await phone.ask(UNREGISTER_PUSH)).toMatchObject({ hasPush: false });
    expect(await phone.ask(UNREGISTER_PUSH)).toMatchObject({ hasPush: false });
    expect(await storedOf(phone)).toEqual([]);
  });

  test('is for trusted devices alone', async () => {
    const phone = await servers.trusted();
    const guest = phone.another('Guest');
    await letIn(phone, guest, false);
    const single = await servers.signedUp();
    for (const untrusted of [guest, single]) {
      const answer = await untrusted.graphql(REGISTER_PUSH, { input: new BrowserSubscription().input });
      expect(codeOf(answer)).toMatchObject({ code: 'FORBIDDEN' });
    }
    const nobody = await phone.graphql(REGISTER_PUSH, { input: new BrowserSubscription().input }, { token: null });
    expect(codeOf(nobody)).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('belongs to the device that registered its endpoint last, whoever has that', async () => {
    const [one, other] = [await servers.trusted(), await servers.trusted()];
    const subscription = new BrowserSubscription();
    await subscribePush(one, subscription);
    await subscribePush(other, new BrowserSubscription(subscription.endpoint));
    expect(await storedOf(one)).toEqual([]);
    expect(await storedOf(other)).toHaveLength(1);
    // At the same moment, one of them has it.
    await Promise.all([one, other, one, other].map((handset) => subscribePush(handset, subscription)));
    expect([...(await storedOf(one)), ...(await storedOf(other))]).toHaveLength(1);
  });

  test('is had by at most PUSH_DEVICES of an account: the one seen longest ago makes room', async () => {
    const phone = await servers.trusted();
    const ids: string[] = [];
    for (const name of ['One', 'Two', 'Three', 'Four']) {
      const device = phone.another(name);
      ids.push((await letIn(phone, device)).device.id);
      await servers.database.query('update device set last_seen_at = clock_timestamp() where id = $1', [ids.at(-1)]);
      await subscribePush(device);
      const stored = (await storedOf(phone)).map(({ device_id }) => device_id);
      expect(stored.sort()).toEqual(ids.slice(-3).sort());
    }
  });

  const { p256dh = '', auth = '' } = new BrowserSubscription().input;
  const point = Buffer.from(p256dh, 'base64url');
  const offCurve = Buffer.concat([point.subarray(0, 64), Buffer.of((point[64] ?? 0) ^ 1)]);
  test.each([
    ['endpoint', 'http://push.example/x'],
    ['endpoint', 'https://push.example:8443/x'],
    ['endpoint', 'https://127.0.0.1/x'],
    ['endpoint', 'https://[::ffff:10.0.0.1]/x'],
    ['endpoint', 'https://localhost/x'],
    ['endpoint', 'https://user:secret@push.example/x'],
    ['endpoint', 'https://push.example/x#y'],
    ['endpoint', 'https://push.example/\u0430'],
    ['endpoint', `https://push.example/${'x'.repeat(2028)}`],
    ['endpoint', 'push.example'],
    ['endpoint', 'javascript:alert(1)'],
    ['endpoint', ''],
    ['p256dh', ''],
    ['p256dh', `${p256dh}=x`],
    ['p256dh', point.subarray(0, 64).toString('base64url')],
    ['p256dh', offCurve.toString('base64url')],
    ['p256dh', Buffer.concat([Buffer.of(2), point.subarray(1, 33)]).toString('base64url')],
    ['p256dh', 'A'.repeat(1_000)],
    ['auth', ''],
    ['auth', Buffer.alloc(15).toString('base64url')],
    ['auth', Buffer.alloc(17).toString('base64url')],
    ['auth', 'not base64!'],
    ['pushKey', pushKeyOf(newSigningKey('other'))],
    ['pushKey', ''],
  ])('is refused where its %s is %.80s', async (field, value) => {
    const input = { endpoint: 'https://push.example/x', p256dh, auth, [field]: value };
    const answer = await steady.graphql(REGISTER_PUSH, { input });
    expect(codeOf(answer)).toMatchObject({ code: 'BAD_USER_INPUT', field: `input.${field}` });
  });

  test('may have as many characters as one may, and other forms of base64', async () => {
    const phone = await servers.trusted();
    const endpoint = `https://push.example/${'x'.repeat(2027)}`;
    const { input } = new BrowserSubscription(endpoint);
    const padded = Object.fromEntries(
      Object.entries(input).map(([name, value]) => [
        name,
        name === 'endpoint' ? value : Buffer.from(value, 'base64url').toString('base64'),
      ]),
    );
    expect(await phone.ask(REGISTER_PUSH, { input: padded })).toMatchObject({ hasPush: true });
    expect(await storedOf(phone)).toEqual([expect.objectContaining({ endpoint })]);
  });
});

describe('a push subscription is gone', () => {
  const ends: [string, (phone: Handset, laptop: Handset, laptopId: string) => Promise<unknown>][] = [
    ['its device is removed', (phone, _, id) => removeDevice(phone, id)],
    ['the password changes', (phone) => changePassword(phone, 'velvet-harbour-57-kettle')],
    ['the password is reset', (phone) => resetByMail(phone, 'velvet-harbour-57-kettle')],
    ['two-step is turned off', (phone) => disableTwoStep(phone)],
    ['its session signs out', (_, laptop) => laptop.signOut()],
    ['its session is ended', async (phone, laptop) => endSession(phone, (await sessionOf(laptop)).id)],
    ['all other sessions are ended', (phone) => phone.ask(SIGN_OUT_OTHERS)],
  ];
  test.each(ends)('once %s', async (_, end) => {
    const { phone, laptop, laptopId } = await phoneAndLaptop();
    await end(phone, laptop, laptopId);
    expect(await storedOf(phone)).toEqual([]);
  });

  test('but not by what ends something else', async () => {
    const { phone, laptop, laptopId } = await phoneAndLaptop();
    const tablet = phone.another('Tablet');
    const { device } = await letIn(phone, tablet);
    await removeDevice(phone, device.id);
    // Another session of the same device.
    const { deviceToken, sessionToken } = laptop;
    asA('SignedIn', await laptop.signIn());
    await laptop.signOut();
    Object.assign(laptop, { deviceToken, sessionToken });
    await changePassword(laptop, 'velvet-harbour-57-kettle', { signOutOtherDevices: false });
    expect(await hasPush(laptop, laptopId)).toBe(true);
  });

  test.each([
    ['session lapses', "update session set last_used_at = last_used_at - interval '1 year' where device_id = $1"],
    ['trust lapses', "update device set trusted_at = trusted_at - interval '2 years' where id = $1"],
  ])('within a day of the moment that its %s', async (_, lapse) => {
    const { phone, laptopId } = await phoneAndLaptop();
    await subscribePush(phone);
    await servers.database.query(lapse, [laptopId]);
    await servers.database.query("update push_subscription set checked_at = checked_at - interval '1 day'");
    await cleanUp(servers);
    const phoneId = (await deviceOf(phone)).id;
    expect(await storedOf(phone)).toEqual([expect.objectContaining({ device_id: phoneId })]);
  });
});

test('keys are exchanged, and no subscription is lost by that', async () => {
  const newer = newSigningKey('newer');
  const rotated = await servers.add({ api: true, worker: false }, { VAPID_KEYS: `${newer},${vapidKeys}` });
  const settings = '{ result: settings { pushKey } }';
  const phone = (await servers.trusted()).twin(servers.client(1));
  expect(rotated.url).not.toBeNull();
  expect(await phone.ask(settings)).toEqual({ pushKey: pushKeyOf(newer) });
  const keyOf = async () => (await storedOf(phone)).map(({ key_id }) => key_id);

  const made = new BrowserSubscription();
  // It says under which it was made.
  await phone.ask(REGISTER_PUSH, { input: { ...made.input, pushKey: pushKeyOf() } });
  expect(await keyOf()).toEqual(['test']);
  // And need not say it again.
  await subscribePush(phone, made);
  expect(await keyOf()).toEqual(['test']);
  await subscribePush(phone);
  expect(await keyOf()).toEqual(['newer']);
});

test('without keys there is no push', async () => {
  await using bare = await Servers.start({ worker: true });
  const phone = await bare.trusted();
  expect(await phone.ask('{ result: settings { pushKey } }')).toEqual({ pushKey: null });
  const answer = await phone.graphql(REGISTER_PUSH, { input: new BrowserSubscription().input });
  for (const refused of [answer, await phone.graphql(TEST_PUSH)]) {
    expect(codeOf(refused)).toMatchObject({ code: 'FORBIDDEN' });
  }
});
