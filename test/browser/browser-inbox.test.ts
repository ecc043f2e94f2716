import { describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { accessibilityFaults, type Browser, describeInBrowser, screens } from '../support/browser.js';

describeInBrowser('the inbox, in a browser,', {}, (site) => {
  const open = (options?: Parameters<Browser['open']>[1]) =>
    site.browser.open(`${site.servers.client().url}/inbox`, options);
  const mailIn = (page: Page, subject: RegExp) => page.getByRole('link', { name: subject }).first();

  test('shows a mail the moment it is sent, with its code to copy, and gives the browser no reason to warn', async () => {
    const page = await open();
    const warnings: string[] = [];
    page.on('console', (message) => warnings.push(message.text()));
    await page.getByText('Live', { exact: true }).waitFor();
    const phone = site.servers.stranger();
    await phone.signUp();
    await mailIn(page, new RegExp(`Doorstep sign-up code.*${phone.owner.email}`)).click();
    const code = await site.servers.mailbox.code(phone.owner.email);
    await page.getByRole('article').getByText(code, { exact: true }).waitFor();
    const html = page.frameLocator('iframe');
    await html.getByText(code).first().waitFor();
    await page.getByRole('tab', { name: 'Text' }).click();
    await page.getByRole('tabpanel', { name: 'Text' }).getByText(code).waitFor();
    await page.getByRole('tab', { name: 'Source' }).click();
    await page.getByRole('tabpanel', { name: 'Source' }).getByText('Message-ID:').waitFor();
    expect(warnings).toEqual([]);
  });

  test('is used with the keyboard alone', async () => {
    const page = await open();
    await site.servers.signedUp();
    await page.getByText('Live', { exact: true }).waitFor();
    await mailIn(page, /sign-up/).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: 'HTML' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('tab', { name: 'Text', selected: true }).waitFor();
  });

  describe.each(['light', 'dark'] as const)('in its %s colours', (colorScheme) => {
    test.each(Object.entries(screens))('has nothing that axe-core finds, on a %s', async (_name, screen) => {
      const page = await open({ ...screen, colorScheme });
      await site.servers.signedUp();
      await mailIn(page, /sign-up/).waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
      await mailIn(page, /sign-up/).click();
      await page.getByRole('article').waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
    });
  });
});
