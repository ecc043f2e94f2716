import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Handset } from '../../support/handset.js';
import { asA, promptId } from '../../support/outcomes.js';
import { codeShownOn, deviceOf, letIn, resetByMail } from '../../support/owner.js';
import { SET_RECEIVES_CODES, setReceivesCodes } from '../../support/push.js';
import { Servers } from '../../support/servers.js';
import { until } from '../../support/waiting.js';

let servers: Servers;

beforeAll(async () => {
  servers = await Servers.start({ count: 2, limits: { OPEN_MAILS_PER_ADDRESS_AND_IP_HOUR: 100 } });
});
afterAll(() => servers[Symbol.asyncDispose]());

/** A trusted phone, and a trusted tablet in the living room, on the other server, that shows no codes. */
async function phoneAndTablet(): Promise<{ phone: Handset; tablet: Handset; tabletId: string; phoneId: string }> {
  const phone = await servers.trusted();
  const tablet = phone.another('Tablet', servers.client(1));
  const { device } = await letIn(phone, tablet);
  await setReceivesCodes(tablet, device.id, false);
  return { phone, tablet, tabletId: device.id, phoneId: (await deviceOf(phone)).id };
}

const NOTICES = `select notice, facts ->> 'deviceName' as device from delivery d join account a on a.id = d.account_id
  where a.email = $1 and notice like 'CODES_TURNED%' order by d.created_at`;

describe('a trusted device that shows no codes', () => {
  test('skips the second step, and is prompted for none', async () => {
    const { phone, tablet, phoneId } = await phoneAndTablet();
    asA('SignedIn', await tablet.signIn());
    await using onTablet = tablet.loginRequests();
    await until(async () => (await tablet.viewer())?.currentDevice.isOnline, 'the tablet, online');
    const challenge = await phone.another('Laptop').challenged();
    expect(challenge).toMatchObject({ method: 'APP', availableMethods: ['APP', 'EMAIL'] });
    await codeShownOn(phone, challenge);
    expect((await tablet.viewer())?.loginRequests).toEqual([]);
    await expect(tablet.acknowledge({ id: promptId(challenge) })).rejects.toThrow('FORBIDDEN');
    expect(onTablet.unread).toEqual([]);
    // Backends wake those that show codes alone.
    const [told] = await servers.database.query('select device_ids from event where prompt_id = $1', [challenge.id]);
    expect(told).toEqual({ device_ids: [phoneId] });
    // It may be trusted to say that it was nobody of the house.
    expect(await tablet.deny({ id: promptId(challenge) })).toMatchObject({ state: 'DENIED' });
  });

  test('has codes taken down that it shows, and shows them once it may', async () => {
    const { tablet, tabletId, phone } = await phoneAndTablet();
    await setReceivesCodes(tablet, tabletId, true);
    await using onTablet = tablet.loginRequests();
    const challenge = await phone.another('Laptop').challenged();
    const shown = () => onTablet.nextThat(({ id }) => id === promptId(challenge));
    const { code } = await shown();
    expect(code).toMatch(/^\d{6}$/);
    await setReceivesCodes(phone, tabletId, false);
    expect(await shown()).toMatchObject({ state: 'PENDING', code: null });
    await setReceivesCodes(phone, tabletId, true);
    expect(await shown()).toMatchObject({ state: 'PENDING', code });
  });

  test('is none by which a code can be sent', async () => {
    const { phone, tablet, phoneId } = await phoneAndTablet();
    const laptop = phone.another('Laptop');
    const pending = await laptop.challenged();
    await setReceivesCodes(tablet, phoneId, false);
    expect((await tablet.viewer())?.twoStep.defaultMethod).toBe('EMAIL');
    const [delivery] = (await laptop.challenge(pending)).deliveries;
    expect(delivery).toMatchObject({ state: 'QUEUED', reason: 'NO_DEVICE_RECEIVES_CODES' });
    expect(delivery?.hint).toContain('None of your trusted devices is set to show codes.');
    const challenge = await laptop.challenged();
    expect(challenge).toMatchObject({ method: 'EMAIL', availableMethods: ['EMAIL'] });
    expect(asA('MethodUnavailable', await laptop.sendCode(challenge, 'APP')).availableMethods).toEqual(['EMAIL']);
  });

  test('is no reason to hold mail after a reset, since mail was all that there was', async () => {
    const { phone, tablet, phoneId } = await phoneAndTablet();
    await setReceivesCodes(tablet, phoneId, false);
    const password = 'velvet-harbour-57-kettle';
    await resetByMail(phone, password);
    expect(asA('Challenge', await phone.another('Laptop').signIn({ password }))).toMatchObject({ method: 'EMAIL' });
  });

  test('but mail is held where another one shows them', async () => {
    const { phone } = await phoneAndTablet();
    const password = 'velvet-harbour-57-kettle';
    await resetByMail(phone, password);
    const held = asA('Challenge', await phone.another('Laptop').signIn({ password }));
    expect(held).toMatchObject({ method: 'APP', availableMethods: ['APP'] });
  });
});

describe('the choice', () => {
  test('is told by mail where it is about another device, and where it changes something', async () => {
    const { phone, phoneId, tablet, tabletId } = await phoneAndTablet();
    const told = () => servers.database.query(NOTICES, [phone.owner.email]);
    expect(await setReceivesCodes(tablet, tabletId, false)).toMatchObject({ receivesCodes: false });
    expect(await setReceivesCodes(phone, phoneId, true)).toMatchObject({ receivesCodes: true });
    expect(await told()).toEqual([]);
    await setReceivesCodes(phone, tabletId, true);
    await setReceivesCodes(tablet, phoneId, false);
    expect(await told()).toEqual([
      { notice: 'CODES_TURNED_ON', device: 'Tablet' },
      { notice: 'CODES_TURNED_OFF', device: 'Phone' },
    ]);
  });

  test('is made on trusted devices alone, about devices of the account', async () => {
    const { phone, phoneId } = await phoneAndTablet();
    const guest = phone.another('Guest');
    await letIn(phone, guest, false);
    const stranger = await servers.trusted();
    const asked = (handset: Handset, deviceId: string) =>
      handset.graphql(SET_RECEIVES_CODES, { deviceId, receivesCodes: false });
    for (const [handset, deviceId, code] of [
      [guest, phoneId, 'FORBIDDEN'],
      [stranger, phoneId, 'NOT_FOUND'],
      [phone, 'phone', 'NOT_FOUND'],
    ] as const) {
      const { errors } = await asked(handset, deviceId);
      expect(errors[0]?.extensions.code).toBe(code);
    }
    expect((await deviceOf(phone)).isTrusted).toBe(true);
  });
});
