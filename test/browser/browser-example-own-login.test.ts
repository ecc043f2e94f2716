import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { Backend } from '../support/backend.js';
import { accessibilityFaults, describeInBrowser, screens } from '../support/browser.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { PASSWORD } from '../support/handset.js';
import { freePort } from '../support/store.js';
import { commandsIn, Terminal } from '../support/terminal.js';
import { until } from '../support/waiting.js';

// examples/your-own-login as its README has it, on two hosts of one domain as in production: a shop with users and passwords of
// its own. Its server asks Doorstep through a proxy, so that Doorstep can be away for it.

const folder = 'examples/your-own-login';
const commands = commandsIn(`${folder}/README.md`);
let shopUrl: string;

const withShop = async () => {
  shopUrl = `http://shop.localhost:${await freePort()}`;
  return { env: { ALLOWED_ORIGINS: shopUrl } };
};

describeInBrowser('the shop with users of its own', withShop, (site) => {
  let terminal: Terminal;
  let proxy: FaultProxy;
  let shop: Backend;
  let data: string;
  /** What browsers have sent to the shop. */
  const sent: Promise<string>[] = [];
  beforeAll(async () => {
    await Terminal.run(commands.get('build') ?? 'false', folder).end();
    const { url } = site.servers.client();
    [proxy, shop] = await Promise.all([FaultProxy.start(url), Backend.add(site.servers)]);
    data = mkdtempSync(path.join(tmpdir(), 'doorstep-shop-'));
    terminal = Terminal.run(commands.get('shop') ?? 'false', folder, {
      ...{ DOORSTEP_URL: proxy.url, DOORSTEP_PUBLIC_URL: `http://login.shop.localhost:${new URL(url).port}` },
      ...{ DOORSTEP_KEY: shop.key, SHOP_URL: shopUrl, USERS_FILE: path.join(data, 'users.json') },
    });
    await terminal.says(`The shop is at ${shopUrl}`);
  });
  afterAll(async () => {
    await terminal[Symbol.asyncDispose]();
    proxy[Symbol.dispose]();
    rmSync(data, { recursive: true, force: true });
  });

  /** A browser of somebody's; what it sends to the shop is noted. */
  async function browser(screen: keyof typeof screens): Promise<Page> {
    const context = await site.browser.device(screens[screen]);
    context.on('request', (request) => {
      if (!request.url().startsWith(shopUrl)) return;
      sent.push(request.allHeaders().then((headers) => JSON.stringify([request.url(), headers, request.postData()])));
    });
    const page = await context.newPage();
    await page.goto(shopUrl);
    return page;
  }

  async function signUp(page: Page): Promise<string> {
    await page.getByRole('link', { name: 'New here?' }).click();
    return openAccount(page);
  }

  async function openAccount(page: Page): Promise<string> {
    const email = `${randomUUID()}@example.com`;
    await page.getByLabel('E-mail address').fill(email);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Open an account' }).click();
    await page.getByText(email).waitFor();
    return email;
  }

  async function signIn(page: Page, email: string): Promise<void> {
    await page.getByLabel('E-mail address').fill(email);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }

  async function typeCode(page: Page, code: string): Promise<void> {
    await page.getByLabel('Code', { exact: true }).fill(code);
    await page.getByRole('button', { name: 'Continue' }).click();
  }

  /** A phone whose owner has turned two-step verification on, and which shows codes from now on. */
  async function trustedPhone(): Promise<{ email: string; phone: Page }> {
    const phone = await browser('phone');
    const email = await signUp(phone);
    await phone.getByRole('link', { name: 'Account' }).click();
    await phone.getByLabel('Your password').fill(PASSWORD);
    await phone.getByRole('button', { name: 'Turn it on' }).click();
    await typeCode(phone, await site.servers.mailbox.code(email));
    await phone.getByText('On: a new device needs a code.').waitFor();
    await phone.goto(`${shopUrl}/codes`);
    await phone.getByText('appear here').waitFor();
    return { email, phone };
  }

  const digits = (phone: Page) => phone.locator('.digits');
  const shownCode = async (phone: Page) => ((await digits(phone).textContent()) ?? '').replace(/\D/g, '');
  const who = (page: Page) => page.locator('#who');

  /** A laptop that was let in by a code of the phone's. */
  async function trustedLaptop(phone: Page, email: string): Promise<Page> {
    const laptop = await browser('laptop');
    await signIn(laptop, email);
    await laptop.locator('#sent', { hasText: 'your trusted devices' }).waitFor();
    await typeCode(laptop, await shownCode(phone));
    await who(laptop).getByText(email).waitFor();
    return laptop;
  }

  const idOf = (email: string): string => {
    const users: Record<string, { email: string }> = JSON.parse(readFileSync(path.join(data, 'users.json'), 'utf8'));
    return Object.entries(users).find(([, user]) => user.email === email)?.[0] ?? '';
  };

  async function devicesOf(email: string): Promise<string[]> {
    const { devices } = await shop.ask<{ devices: { id: string }[] }>(
      'query ($id: ID!) { result: person(externalId: $id) { devices { id } } }',
      { id: idOf(email) },
    );
    return devices.map(({ id }) => id);
  }

  /** Gives a code up, which takes it off the phone. */
  async function leave(laptop: Page): Promise<void> {
    await laptop.getByRole('link', { name: 'Leave it' }).click();
    await laptop.getByRole('heading', { name: 'Sign in' }).waitFor();
    await digits(phone).waitFor({ state: 'detached' });
  }

  let email: string;
  let phone: Page;

  describe('with a phone that shows codes', () => {
    beforeAll(async () => {
      ({ email, phone } = await trustedPhone());
    });

    test('asks a new device for the code that the phone shows, and a trusted one for none', async () => {
      const laptop = await browser('laptop');
      await signIn(laptop, email);
      await laptop.locator('#sent', { hasText: 'your trusted devices' }).waitFor();
      expect(await accessibilityFaults(laptop)).toEqual([]);
      const code = await shownCode(phone);
      expect(code).toMatch(/^\d{6}$/);
      expect(await accessibilityFaults(phone)).toEqual([]);
      await typeCode(laptop, code === '000000' ? '000001' : '000000');
      await laptop.getByRole('alert').getByText(/./).waitFor();
      await typeCode(laptop, code);
      await who(laptop).getByText(email).waitFor();
      await digits(phone).waitFor({ state: 'detached' });
      await laptop.getByRole('button', { name: 'Sign out' }).click();
      await signIn(laptop, email);
      await who(laptop).getByText(email).waitFor();
      // What the shop was sent holds no token of Doorstep's. (A code is typed into its page, and goes to Doorstep.)
      const requests = await Promise.all(sent);
      expect(requests.filter((request) => /(ses|dev|chl)_[\w-]{43}|doorstep-/.test(request))).toEqual([]);
      expect(requests.filter((request) => request.includes(code))).toEqual([]);
    });

    test('is left at once by a device that is removed, also where no request is made', async () => {
      const before = await devicesOf(email);
      const laptop = await trustedLaptop(phone, email);
      const removed = (await devicesOf(email)).find((id) => !before.includes(id));
      await shop.ask('mutation ($id: ID!) { result: removeDevice(deviceId: $id) { sessionsEnded } }', { id: removed });
      await laptop.getByRole('heading', { name: 'Sign in' }).waitFor();
      await signIn(laptop, email);
      await laptop.getByLabel('Code', { exact: true }).waitFor();
      await leave(laptop);
    });

    test('sends the code by mail to whoever asks, and ends what the phone refuses', async () => {
      const laptop = await browser('laptop');
      await signIn(laptop, email);
      await laptop.getByRole('button', { name: 'Send it by e-mail' }).click();
      await typeCode(laptop, await site.servers.mailbox.code(email));
      await who(laptop).getByText(email).waitFor();
      const tablet = await browser('phone');
      await signIn(tablet, email);
      await phone.getByRole('button', { name: 'This is not me' }).click();
      await tablet.getByText('It was refused on another device.').waitFor();
    });

    test('takes no receipt but that of its own verification', async () => {
      // Of another sign-in, which is through with it and has not brought it yet.
      const receipt = await receiptOf(await browser('laptop'));
      const laptop = await browser('laptop');
      await signIn(laptop, email);
      await laptop.locator('#sent', { hasText: 'your trusted devices' }).waitFor();
      for (const brought of [`rcp_${'A'.repeat(43)}`, receipt]) {
        const post = { method: 'POST', headers: { 'content-type': 'application/json' } };
        const options = JSON.stringify({ ...post, body: JSON.stringify({ receipt: brought }) });
        const status = `fetch('/second-step', ${options}).then(({ status }) => status)`;
        expect(await laptop.evaluate<number>(status)).toBe(400);
      }
      await leave(laptop);
    });

    /** What the browser of a sign-in was about to bring. */
    async function receiptOf(laptop: Page): Promise<string> {
      let receipt = '';
      await signIn(laptop, email);
      await laptop.locator('#sent', { hasText: 'your trusted devices' }).waitFor();
      await laptop.route(`${shopUrl}/second-step`, (route) => {
        receipt = (route.request().postDataJSON() as { receipt: string }).receipt;
        return route.abort();
      });
      await typeCode(laptop, await shownCode(phone));
      await until(() => receipt, 'a receipt');
      return receipt;
    }

    test('shows nothing of theirs to whoever has the browser next', async () => {
      const laptop = await trustedLaptop(phone, email);
      expect(await atDoorstep(laptop)).toEqual({ email });
      // They did not even sign out.
      await laptop.goto(`${shopUrl}/sign-up`);
      const next = await openAccount(laptop);
      expect(await atDoorstep(laptop)).toBeNull();
      for (const page of ['codes', 'prove-address']) {
        await laptop.goto(`${shopUrl}/${page}`);
        await laptop.getByText('Please turn on two-step verification').waitFor();
      }
      await laptop.goto(shopUrl);
      await who(laptop).getByText(next).waitFor();
      await signOut(laptop);
      await signIn(laptop, email);
      await who(laptop).getByText(email).waitFor();
      await signOut(laptop);
      expect(await atDoorstep(laptop)).toBeNull();
    });

    async function signOut(laptop: Page): Promise<void> {
      await laptop.getByRole('button', { name: 'Sign out' }).click();
      await laptop.getByRole('heading', { name: 'Sign in' }).waitFor();
    }

    /** Whom a script of the shop's pages speaks to Doorstep as. */
    const atDoorstep = (page: Page) =>
      page.evaluate<{ email: string } | null>(`import('/doorstep.js').then(({ ask }) => ask('{ viewer { email } }'))`);

    test('lets nobody in without the second step because Doorstep is away', async () => {
      const other = await browser('laptop');
      const without = await signUp(other);
      const laptop = await browser('laptop');
      proxy.refuse();
      proxy.cut();
      try {
        await signIn(laptop, email);
        await laptop.getByText('This does not work right now.').waitFor();
        await laptop.goto(shopUrl);
        await laptop.getByRole('heading', { name: 'Sign in' }).waitFor();
        await signIn(laptop, without);
        await who(laptop).getByText(without).waitFor();
      } finally {
        await proxy.heal();
      }
    });
  });

  describe('an address', () => {
    beforeAll(async () => {
      ({ email, phone } = await trustedPhone());
    });

    test('changes an address by a code that stands for that alone', async () => {
      const laptop = await trustedLaptop(phone, email);
      const next = `${randomUUID()}@example.com`;
      await laptop.getByRole('link', { name: 'Account' }).click();
      await laptop.getByLabel('New e-mail address').fill(next);
      await laptop.getByRole('button', { name: 'Change the address' }).click();
      await phone.getByText(`New address: ${next}`).waitFor();
      const code = await shownCode(phone);
      expect(code).toMatch(/^\d{8}$/);
      await typeCode(laptop, code);
      await laptop.locator('#email').getByText(next).waitFor();
      expect(idOf(next)).not.toBe('');
      // At Doorstep it is another matter: whoever holds the shop's key could have asked.
      await laptop.getByText(`Codes are mailed to ${email}`).waitFor();
      await laptop.getByRole('link', { name: 'the new one is proven' }).click();
      await typeCode(laptop, await site.servers.mailbox.code(next));
      await laptop.getByRole('heading', { name: 'Account' }).waitFor();
    });
  });

  describe('a password', () => {
    beforeAll(async () => {
      ({ email, phone } = await trustedPhone());
    });

    test('throws out who is signed in elsewhere when the password is changed, and takes a code to be turned off', async () => {
      const laptop = await trustedLaptop(phone, email);
      await laptop.getByRole('link', { name: 'Account' }).click();
      await laptop.getByLabel('Password now').fill(PASSWORD);
      const next = `${PASSWORD}-again`;
      await laptop.getByLabel('New password').fill(next);
      await laptop.getByRole('button', { name: 'Change the password' }).click();
      await phone.getByText('Sign in with two-step verification').waitFor();
      await laptop.getByLabel('Your password').fill(next);
      await laptop.getByRole('button', { name: 'Turn it off' }).click();
      // No other device can show it any more.
      await typeCode(laptop, await site.servers.mailbox.code(email));
      await laptop.getByText('Off: the password is enough.').waitFor();
    });
  });
});
