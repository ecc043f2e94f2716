import { expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { describeInBrowser, screens } from '../support/browser.js';
import { enterPassword, promptedCode, signedIn, typeCode } from '../support/pages.js';

const MINUTE_MS = 60_000;

describeInBrowser('on a device whose clock is wrong, in a browser,', { count: 2 }, (site) => {
  /** A page whose Date is some minutes off, and runs like any other. */
  async function openWithClock(minutes: number, nth = 0): Promise<Page> {
    const device = await site.browser.device(screens.phone);
    await device.addInitScript(`{
      const Right = Date;
      const off = ${minutes * MINUTE_MS};
      globalThis.Date = class extends Right {
        constructor(...parts) {
          if (parts.length === 0) super(Right.now() + off);
          else super(...parts);
        }
        static now() { return Right.now() + off; }
      };
    }`);
    const page = await device.newPage();
    await page.goto(site.servers.client(nth).url);
    return page;
  }
  const secondsOf = (clock: string | null) => {
    const [, minutes, seconds] = /(\d+):(\d+)/.exec(clock ?? '') ?? [];
    return Number(minutes) * 60 + Number(seconds);
  };
  const expectAbout = (seconds: number, expected: number) => {
    expect(seconds).toBeLessThanOrEqual(expected);
    expect(seconds).toBeGreaterThan(expected - 30);
  };

  test.each([11, -15, 60 * 24 * 400, -60 * 24 * 400])(
    '%d minutes off, a trusted page shows each code for as long as it is good',
    async (minutes) => {
      const owner = await site.servers.trusted();
      const phone = await openWithClock(minutes);
      await enterPassword(phone, owner.owner);
      await phone.getByLabel(/^Code/).waitFor();
      await typeCode(
        phone,
        (await owner.viewer())?.loginRequests[0]?.code ?? (await site.servers.mailbox.code(owner.owner.email)),
      );
      await signedIn(phone);

      const laptop = await openWithClock(minutes, 1);
      await enterPassword(laptop, owner.owner);
      const prompt = phone.getByRole('alertdialog', { name: 'Are you trying to sign in?' });
      await prompt.waitFor();
      expectAbout(secondsOf(await prompt.locator('p', { hasText: 'Expires in' }).textContent()), 600);
      expect(await prompt.getByText(/^(now|\d+ seconds? ago)$/).count()).toBe(1);
      await typeCode(laptop, await promptedCode(phone));
      await signedIn(laptop);
    },
  );

  test.each([11, -15])(
    '%d minutes off, the code can be sent again when the server takes it, and not before',
    async (minutes) => {
      const { owner } = await site.servers.trusted();
      const page = await openWithClock(minutes);
      await enterPassword(page, owner);
      await page.getByText('Expires in').waitFor();
      expectAbout(secondsOf(await page.locator('p', { hasText: 'Expires in' }).textContent()), 600);
      await page.getByRole('button', { name: 'Email me a code instead' }).click();
      const again = page.getByRole('button', { name: /^Send again/ });
      await page.getByText('Enter the code that we’re sending to').waitFor();
      expectAbout(secondsOf(await again.textContent()), 30);
      await site.servers.database.age('challenge', '61 seconds', 'email = $1', [owner.email]);
      await page.reload();
      await page.getByRole('button', { name: 'Send again', exact: true }).click();
      await page.getByRole('button', { name: /^Send again in/ }).waitFor();
      expect(await page.getByRole('alert').count()).toBe(0);
    },
  );
});
