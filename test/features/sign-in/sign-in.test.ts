import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Handset } from '../../support/handset.js';
import { ENABLE_TWO_STEP, SIGN_IN, SIGN_OUT } from '../../support/operations.js';
import { asA, type Outcome } from '../../support/outcomes.js';
import { Servers } from '../../support/servers.js';
import { until } from '../../support/waiting.js';

describe('signing in', () => {
  let servers: Servers;

  beforeAll(async () => {
    servers = await Servers.start();
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  /** The code of the newest waiting sign-in, as the phone shows it. */
  async function shownCode(phone: Handset): Promise<string> {
    const account = await phone.viewer();
    return account?.loginRequests.at(-1)?.code ?? '';
  }

  describe('with the password alone', () => {
    test('a wrong password and an address that nobody has are answered the same', async () => {
      const phone = await servers.signedUp();
      const wrong = await phone.another('Laptop').signIn({ password: 'not the right password' });
      const unknown = await servers.stranger().signIn();
      expect(asA('InvalidCredentials', wrong)).toEqual(asA('InvalidCredentials', unknown));
    });

    test('without two-step verification a new device is let in, untrusted', async () => {
      const phone = await servers.signedUp();
      const laptop = phone.another('Laptop');
      const { device, account } = asA('SignedIn', await laptop.signIn());
      expect(device).toMatchObject({ name: 'Laptop', isCurrent: true, isTrusted: false });
      expect(account.email).toBe(phone.owner.email);
      expect((await laptop.viewer())?.devices.map(({ name }) => name)).toEqual(['Laptop', 'Phone']);
    });

    test('a device that signs in again is the same device, under the name that its owner knows', async () => {
      const phone = await servers.signedUp();
      const first = (await phone.viewer())?.currentDevice;
      const { device } = asA('SignedIn', await phone.signIn({ device: { name: 'Renamed by the app' } }));
      expect(device).toMatchObject({ id: first?.id, name: 'Phone' });
    });

    test('from the sixth wrong password on tries are slowed down, for strangers and not for a known device', async () => {
      const phone = await servers.signedUp();
      const stranger = phone.another('Thief');
      const wrong = () => stranger.signIn({ password: 'not the right password' });
      for (let nth = 0; nth < 5; nth += 1) expect(asA('InvalidCredentials', await wrong()).retryAt).toBeNull();
      expect(asA('InvalidCredentials', await wrong()).retryAt).not.toBeNull();
      // Within the delay nothing is compared: the right password is not taken either.
      expect(asA('InvalidCredentials', await stranger.signIn()).retryAt).not.toBeNull();
      asA('SignedIn', await phone.signIn());
    });
  });

  describe('turning two-step verification on', () => {
    test('it trusts this device and ends every other session, whose sockets close with 4401', async () => {
      const phone = await servers.signedUp();
      const laptop = phone.another('Laptop');
      asA('SignedIn', await laptop.signIn());
      const begun = asA('Challenge', await laptop.startTwoStepSetup());
      await servers.mailbox.code(phone.owner.email);
      await using socket = laptop.challengeChanges(begun);
      await socket.next();

      const challenge = asA('Challenge', await phone.startTwoStepSetup());
      const code = await servers.mailbox.code(phone.owner.email);
      const { account, sessionsEnded } = asA('TwoStepEnabled', await phone.enableTwoStep(challenge, code));
      expect(sessionsEnded).toBe(1);
      expect(account.twoStep).toMatchObject({ enabled: true, defaultMethod: 'APP' });
      expect(account.currentDevice).toMatchObject({ name: 'Phone', isTrusted: true });

      expect(await laptop.viewer()).toBeNull();
      expect(await socket.closed()).toEqual(expect.objectContaining({ code: 4401, reason: 'Session ended' }));
      expect((await phone.viewer())?.twoStep.enabled).toBe(true);
      asA('TwoStepAlreadyEnabled', await phone.startTwoStepSetup());
    });

    test('it takes the code of its own session alone, and spends no try on another', async () => {
      const phone = await servers.signedUp();
      const laptop = phone.another('Laptop');
      asA('SignedIn', await laptop.signIn());
      const challenge = asA('Challenge', await phone.startTwoStepSetup());
      const code = await servers.mailbox.code(phone.owner.email);
      expect(asA('ChallengeClosed', await laptop.enableTwoStep(challenge, code)).state).toBe('CANCELLED');
      expect((await phone.challenge(challenge)).attemptsRemaining).toBe(5);
      asA('TwoStepEnabled', await phone.enableTwoStep(challenge, code));
    });

    test("a session's newer set-up takes the place of the one before", async () => {
      const phone = await servers.signedUp();
      const first = asA('Challenge', await phone.startTwoStepSetup());
      const code = await servers.mailbox.code(phone.owner.email);
      const second = asA('Challenge', await phone.startTwoStepSetup());
      expect(asA('ChallengeClosed', await phone.enableTwoStep(first, code)).state).toBe('CANCELLED');
      asA('TwoStepEnabled', await phone.enableTwoStep(second, await servers.mailbox.code(phone.owner.email)));
    });

    test('nobody turns it on without a session', async () => {
      const { extensions } = await servers.client().error(ENABLE_TWO_STEP, { token: 'chl_x', code: '1' });
      expect(extensions.code).toBe('UNAUTHENTICATED');
    });

    test('a sign-in whose password was compared before is not let in by it', async () => {
      const phone = await servers.signedUp();
      const laptop = phone.another('Laptop');
      const challenge = asA('Challenge', await phone.startTwoStepSetup());
      const code = await servers.mailbox.code(phone.owner.email);
      const account = 'select 1 from account where email = $1 for update';
      const [enabled, entered] = await servers.database.holding(account, [phone.owner.email], async (held) => {
        const enabling = phone.enableTwoStep(challenge, code);
        await held.waiters(1);
        // Reads an account without two-step verification, and waits behind the one who turns it on.
        const entering = laptop.signIn();
        await held.waiters(2);
        await held.release();
        return Promise.all([enabling, entering]);
      });
      asA('TwoStepEnabled', enabled);
      asA('Challenge', entered);
      expect(laptop.sessionToken).toBeNull();
    });
  });

  describe('with the second step', () => {
    test('a new device types the code that a trusted one shows, is trusted, and needs none the next time', async () => {
      const phone = await servers.trusted();
      const laptop = phone.another('Laptop');
      const challenge = await laptop.challenged();
      expect(challenge).toMatchObject({ purpose: 'SIGN_IN', state: 'PENDING', method: 'APP', codeLength: 6 });
      expect(challenge).toMatchObject({ availableMethods: ['APP', 'EMAIL'], sentTo: 'your trusted devices' });
      const { device } = asA('SignedIn', await laptop.verify(challenge, await shownCode(phone)));
      expect(device).toMatchObject({ name: 'Laptop', isTrusted: true });
      const again = asA('SignedIn', await laptop.signIn());
      expect(again.device.id).toBe(device.id);
    });

    test('without trustDevice the code is asked for again, from the same device', async () => {
      const phone = await servers.trusted();
      const laptop = phone.another('Laptop');
      const { device } = asA('SignedIn', await laptop.verify(await laptop.challenged(), await shownCode(phone), false));
      expect(device.isTrusted).toBe(false);
      const again = await laptop.challenged();
      const second = asA('SignedIn', await laptop.verify(again, await shownCode(phone)));
      expect(second.device).toMatchObject({ id: device.id, isTrusted: true });
    });

    test('the device that was already trusted is not asked', async () => {
      const phone = await servers.trusted();
      asA('SignedIn', await phone.signIn());
    });

    test("another account's device token opens nothing", async () => {
      const [mine, theirs] = await Promise.all([servers.trusted(), servers.trusted()]);
      const laptop = mine.another('Laptop');
      laptop.deviceToken = theirs.deviceToken;
      await laptop.challenged();
    });

    test.each([
      ['lapsed unused', "last_seen_at = last_seen_at - interval '91 days'"],
      ['lapsed by age', "trusted_at = trusted_at - interval '366 days'"],
    ])('trust that has %s asks for a code again', async (_how, change) => {
      const phone = await servers.trusted();
      const id = (await phone.viewer())?.currentDevice.id;
      await servers.database.query(`update device set ${change} where id = $1`, [id]);
      await phone.challenged();
    });

    test('a session that was not used for a week is over', async () => {
      const phone = await servers.trusted();
      const id = (await phone.viewer())?.currentDevice.id;
      await servers.database.age('session', '7 days', 'device_id = $1', [id]);
      expect(await phone.viewer()).toBeNull();
    });

    test('a session opened by a code and never used within ten minutes is over', async () => {
      const phone = await servers.trusted();
      const laptop = phone.another('Laptop');
      const { device } = asA('SignedIn', await laptop.verify(await laptop.challenged(), await shownCode(phone)));
      await servers.database.age('session', '10 minutes', 'device_id = $1', [device.id]);
      expect(await laptop.viewer()).toBeNull();
    });
  });

  describe('the default method', () => {
    const methodFor = async (phone: Handset) => (await phone.another('Laptop').challenged()).method;

    test('is APP while a trusted device has notifications on', async () => {
      const phone = await servers.trusted();
      expect(await methodFor(phone)).toBe('APP');
    });

    test('is EMAIL where no trusted device may show notifications and none is online', async () => {
      const phone = await servers.trusted();
      expect((await phone.report({ notificationsEnabled: false })).notificationsEnabled).toBe(false);
      expect((await phone.viewer())?.twoStep.defaultMethod).toBe('EMAIL');
      expect(await methodFor(phone)).toBe('EMAIL');
    });

    test('is APP again as soon as one of them is online', async () => {
      const phone = await servers.trusted();
      await phone.report({ notificationsEnabled: false });
      await using _requests = phone.loginRequests();
      await until(async () => (await phone.viewer())?.currentDevice.isOnline, 'the phone');
      expect((await phone.viewer())?.twoStep.defaultMethod).toBe('APP');
      expect(await methodFor(phone)).toBe('APP');
    });

    test('is EMAIL once the trusted device has signed out', async () => {
      const phone = await servers.trusted();
      expect(await phone.signOut()).toBe(1);
      expect(await methodFor(phone)).toBe('EMAIL');
    });
  });

  describe('signing out', () => {
    test('ends this session, and the device stays trusted', async () => {
      const phone = await servers.trusted();
      expect(await phone.signOut()).toBe(1);
      expect(await phone.viewer()).toBeNull();
      expect((await phone.graphql(SIGN_OUT)).errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
      asA('SignedIn', await phone.signIn());
    });
  });

  describe('limits', () => {
    test('the thirty-first challenge of an hour waits, and a trusted device does not', async () => {
      const phone = await servers.trusted();
      const outcomes: Outcome[] = [];
      // Turning two-step on took one of the thirty.
      for (let nth = 0; nth < 30; nth += 1) outcomes.push(await phone.another('Laptop').signIn());
      for (const outcome of outcomes.slice(0, 29)) asA('Challenge', outcome);
      expect(asA('TemporarilyLocked', outcomes[29] as Outcome).retryAt).not.toBeNull();
      asA('SignedIn', await phone.signIn());
    });

    test('past ten unanswered prompts a request waits silently, and says that e-mail is the way', async () => {
      const phone = await servers.trusted();
      for (let nth = 0; nth < 10; nth += 1) await phone.another('Laptop').challenged();
      const challenge = await phone.another('Laptop').challenged();
      expect(challenge.deliveries[0]).toMatchObject({ state: 'QUEUED', reason: 'PROMPTS_PAUSED' });
      expect((await phone.viewer())?.loginRequests).toHaveLength(10);
    });

    test('three denials make new devices wait, and no trusted one', async () => {
      const phone = await servers.trusted();
      for (let nth = 0; nth < 3; nth += 1) {
        await phone.another('Thief').challenged();
        const [request] = (await phone.viewer())?.loginRequests ?? [];
        expect((await phone.deny(request ?? { id: '' })).state).toBe('DENIED');
      }
      expect(asA('TemporarilyLocked', await phone.another('Thief').signIn()).retryAt).not.toBeNull();
      asA('SignedIn', await phone.signIn());
    });

    test('sign-ins of unknown devices are counted by their network', async () => {
      await using few = await Servers.start({ limits: { CHALLENGES_PER_IP_HOUR: 2 } });
      const phone = await few.trusted();
      await phone.another('Laptop').challenged();
      await phone.another('Laptop').challenged();
      const third = phone.another('Laptop');
      const input = { ...third.owner, device: { name: 'Laptop', platform: 'LINUX' } };
      const { extensions } = await few.client().error(SIGN_IN, { input });
      expect(extensions).toMatchObject({ code: 'RATE_LIMITED', retryAt: expect.any(String) });
      asA('SignedIn', await phone.signIn());
    });
  });
});
