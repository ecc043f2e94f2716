import { expect, test } from '@jest/globals';
import { describeInBrowser } from '../support/browser.js';
import { enterPassword, promptedCode, signedIn, trustedPhone, visit } from '../support/pages.js';

const named = { PRODUCT_NAME: 'Lumen & Söhne', SUPPORT_CONTACT: 'help@lumen.example' };

describeInBrowser('a product with a name of its own, in a browser,', { env: named }, (site) => {
  test('is called by it on every page, in the title and in prompts, and by no other', async () => {
    const { owner, phone } = await trustedPhone(site);
    const laptop = await visit(site);
    await laptop.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    expect(await laptop.title()).toBe('Sign in · Lumen & Söhne');
    await laptop.getByRole('banner').getByRole('link', { name: 'Lumen & Söhne' }).waitFor();
    await enterPassword(laptop, owner.owner);
    await laptop.getByText('Open Lumen & Söhne on a trusted device to see your code.').waitFor();
    await phone.getByText('Only enter it in Lumen & Söhne on that device.').waitFor();
    await laptop.getByLabel(/^Code/).fill(await promptedCode(phone));
    await signedIn(laptop);
    for (const name of ['Overview', 'Devices', 'Activity', 'Password', 'Help']) {
      await laptop.getByRole('navigation').getByRole('link', { name }).click();
      await laptop.getByRole('navigation').getByRole('link', { name }).and(laptop.locator('[aria-current]')).waitFor();
      await laptop.getByRole('heading', { level: 1 }).waitFor();
      expect(await laptop.locator('body').innerText()).not.toContain('Doorstep');
    }
    await laptop.getByRole('heading', { level: 1, name: 'Help' }).waitFor();
    expect(await laptop.title()).toBe('Help · Lumen & Söhne');
  });

  test('says in Help whom to ask', async () => {
    const { phone } = await trustedPhone(site);
    await phone.getByRole('navigation').getByRole('link', { name: 'Help' }).click();
    const contact = phone.getByRole('link', { name: 'help@lumen.example' });
    expect(await contact.getAttribute('href')).toBe('mailto:help@lumen.example');
  });
});
