import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Handset } from '../../support/handset.js';
import { asA, tally } from '../../support/outcomes.js';
import { codeShownOn, deviceOf, letIn, removeDevice, resetByMail } from '../../support/owner.js';
import { Servers } from '../../support/servers.js';
import { until } from '../../support/waiting.js';

let servers: Servers;

// Tries of one device are slowed down by the limit on wrong passwords while they are under way: out of the way here.
beforeAll(async () => {
  servers = await Servers.start({ count: 2, limits: { PASSWORD_FAILURES_FREE: 100, PROMPTS_UNANSWERED: 1000 } });
});
afterAll(() => servers[Symbol.asyncDispose]());

/** A device with the same token on each of the two servers: two tabs, or a copy. */
function tabsOf(handset: Handset): [Handset, Handset] {
  return [handset.twin(servers.client(0)), handset.twin(servers.client(1))];
}

/** As if the device's tokens had been retired so long before. */
async function ageRetired(handset: Handset, interval: string): Promise<void> {
  await servers.database.query(
    `update device_token t set retired_at = retired_at - $2::interval from device d join account a on a.id = d.account_id
     where d.id = t.device_id and a.email = $1`,
    [handset.owner.email, interval],
  );
}

/** A phone, and a copy of its token that was retired when the phone signed in twice more. */
async function phoneAndCopy(): Promise<{ phone: Handset; copy: Handset }> {
  const phone = await servers.trusted();
  const copy = phone.twin(servers.client(1));
  copy.sessionToken = null;
  asA('SignedIn', await phone.signIn());
  asA('SignedIn', await phone.signIn());
  return { phone, copy };
}

function alarms(handset: Handset): Promise<number> {
  return servers.database.count('delivery', "notice = 'COPIED_TOKEN' and to_address = $1", [handset.owner.email]);
}

describe('a device token', () => {
  test('is a new one after each sign-in', async () => {
    const phone = await servers.trusted();
    const tokens = [phone.deviceToken];
    for (let nth = 0; nth < 3; nth += 1) {
      asA('SignedIn', await phone.signIn());
      tokens.push(phone.deviceToken);
    }
    expect(new Set(tokens).size).toBe(4);
    expect((await phone.viewer())?.devices).toHaveLength(1);
  });

  test('names its device although the answer with its successor was lost, any number of times', async () => {
    const phone = await servers.trusted();
    for (let nth = 0; nth < 3; nth += 1) asA('SignedIn', await phone.twin().signIn());
    asA('SignedIn', await phone.signIn());
    asA('SignedIn', await phone.signIn());
    expect((await phone.viewer())?.devices).toHaveLength(1);
  });

  test('is as good as its siblings until one of them is used', async () => {
    const phone = await servers.trusted();
    const [first, second] = tabsOf(phone);
    asA('SignedIn', await first.signIn());
    asA('SignedIn', await second.signIn());
    asA('SignedIn', await second.twin().signIn());
    expect(asA('Challenge', await first.signIn())).toMatchObject({ purpose: 'SIGN_IN' });
    asA('SignedIn', await second.signIn());
  });

  test('is retired, with the one it came from, once its sibling was used', async () => {
    const phone = await servers.trusted();
    const [first, second] = tabsOf(phone);
    await first.signIn();
    await second.signIn();
    asA('SignedIn', await first.signIn());
    asA('Challenge', await second.signIn());
    asA('Challenge', await phone.signIn());
    expect(await alarms(phone)).toBe(0);
  });

  test('that is retired leads back to the same device with a code', async () => {
    const { phone, copy } = await phoneAndCopy();
    const { id } = await deviceOf(phone);
    expect((await letIn(phone, copy)).device).toMatchObject({ id, isTrusted: true });
    asA('SignedIn', await copy.signIn());
    asA('Challenge', await phone.signIn());
  });

  test('of another account names no device', async () => {
    const [alice, mallory] = [await servers.trusted(), await servers.trusted()];
    const stolen = mallory.another('Phone');
    stolen.deviceToken = alice.deviceToken;
    await letIn(mallory, stolen);
    expect((await mallory.viewer())?.devices).toHaveLength(2);
    expect((await alice.viewer())?.devices).toHaveLength(1);
  });

  test('of a device that was removed names no device', async () => {
    const phone = await servers.trusted();
    const laptop = phone.another('Laptop');
    const { device } = await letIn(phone, laptop);
    await removeDevice(phone, device.id);
    expect((await letIn(phone, laptop)).device.id).not.toBe(device.id);
  });

  test('is not stored', async () => {
    const { phone, copy } = await phoneAndCopy();
    const dump = await servers.database.dump();
    for (const token of [phone.deviceToken, copy.deviceToken]) {
      expect(token).toMatch(/^dev_[\w-]{43}$/);
      expect(dump).not.toContain(token?.slice(4));
    }
  });

  test.each(['dev_', 'dev_short', `dev_${'A'.repeat(43)}`, `ses_${'A'.repeat(43)}`, '', '\u0000', 'x'.repeat(10_000)])(
    'is none that %j would be',
    async (token) => {
      const phone = await servers.trusted();
      const stranger = phone.another('Laptop');
      stranger.deviceToken = token;
      asA('Challenge', await stranger.signIn());
      expect(await alarms(phone)).toBe(0);
    },
  );
});

describe('a retired token with the right password', () => {
  test('meets a challenge and raises no alarm within 60 seconds', async () => {
    const { phone, copy } = await phoneAndCopy();
    await ageRetired(phone, '55 seconds');
    asA('Challenge', await copy.signIn());
    expect(await alarms(phone)).toBe(0);
    expect((await phone.viewer())?.currentDevice).toMatchObject({ isTrusted: true });
  });

  test('ends trust, sessions and pending sign-ins after 60 seconds, and the owner is told', async () => {
    const { phone, copy } = await phoneAndCopy();
    const laptop = phone.another('Laptop', servers.client(1));
    await letIn(phone, laptop);
    const waiting = phone.another('Tablet');
    const challenge = await waiting.challenged();
    const code = await codeShownOn(phone, challenge);
    const { id } = await deviceOf(phone);
    await using requests = phone.loginRequests();
    await requests.next();

    await ageRetired(phone, '61 seconds');
    const asked = asA('Challenge', await copy.signIn());
    expect(await phone.viewer()).toBeNull();
    expect(await requests.closed()).toMatchObject({ code: 4401 });
    expect(await waiting.verify(challenge, code)).toMatchObject({ state: 'CANCELLED' });
    expect((await laptop.viewer())?.devices.find((device) => device.id === id)).toMatchObject({ isTrusted: false });
    expect((await laptop.viewer())?.currentDevice).toMatchObject({ isTrusted: true });
    asA('Challenge', await phone.signIn());
    const mail = await servers.mailbox.next(phone.owner.email, ({ subject }) =>
      subject.startsWith('Suspicious sign-in'),
    );
    expect(mail.text).toContain('Phone');
    // It is asked for a code like any other device: who of the two the owner is, the code tells.
    asA('SignedIn', await copy.verify(asked, await codeShownOn(laptop, asked)));
  });

  test('opens no mail that is held after a reset, although its device was trusted at that moment', async () => {
    const { phone, copy } = await phoneAndCopy();
    await resetByMail(phone, phone.owner.password);
    await ageRetired(phone, '61 seconds');
    expect(asA('Challenge', await copy.signIn()).availableMethods).toEqual(['APP']);
    expect(await alarms(phone)).toBe(1);
  });

  test('ends what a thief has who used a copy first: the owner comes later, and is the one who is noticed', async () => {
    const phone = await servers.trusted();
    const thief = phone.twin(servers.client(1));
    thief.sessionToken = null;
    asA('SignedIn', await thief.signIn());
    asA('SignedIn', await thief.signIn());
    await using requests = thief.loginRequests();
    await until(async () => (await thief.viewer())?.currentDevice.isOnline, 'the thief online');

    await ageRetired(phone, '61 seconds');
    const asked = asA('Challenge', await phone.signIn());
    expect(asked.method).toBe('EMAIL');
    const code = await servers.mailbox.code(phone.owner.email);
    expect(await requests.closed()).toMatchObject({ code: 4401 });
    expect(await thief.viewer()).toBeNull();
    asA('Challenge', await thief.signIn());
    expect(await alarms(phone)).toBe(1);
    // The mailbox is the owner's: its code brings the phone back.
    asA('SignedIn', await phone.verify(asked, code));
  });

  test('raises the alarm once', async () => {
    const { phone, copy } = await phoneAndCopy();
    await ageRetired(phone, '61 seconds');
    asA('Challenge', await copy.signIn());
    await servers.database.age('delivery', '2 minutes', 'to_address = $1', [phone.owner.email]);
    asA('Challenge', await copy.signIn());
    asA('Challenge', await phone.signIn());
    expect(await alarms(phone)).toBe(1);
  });

  test('raises the alarm once, however many requests carry it over two servers', async () => {
    const { phone, copy } = await phoneAndCopy();
    await ageRetired(phone, '61 seconds');
    const tabs = tabsOf(copy);
    const outcomes = await Promise.all(Array.from({ length: 16 }, (_, nth) => (tabs[nth % 2] ?? copy).twin().signIn()));
    expect(tally(outcomes)).toEqual({ Challenge: 16 });
    expect(await alarms(phone)).toBe(1);
  });
});

describe('nothing is raised by', () => {
  const expectUntouched = async (phone: Handset) => {
    expect(await alarms(phone)).toBe(0);
    expect((await phone.viewer())?.currentDevice).toMatchObject({ isTrusted: true });
    asA('SignedIn', await phone.signIn());
  };

  test('a copied token with a wrong password', async () => {
    const { phone, copy } = await phoneAndCopy();
    await ageRetired(phone, '61 seconds');
    asA('InvalidCredentials', await copy.signIn({ password: 'not the password' }));
    await expectUntouched(phone);
  });

  test('the copied token of another account', async () => {
    const { phone, copy } = await phoneAndCopy();
    await ageRetired(phone, '61 seconds');
    const mallory = await servers.trusted();
    const elsewhere = mallory.another('Phone');
    elsewhere.deviceToken = copy.deviceToken;
    asA('Challenge', await elsewhere.signIn());
    await expectUntouched(phone);
    await expectUntouched(mallory);
  });
});

describe('of two tabs that sign in at once', () => {
  test('each gets a token that names the device', async () => {
    const phone = await servers.trusted();
    const tabs = Array.from({ length: 16 }, (_, nth) => phone.twin(servers.client(nth % 2)));
    expect(tally(await Promise.all(tabs.map((tab) => tab.signIn())))).toEqual({ SignedIn: 16 });
    const tab = tabs[9] ?? phone;
    asA('SignedIn', await tab.signIn());
    expect((await tab.viewer())?.devices).toHaveLength(1);
  });

  test('one keeps the trust, on whichever server it is', async () => {
    const phone = await servers.trusted();
    const tabs = Array.from({ length: 16 }, (_, nth) => phone.twin(servers.client(nth % 2)));
    await Promise.all(tabs.map((tab) => tab.signIn()));
    const outcomes = await Promise.all(tabs.map((tab) => tab.signIn()));
    expect(tally(outcomes)).toEqual({ SignedIn: 1, Challenge: 15 });
    expect(await alarms(phone)).toBe(0);
    const winner = tabs[outcomes.findIndex(({ __typename }) => __typename === 'SignedIn')];
    expect(await winner?.signIn()).toMatchObject({ __typename: 'SignedIn', device: { isTrusted: true } });
  });
});
