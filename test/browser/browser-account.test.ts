import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { projectRoot } from '../../src/config/project.js';
import { allActivityOf } from '../support/activity.js';
import { accessibilityFaults, type Browser, describeInBrowser, screens } from '../support/browser.js';
import { type Handset, PASSWORD } from '../support/handset.js';
import { enterPassword, promptedCode, signedIn, typeCode } from '../support/pages.js';
import { Visitor } from '../support/visitor.js';

const LONDON = '81.2.69.142';
const LINKÖPING = '89.160.20.112';

const places = {
  GEOIP_DATABASE: path.join(projectRoot, 'test', 'fixtures', 'GeoIP2-City-Test.mmdb'),
  TRUST_PROXY: 'loopback',
};

describeInBrowser('the account, in a browser,', { env: places }, (site) => {
  /** Somebody with a phone, who signs in on a browser too: the page is the account's overview. */
  async function person(options?: Parameters<Browser['open']>[1]): Promise<{ phone: Handset; page: Page }> {
    const phone = await site.servers.signedUp();
    const page = await site.browser.open(site.servers.client().url, options);
    await enterPassword(page, phone.owner);
    await signedIn(page);
    return { phone, page };
  }

  const go = async (page: Page, name: string) => {
    await page.getByRole('navigation').getByRole('link', { name }).click();
    await page.getByRole('heading', { level: 1, name }).waitFor();
  };
  const turnOn = async (page: Page, { owner }: Handset) => {
    await page.getByRole('button', { name: 'Turn on two-step verification' }).click();
    await page.getByRole('button', { name: 'Send code' }).click();
    await page.getByLabel(/^Code/).waitFor();
    await typeCode(page, await site.servers.mailbox.code(owner.email));
    await page.getByRole('dialog', { name: 'Two-step verification is on' }).waitFor();
  };

  test('two-step verification is turned on with a mailed code, which says who was signed out, and off with the password', async () => {
    const { phone, page } = await person();
    expect(await accessibilityFaults(page)).toEqual([]);
    // However slowly the account is read again, what is said and what the switch shows are one.
    await page.route('**/graphql', async (route) => {
      if (route.request().postDataJSON().operationName === 'Viewer') await setTimeout(500);
      await route.continue();
    });
    await turnOn(page, phone);
    await page.getByRole('dialog').getByText('1 other session was signed out.').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await phone.viewer()).toBeNull();
    await page.getByRole('button', { name: 'Done' }).click();

    const twoStep = page.getByRole('switch', { name: 'Two-step verification' });
    expect(await twoStep.isChecked()).toBe(true);
    await twoStep.focus();
    await page.keyboard.press('Space');
    const password = page.getByRole('dialog').getByLabel('Your password');
    await password.fill('another-password-of-99-orbits');
    await page.keyboard.press('Enter');
    await page.getByText('Wrong password.').waitFor();
    await password.fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('status').getByText('Two-step verification is off.').waitFor();
    expect(await twoStep.isChecked()).toBe(false);
  });

  test('setting two-step verification up is given up at the code, and begun anew', async () => {
    const { page } = await person();
    await page.getByRole('button', { name: 'Turn on two-step verification' }).click();
    await page.getByRole('button', { name: 'Send code' }).click();
    await page.getByLabel(/^Code/).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Turn on two-step verification' }).click();
    await page.getByRole('button', { name: 'Send code' }).waitFor();
  });

  test('a page of the only trusted device knows that it shows codes itself', async () => {
    const { phone, page } = await person();
    await turnOn(page, phone);
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByText('It appears on your trusted devices').waitFor();
    await page.reload();
    await page.getByText('It appears on your trusted devices').waitFor();
  });

  test('the device in front of you is online while its line is, whatever the server has noted so far', async () => {
    const { page } = await person();
    // As for a list that is read before the line is up.
    await page.route('**/graphql', async (route) => {
      if (route.request().postDataJSON().operationName !== 'Devices') return route.continue();
      const response = await route.fetch();
      const body = (await response.text()).replaceAll('"isOnline":true', '"isOnline":false');
      return route.fulfill({ response, body });
    });
    await go(page, 'Devices');
    await page.getByRole('listitem').filter({ hasText: 'This device' }).getByText('Online now').waitFor();
  });

  test('a device is renamed, and removed with the keyboard: it is out at once, and the focus stays with the others', async () => {
    const { phone, page } = await person();
    await go(page, 'Devices');
    await page.getByRole('button', { name: 'Rename Phone' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Old phone');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Old phone' }).waitFor();

    await page.getByRole('button', { name: 'Remove Old phone' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('alertdialog', { name: 'Remove “Old phone”?' }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('status').getByText('“Old phone” was removed').waitFor();
    await page.getByRole('heading', { name: 'Old phone' }).waitFor({ state: 'detached' });
    expect(await phone.viewer()).toBeNull();
    await page.getByRole('region', { name: 'Devices' }).and(page.locator(':focus')).waitFor();
  });

  test('removing the device in front of you signs you out here, without calling that a surprise', async () => {
    const { phone, page } = await person();
    await go(page, 'Devices');
    await page.getByRole('button', { name: 'Remove Chrome on Linux' }).click();
    await page.getByText('This is the device you’re using.').waitFor();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await page.getByText('You’ve been signed out').count()).toBe(0);
    expect((await phone.viewer())?.devices).toHaveLength(1);
  });

  test('activity grows as it happens, is filtered, counted and put on the map', async () => {
    const { phone, page } = await person();
    await go(page, 'Activity');
    const list = page.getByRole('region', { name: 'Recent activity' });
    await list.getByText('Signed in on Chrome on Linux').waitFor();
    await page.getByRole('region', { name: 'Over time' }).waitFor();
    expect(await page.getByRole('region', { name: 'Places' }).count()).toBe(0);

    const stranger = phone.another('Tablet', new Visitor(phone.client.url, { 'x-forwarded-for': LONDON }));
    await stranger.signIn({ password: 'another-password-of-99-orbits' });
    const entry = list.getByRole('listitem').filter({ hasText: 'Wrong password on an unknown device' });
    await entry.getByText('Blocked').waitFor();
    await entry.getByText('London, United Kingdom').waitFor();
    // The first country of all is no news.
    expect(await entry.getByText('New country').count()).toBe(0);

    await list.getByRole('radio', { name: 'Changes' }).click();
    await list.getByText('No changes yet.').waitFor();
    await list.getByRole('radio', { name: 'Blocked' }).click();
    await entry.waitFor();
    expect(await list.getByRole('listitem').count()).toBe(1);

    const chart = page.getByRole('region', { name: 'Over time' });
    await chart.getByText('1 blocked', { exact: true }).waitFor();
    await chart.getByText('View as a table').click();
    expect(await chart.getByRole('row').nth(1).getByRole('cell').allTextContents()).toEqual(['2', '1']);

    await page.getByRole('button', { name: 'Show the map' }).click();
    await page.getByRole('img', { name: 'World map with 1 place' }).waitFor();
    await page.getByRole('region', { name: 'Places' }).getByRole('listitem').getByText('London').waitFor();
  });

  test('a country is new where there was another one before', async () => {
    const phone = await site.servers.signedUp();
    const from = (address: string) => new Visitor(phone.client.url, { 'x-forwarded-for': address });
    await phone.another('Tablet', from(LONDON)).signIn();
    await phone.another('Television', from(LINKÖPING)).signIn();
    const page = await site.browser.open(site.servers.client().url);
    await enterPassword(page, phone.owner);
    await signedIn(page);
    await go(page, 'Activity');
    const list = page.getByRole('region', { name: 'Recent activity' });
    await list.getByRole('listitem').filter({ hasText: 'Television' }).getByText('New country').waitFor();
    const first = list.getByRole('listitem').filter({ hasText: 'Tablet' });
    await first.getByText('New device').waitFor();
    expect(await first.getByText('New country').count()).toBe(0);
  });

  test('a sign-in is one entry, which opens to its steps', async () => {
    const { phone, page } = await person();
    await turnOn(page, phone);
    await page.getByRole('button', { name: 'Done' }).click();
    const laptop = phone.another('Laptop');
    await laptop.signIn({ password: 'another-password-of-99-orbits' });
    const challenge = await laptop.challenged();
    await laptop.verify(challenge, '000000');
    await laptop.verify(challenge, await promptedCode(page));
    await go(page, 'Activity');
    const entry = page
      .getByRole('region', { name: 'Recent activity' })
      .getByRole('listitem')
      .filter({ hasText: 'Signed in on Laptop' });
    await entry.getByText('1 failed attempt').waitFor();
    await entry.getByText('New device').waitFor();
    expect(await entry.getByText('Code requested').isVisible()).toBe(false);
    await entry.getByText('Signed in on Laptop').click();
    expect(await entry.getByRole('listitem').locator('span').allTextContents()).toEqual([
      'Code requested',
      'Wrong code',
      'Signed in',
      'Became a trusted device',
    ]);
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('“This was not me” takes the device off the account, and leads on to the password', async () => {
    const { phone, page } = await person();
    await phone.another('Laptop').signIn();
    await go(page, 'Activity');
    const list = page.getByRole('region', { name: 'Recent activity' });
    const own = list.getByRole('listitem').filter({ hasText: 'Signed in on Chrome on Linux' });
    expect(await own.getByRole('button').count()).toBe(0);
    await list.getByRole('button', { name: 'This was not me: Signed in on Laptop' }).click();
    const asked = page.getByRole('alertdialog', { name: 'Secure your account' });
    await asked.getByText('Remove “Laptop”.').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await asked.getByRole('button', { name: 'Remove device and continue' }).click();
    await page.getByRole('heading', { level: 1, name: 'Password' }).waitFor();
    await page.getByRole('status').getByText('“Laptop” was removed').waitFor();
    expect((await phone.viewer())?.devices.map(({ name }) => name)).not.toContain('Laptop');
  });

  test('a device says since when it is on the account', async () => {
    const { page } = await person();
    await go(page, 'Devices');
    const today = new Intl.DateTimeFormat('en', { dateStyle: 'long' }).format(new Date());
    await page.getByRole('listitem').filter({ hasText: 'This device' }).getByText(`First signed in ${today}`).waitFor();
  });

  test('older activity is shown when it is asked for, up to the oldest', async () => {
    const phone = await site.servers.signedUp();
    // More than a page of them.
    await site.servers.database.query(
      `with numbered as (update account set activity_count = activity_count + 24 where email = $1 returning id, activity_count)
       insert into activity (account_id, number, type, device_id, device_name, platform, ip_address, is_new_device, is_new_location)
       select n.id, n.activity_count - 24 + nth, case nth % 2 when 1 then 'SIGNED_OUT' else 'SIGNED_IN' end,
         a.device_id, a.device_name, a.platform, a.ip_address, false, false
       from numbered n join activity a on a.account_id = n.id and a.number = 1, generate_series(1, 24) nth`,
      [phone.owner.email],
    );
    const page = await site.browser.open(site.servers.client().url);
    await enterPassword(page, phone.owner);
    await signedIn(page);
    await go(page, 'Activity');
    const list = page.getByRole('region', { name: 'Recent activity' });
    await list.getByText('Signed in on Chrome on Linux').waitFor();
    expect(await list.getByText('Account created on Phone').count()).toBe(0);
    await list.getByRole('button', { name: 'Show more' }).click();
    await list.getByText('Account created on Phone').waitFor();
    await list.getByText('You’ve reached the end.').waitFor();
    // Opening the account signed in too: that is one entry.
    expect(await list.getByRole('listitem').count()).toBe((await allActivityOf(phone)).length - 1);
  });

  test('one session is ended from the list of them: it is out at once, and the focus stays with the others', async () => {
    const { phone, page } = await person();
    await go(page, 'Devices');
    const list = page.getByRole('list', { name: 'Signed in now' });
    const own = list.getByRole('listitem').filter({ hasText: 'This session' });
    await own.getByText('Chrome on Linux').waitFor();
    const phones = list.getByRole('listitem').filter({ hasText: 'Phone' });
    await phones.getByText('Last used').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await phones.getByRole('button', { name: 'Sign out Phone' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('status').getByText('“Phone” is signed out.').waitFor();
    await phones.waitFor({ state: 'detached' });
    await list.and(page.locator(':focus')).waitFor();
    expect(await phone.viewer()).toBeNull();
    // Its device is still on the account.
    await page.getByRole('heading', { name: 'Phone' }).waitFor();
  });

  test('ending the session in front of you signs you out here, without calling that a surprise', async () => {
    const { phone, page } = await person();
    await go(page, 'Devices');
    await page.getByRole('button', { name: 'Sign out Chrome on Linux' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await page.getByText('You were signed out').count()).toBe(0);
    expect(await phone.viewer()).not.toBeNull();
  });

  test('every other session is ended from the page of the devices, and this one goes on', async () => {
    const { phone, page } = await person();
    await go(page, 'Devices');
    await page.getByRole('button', { name: 'Sign out other devices' }).click();
    const asked = page.getByRole('alertdialog', { name: 'Sign out everywhere else?' });
    await asked.getByRole('button', { name: 'Sign out other devices' }).click();
    await page.getByRole('status').getByText('1 other session was signed out.').waitFor();
    await asked.waitFor({ state: 'detached' });
    expect(await phone.viewer()).toBeNull();
    await go(page, 'Password');
  });

  test('the password is changed once it is strong enough, and the page goes on under the new one', async () => {
    const { phone, page } = await person();
    await go(page, 'Password');
    await page.evaluate(`{
      globalThis.saidOfTheLine = '';
      const line = document.querySelector('header [role=status]');
      new MutationObserver(() => { globalThis.saidOfTheLine += line.textContent; })
        .observe(line, { childList: true, characterData: true, subtree: true });
    }`);
    await page.getByLabel('Current password').fill(PASSWORD);
    const newPassword = page.getByLabel('New password', { exact: true });
    await newPassword.fill('password1234');
    await page.keyboard.press('Enter');
    await page.getByText('Choose a stronger password.').waitFor();
    await newPassword.fill('violet-harbour-17-magnet');
    const reopened = page.waitForEvent('websocket');
    await page.keyboard.press('Enter');
    await page.getByRole('status').getByText('Your password has been changed.').waitFor();
    await page.locator(':focus').getByText('1 other session was signed out.').waitFor();
    expect(await phone.viewer()).toBeNull();

    // The line is opened anew, under the new token, and nobody has to know.
    await reopened;
    expect(await page.evaluate('globalThis.saidOfTheLine')).toBe('');
    const laptop = phone.another('Laptop');
    await laptop.signIn({ password: 'violet-harbour-17-magnet' });
    await go(page, 'Activity');
    await page.getByText('Password changed on Chrome on Linux').waitFor();
    await page.getByText('Signed in on Laptop').waitFor();
  });

  test('a report is copied where the browser has no clipboard for pages, as over plain http', async () => {
    const { page } = await person();
    await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })");
    await go(page, 'Help');
    await page.getByRole('button', { name: 'Create report' }).click();
    const report = await page.getByRole('region', { name: 'Support report' }).textContent();
    await page.getByRole('button', { name: 'Copy report' }).click();
    await page.getByRole('status').getByText('Copied').waitFor();
    await page.getByRole('button', { name: 'Copied' }).and(page.locator(':focus')).waitFor();
    await go(page, 'Password');
    await page.getByLabel('New password', { exact: true }).focus();
    await page.keyboard.press('Control+v');
    expect(await page.getByLabel('New password', { exact: true }).inputValue()).toBe(
      report?.trimEnd().replaceAll('\n', ' '),
    );
  });

  test.each([
    ['an iPad, which calls itself a Mac', 5, 'Safari on iPadOS', 'IOS'],
    ['a Mac', 0, 'Safari on macOS', 'MACOS'],
  ])('the device is %s', async (_name, touches, name, platform) => {
    const { owner } = await site.servers.signedUp();
    const device = await site.browser.device({
      ...screens.laptop,
      userAgent:
        'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Safari/605.1.15',
    });
    await device.addInitScript(`{
      Object.defineProperty(navigator, 'maxTouchPoints', { value: ${touches} });
      Object.defineProperty(navigator, 'userAgentData', { value: undefined });
    }`);
    const page = await device.newPage();
    await page.goto(site.servers.client().url);
    const sent = page.waitForRequest((request) => request.postDataJSON()?.operationName === 'SignIn');
    await enterPassword(page, owner);
    expect((await sent).postDataJSON().variables.input.device).toMatchObject({ name, platform });
  });

  describe.each(['light', 'dark'] as const)('in its %s colours,', (colorScheme) => {
    describe.each(Object.entries(screens))('on a %s,', (_name, screen) => {
      let page: Page;
      beforeAll(async () => {
        const { phone, ...opened } = await person({ ...screen, colorScheme });
        page = opened.page;
        await turnOn(page, phone);
        await page.getByRole('button', { name: 'Done' }).click();
        await page.getByRole('dialog').waitFor({ state: 'detached' });
      });

      test.each([
        ['Overview', 'Manage your account'],
        ['Devices', 'Other devices'],
        ['Activity', 'Over time'],
        ['Password', 'Change your password'],
        ['Help', 'Didn’t get a code?'],
      ])('axe-core finds nothing on the page %s', async (name, part) => {
        await page.getByRole('navigation').getByRole('link', { name }).click();
        await page.getByRole('region', { name: part }).waitFor();
        expect(await accessibilityFaults(page)).toEqual([]);
      });
    });
  });
});
