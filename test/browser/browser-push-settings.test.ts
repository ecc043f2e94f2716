import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { newSigningKey } from '../../src/codes/signing-keys.js';
import { accessibilityFaults, describeInBrowser, screens } from '../support/browser.js';
import type { Handset } from '../support/handset.js';
import { enterPassword, trustPhone, visit } from '../support/pages.js';
import { BrowserSubscription, pushKeyOf, vapidKeys } from '../support/push.js';
import { PUSH_HERE, PushService } from '../support/push-service.js';
import { ServiceWorker, standInForPushService, subscribedUnder, subscribeUnder } from '../support/service-worker.js';
import { until } from '../support/waiting.js';

describeInBrowser('notifications of sign-ins', { env: { ...PUSH_HERE, VAPID_KEYS: vapidKeys } }, (site) => {
  let service: PushService;
  beforeAll(async () => {
    service = await PushService.start();
  });
  afterAll(() => service[Symbol.asyncDispose]());

  /** A phone's browser that is trusted and has a push service. */
  async function pushablePhone() {
    const owner = await site.servers.trusted();
    const context = await site.browser.device(screens.phone);
    const subscription = await standInForPushService(context, service.subscription());
    const phone = await context.newPage();
    await phone.goto(site.servers.client().url);
    await trustPhone(site, owner, phone);
    return { owner, phone, subscription, endpoint: subscription.endpoint };
  }

  const turnOn = async (phone: Page) => {
    await phone.context().grantPermissions(['notifications']);
    await phone.getByRole('button', { name: 'Turn on' }).click();
    await phone.getByText('You’ll be notified of sign-ins on this device, even when this page is closed.').waitFor();
  };

  /** Whether the server would wake somebody at an address. */
  const wakes = async (endpoint: string) => {
    const rows = await site.servers.database.query('select 1 from push_subscription where endpoint = $1', [endpoint]);
    return rows.length > 0;
  };

  const headings = (page: Page) => page.getByRole('heading', { level: 2 }).allTextContents();

  test('are offered on a device that has just become trusted, with what a locked screen will show; not again when put off', async () => {
    const { phone } = await pushablePhone();
    await phone.getByRole('button', { name: 'Not now' }).waitFor();
    expect((await headings(phone))[0]).toBe('Notifications on this device');
    await phone.getByText('Notifications say which device is signing in and where, also on a locked screen.').waitFor();
    expect(await accessibilityFaults(phone)).toEqual([]);
    await phone.getByRole('button', { name: 'Not now' }).click();
    await phone.reload();
    await phone.getByRole('button', { name: 'Turn on' }).waitFor();
    expect((await headings(phone))[1]).toBe('Notifications on this device');
    expect(await phone.getByRole('button', { name: 'Not now' }).count()).toBe(0);
  });

  test('come once they are on, with the code where its owner wants it there, and can be looked at before', async () => {
    const { owner, phone, subscription, endpoint } = await pushablePhone();
    await turnOn(phone);
    expect(await wakes(endpoint)).toBe(true);
    expect(await subscribedUnder(phone)).toBe(pushKeyOf());
    const worker = await ServiceWorker.of(phone);
    await phone.getByRole('button', { name: 'Send a test notification' }).click();
    await phone.getByText('Sent. It appears on this device within a moment.').waitFor();
    // What the push service would bring to this browser.
    const { content } = service.read(await service.nth(subscription));
    await worker.push(content);
    expect((await worker.see('test')).body).not.toContain('123');
    const code = phone.getByRole('checkbox', { name: 'Show the code in notifications' });
    await phone.getByText('Show the code in notifications').click();
    await worker.push(content);
    await worker.see('test', ({ body }) => body.includes('123 456'));
    expect(await accessibilityFaults(phone)).toEqual([]);
    await phone.reload();
    await until(() => code.isChecked(), 'the choice of before');
    // What was shown goes when the page comes into sight.
    await worker.seeNone();

    const challenge = await owner.another('Laptop').challenged();
    await worker.push({ id: `req_${challenge.id}`, kind: 'LOGIN' });
    const { body } = await worker.see(`req_${challenge.id}`);
    expect(body.replace(/\D/g, '')).toContain((await owner.viewer())?.loginRequests[0]?.code);
    await phone.getByRole('button', { name: 'Hide for now' }).click();

    await phone.getByRole('button', { name: 'Turn off' }).click();
    await phone.getByRole('button', { name: 'Turn on' }).waitFor();
    expect([await wakes(endpoint), await subscribedUnder(phone)]).toEqual([false, null]);
  });

  test('are kept up at each start, also where the server has forgotten them or has another key', async () => {
    const { phone, endpoint } = await pushablePhone();
    await turnOn(phone);
    await site.servers.database.query('delete from push_subscription where endpoint = $1', [endpoint]);
    await phone.reload();
    await until(() => wakes(endpoint), 'the registration');
    await subscribeUnder(phone, pushKeyOf(newSigningKey('gone')));
    await phone.reload();
    await until(async () => (await subscribedUnder(phone)) === pushKeyOf(), 'a subscription under the key of now');
    await phone.getByRole('button', { name: 'Turn off' }).waitFor();
    expect(await wakes(endpoint)).toBe(true);
  });

  test('stay on where the browser changes its subscription while no page is open, and do not come on by that', async () => {
    const { phone, endpoint } = await pushablePhone();
    const worker = await ServiceWorker.of(phone);
    const [unwanted, renewed] = [new BrowserSubscription(), new BrowserSubscription()];
    await worker.changeSubscription(unwanted);
    expect(await wakes(unwanted.endpoint)).toBe(false);
    await turnOn(phone);
    await phone.goto(`${site.servers.client().url}/livez`);
    await worker.changeSubscription(renewed);
    expect([await wakes(endpoint), await wakes(renewed.endpoint)]).toEqual([false, true]);
  });

  test('end with the session: signed out here, or from elsewhere', async () => {
    const leave = async (how: (page: Page, handset: Handset) => Promise<unknown>) => {
      const { owner, phone, endpoint } = await pushablePhone();
      await turnOn(phone);
      const worker = await ServiceWorker.of(phone);
      await worker.push({ kind: 'TEST' });
      await worker.see('test');
      await how(phone, owner);
      await phone.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
      await until(async () => (await subscribedUnder(phone)) === null, 'the end of the subscription');
      await worker.seeNone();
      expect(await wakes(endpoint)).toBe(false);
      return { owner, phone };
    };
    const { owner, phone } = await leave((page) => page.getByRole('button', { name: 'Sign out', exact: true }).click());
    await enterPassword(phone, owner.owner);
    await phone.getByRole('button', { name: 'Turn on' }).waitFor();
    await leave(async (_phone, owner) => {
      const phones = (await owner.viewer())?.devices.filter(({ name }) => name.startsWith('Chrome')) ?? [];
      for (const { id } of phones)
        await owner.ask('mutation ($id: ID!) { removeDevice(id: $id) { deviceId } }', { id });
    });
  });

  test('are refused in words by a browser that reaches no push service', async () => {
    const owner = await site.servers.trusted();
    const phone = await visit(site, { screen: 'phone' });
    await trustPhone(site, owner, phone);
    await phone.context().grantPermissions(['notifications']);
    await phone.getByRole('button', { name: 'Turn on' }).click();
    await phone.getByText('Your browser couldn’t turn this on.').waitFor();
  });

  test('and codes at all are for the devices that their owner wants them on', async () => {
    const { owner, phone } = await pushablePhone();
    await owner.another('Laptop').challenged();
    await phone.getByRole('alertdialog', { name: 'Are you trying to sign in?' }).waitFor();
    await phone.getByRole('button', { name: 'Hide for now' }).click();
    await phone.getByRole('link', { name: 'Devices', exact: true }).click();
    const here = phone.getByRole('switch', { name: /^Shows codes: Chrome/ });
    await phone.getByText('Shows codes', { exact: true }).first().waitFor();
    expect(await accessibilityFaults(phone)).toEqual([]);
    await here.click({ force: true });
    // The prompt that was up here goes.
    await phone.getByRole('button', { name: '1 sign-in is waiting for a code' }).waitFor({ state: 'detached' });
    await until(async () => !(await here.isChecked()), 'the switch that is off');
    await phone.getByRole('link', { name: 'Overview' }).click();
    await phone.getByText('You’ve chosen that this device shows no codes.').waitFor();
  });
});
